import { stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { explainFileError } from "../../env/file-errors.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import type { Context } from "../../kernel/context.js";
import type { DoctorFacts } from "../check.js";
import type { ToldFinding } from "../examine.js";
import { spawnOwnCommand } from "../fix/run-own-command.js";
import { renderReport, type Section } from "./render-report.js";

/**
 * Where the report will be: the file that was asked for, or one of its own name in the folder that was asked for, or
 * in this one. Asked before anything is looked at, so that a typing error costs no time.
 * @throws MybrokerError report.exists, report.no-folder, exit 2
 */
export async function placeReport({ cwd, now }: Context, asked: string | undefined): Promise<string> {
  const stamp = new Date(now())
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  const given = resolve(cwd, asked ?? ".");
  const path = (await isFolder(given)) ? join(given, `mybroker-report-${stamp}.md`) : given;
  if (await isFolder(dirname(path))) {
    if ((await stat(path).catch(() => undefined)) === undefined) return path;
    throw taken(path);
  }
  throw new MybrokerError({
    code: "report.no-folder",
    message: `There is no folder ${dirname(path)} to write the report into`,
    hint: `mkdir -p ${quoteForShell(dirname(path))}`,
    exitCode: exitCodes.usage,
    details: { path },
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/**
 * Writes what somebody else needs to see, without secrets, to a path of `placeReport`.
 * @throws MybrokerError report.exists, exit 2; what the file system says, exit 3
 */
export async function saveReport(
  facts: DoctorFacts,
  findings: readonly ToldFinding[],
  path: string,
): Promise<void> {
  const text = facts.request.output.withoutSecrets(
    renderReport({ facts, findings, sections: await gatherSections(facts, findings) }),
  );
  try {
    // Secrets are masked; what a network looks like is nobody else's matter all the same.
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw taken(path);
    throw explainFileError(error, `Cannot write ${path}`, dirname(path));
  }
}

/** Whole answers of our own commands, as whoever reads the report would ask for them. */
async function gatherSections(facts: DoctorFacts, findings: readonly ToldFinding[]): Promise<Section[]> {
  const unwell = new Set(
    findings.filter(({ level }) => level === "error" || level === "unknown").map(({ subject }) => subject),
  );
  const services = Object.keys(facts.project.services).filter((name) => unwell.has(name));
  const commands = [
    ["up", "--dry-run"],
    ["ps", "-a"],
    ...services.slice(0, 12).map((name) => ["logs", "-n", "40", "--no-log-prefix", name]),
    ["config"],
  ];
  // One after the other: each is a process of its own, and the machine may be the patient.
  const sections: Section[] = [];
  for (const words of commands) {
    const { stdout, stderr } = await spawnOwnCommand(facts.request, [...words, "--color", "never"]);
    sections.push({ title: `mybroker ${words.join(" ")}`, text: [stdout, stderr].join("\n").trim() });
  }
  return sections;
}

function taken(path: string): MybrokerError {
  return new MybrokerError({
    code: "report.exists",
    message: `${path} exists already, and a report replaces nothing`,
    hint: `name another one, or  rm ${quoteForShell(path)}`,
    exitCode: exitCodes.usage,
    details: { path },
  });
}
