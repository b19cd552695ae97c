import { join, relative, sep } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { quoteForShell } from "../errors/quote-for-shell.js";
import type { MountProblem } from "./mounted-files.js";

interface Place {
  /** Of the project; absolute. */
  readonly workingDir: string;
  /** What printed paths start from. */
  readonly cwd: string;
}

const mostLines = 12;

/** The refusal (exit 3) that names each path, and the command that opens them. */
export function mountProblemError(problems: readonly MountProblem[], place: Place): MybrokerError {
  const missing = problems.filter(({ problem }) => problem === "missing");
  // What is not there has to come back first; its permissions are then seen by the next run.
  const told = missing.length > 0 ? missing : problems;
  const lines = told.map(({ service, path, mode }) => {
    const shown = relative(place.cwd, path) || ".";
    return `${service}  ${shown}${mode === undefined ? "" : `  (mode ${mode})`}`;
  });
  const more = lines.length - mostLines;
  const texts = missing.length > 0 ? missingTexts : unreadableTexts(told, place);
  return new MybrokerError({
    ...texts,
    lines: [...lines.slice(0, mostLines), ...(more > 0 ? [`and ${more} more`] : [])],
    exitCode: exitCodes.machine,
    details: { mounts: told.map((problem) => ({ mode: null, ...problem })) },
  });
}

const missingTexts = {
  code: "mounts.missing",
  message: "What these services mount is not there; nothing was created.",
  hint: "bring it back (git checkout), or correct its path in the compose file; then  {mybroker} up",
};

function unreadableTexts(problems: readonly MountProblem[], place: Place) {
  return {
    code: "mounts.unreadable",
    message: "These services run as a user who may not read what they mount; nothing was created.",
    hint: `${openCommands(problems, place).join(" && ")}     then  {mybroker} up`,
  };
}

/** One command for all below an entry of the project's folder; that folder itself holds .env, so never -R. */
function openCommands(problems: readonly MountProblem[], { workingDir, cwd }: Place): string[] {
  const tops = problems.map(({ path }) => relative(workingDir, path).split(sep)[0] ?? "");
  const show = (top: string): string => quoteForShell(relative(cwd, join(workingDir, top)) || ".");
  const below = [...new Set(tops)].filter((top) => top !== "").map(show);
  return [
    ...(tops.includes("") ? [`chmod go+rx ${show("")}`] : []),
    ...(below.length > 0 ? [`chmod -R go+rX ${below.join(" ")}`] : []),
  ];
}
