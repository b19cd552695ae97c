import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { writeFileAtomically } from "./atomic-write.js";

export const manifestName = ".mybroker.json";

/** What `init` wrote in a project; lies in its folder, so that a colleague's clone has it too. */
export interface ProjectManifest {
  /** Of the newest mybroker that wrote here. */
  readonly version: string;
  /** Path, with slashes -> digest of what was written there. */
  readonly files: Readonly<Record<string, string>>;
  /** The same of a run that has not ended: either digest is ours then. */
  readonly pending?: Readonly<Record<string, string>>;
}

const about = "Written by mybroker init. It knows by these digests which files nobody has changed since.";

/** undefined where there is none, or none that can be read: then only files that say what ours say are known. */
export async function readManifest(folder: string): Promise<ProjectManifest | undefined> {
  try {
    const value = JSON.parse(await readFile(join(folder, manifestName), "utf8")) as Partial<ProjectManifest>;
    if (typeof value.version !== "string" || typeof value.files !== "object") return undefined;
    return { version: value.version, files: { ...value.files }, pending: { ...value.pending } };
  } catch {
    return undefined;
  }
}

export async function writeManifest(folder: string, manifest: ProjectManifest): Promise<void> {
  const text = `${JSON.stringify({ about, ...manifest }, undefined, 2)}\n`;
  await writeFileAtomically({ path: join(folder, manifestName), text, mode: 0o644, existing: "replace" });
}

/**
 * An older mybroker would take newer files back.
 * @throws MybrokerError project.newer, exit 2
 */
export function refuseDowngrade(folder: string, written: string, own: string): void {
  if (compareVersions(written, own) <= 0) return;
  throw new MybrokerError({
    code: "project.newer",
    message: `${folder} was written by mybroker ${written}; this is ${own}`,
    hint: `use ${written} or later; to go back on purpose, delete docker-compose.yml and ${manifestName} first`,
    exitCode: exitCodes.usage,
    details: { written, own },
  });
}

/** Order of semantic versions: negative where a is older. A pre-release comes before its release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  for (const [index, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.label === right.label) return 0;
  if (left.label === "" || right.label === "") return left.label === "" ? 1 : -1;
  return left.label.localeCompare(right.label, "en", { numeric: true });
}

function splitVersion(version: string): { numbers: number[]; label: string } {
  const [core = "", ...label] = (version.split("+")[0] ?? "").split("-");
  const numbers = core.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return { numbers: [0, 1, 2].map((index) => numbers[index] ?? 0), label: label.join("-") };
}
