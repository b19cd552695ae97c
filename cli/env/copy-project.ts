import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { writeFileAtomically } from "./atomic-write.js";
import { explainFileError } from "./file-errors.js";
import { digestOf, markFile, readMark } from "./file-mark.js";
import { makeFolder } from "./make-folder.js";
import {
  type FoundFile,
  type KeptFile,
  type ProjectFilesPlan,
  planProjectFiles,
} from "./plan-project-files.js";
import { type ProjectManifest, readManifest, refuseDowngrade, writeManifest } from "./project-manifest.js";

/** The names that Compose looks for, in its order (compose-go cli/options.go). */
const composeFileNames = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const ownComposeFile = "docker-compose.yml";
/** With what the services' image is built from, which the compose file has beside itself, and what editors check it by. */
const shippedNames = [
  ...[ownComposeFile, ".env.example", "templates", join("dist", "services")],
  ...["compose.schema.json", "x-mybroker.schema.json"].map((name) => join("contracts", name)),
];

/** npm packs no .gitignore; a project whose other files belong into git must not take its secrets there. */
const ignoreName = ".gitignore";
const ignoreText = ".env\n.env.*\n!.env.example\n";

interface ProjectCopy {
  readonly packageRoot: string;
  readonly folder: string;
  readonly version: string;
  readonly dryRun: boolean;
}

/** Paths relative to the folder, with slashes; in a dry run of what would be done. */
export interface CopiedProject {
  readonly made: readonly string[];
  readonly refreshed: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly KeptFile[];
}

/**
 * Puts the files of the project into a folder that has no compose file, or completes and refreshes one whose compose
 * file is ours. A folder with another compose file is left as it is, and so is a clone of mybroker itself, whose files
 * are the source. Never overwrites what somebody changed.
 * @throws MybrokerError project.newer (exit 2); what explainFileError makes of a failed read or write
 */
export async function copyProject(copy: ProjectCopy): Promise<CopiedProject> {
  const { packageRoot, folder, version, dryRun } = copy;
  const nothing = { made: [], refreshed: [], removed: [], kept: [] };
  try {
    if (isClone(folder)) return nothing;
    const shipped = await readShipped(packageRoot);
    const manifest = await readManifest(folder);
    const ownsIgnore =
      manifest?.files[ignoreName] !== undefined || manifest?.pending?.[ignoreName] !== undefined;
    if (ownsIgnore || !existsSync(join(folder, ignoreName))) shipped.set(ignoreName, ignoreText);
    const compose = findComposeFile(folder);
    if (!isOurs(compose, manifest, shipped)) return nothing;
    const written = manifest?.version ?? readMark(compose?.text ?? "");
    if (written !== undefined) refuseDowngrade(folder, written, version);
    const plan = planProjectFiles(shipped, manifest, (path) => lookAt(folder, path));
    if (!dryRun) await carryOut(copy, { plan, shipped, manifest });
    return { made: plan.make, refreshed: plan.refresh, removed: plan.remove, kept: plan.keep };
  } catch (error) {
    throw explainFileError(error, `Cannot make the project in ${folder}`, folder);
  }
}

function isClone(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name === "mybroker";
  } catch {
    return false;
  }
}

/** The file that Compose would take; one that cannot be read is not ours, and whoever loads it says why. */
function findComposeFile(folder: string): { name: string; text: string } | undefined {
  const name = composeFileNames.find((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) return undefined;
  try {
    return { name, text: readFileSync(join(folder, name), "utf8") };
  } catch {
    return { name, text: "" };
  }
}

function isOurs(
  compose: { name: string; text: string } | undefined,
  manifest: ProjectManifest | undefined,
  shipped: ReadonlyMap<string, string>,
): boolean {
  if (compose === undefined) return true;
  if (compose.name !== ownComposeFile) return false;
  const same = digestOf(compose.text) === digestOf(shipped.get(ownComposeFile) ?? "");
  return same || manifest?.files[ownComposeFile] !== undefined || readMark(compose.text) !== undefined;
}

async function readShipped(packageRoot: string): Promise<Map<string, string>> {
  const paths = (await Promise.all(shippedNames.map((name) => listFiles(join(packageRoot, name))))).flat();
  const read = paths.map(async (path) => {
    const name = relative(packageRoot, path).split(sep).join("/");
    return [name, await readFile(path, "utf8")] as const;
  });
  return new Map(await Promise.all(read));
}

/** A clone that was never built has nothing to build an image from. */
async function listFiles(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  if (!(await stat(path)).isDirectory()) return [path];
  const nested = await Promise.all((await readdir(path)).sort().map((name) => listFiles(join(path, name))));
  return nested.flat();
}

function lookAt(folder: string, path: string): FoundFile {
  const target = join(folder, path);
  if (isBelowLink(folder, dirname(target))) return { kind: "foreign" };
  const facts = lstatSync(target, { throwIfNoEntry: false });
  if (facts === undefined) return { kind: "absent" };
  return facts.isFile() ? { kind: "file", text: readFileSync(target, "utf8") } : { kind: "foreign" };
}

/** A folder of the project that is a link leads out of it, or to another of its files. */
function isBelowLink(folder: string, parent: string): boolean {
  if (relative(folder, parent) === "") return false;
  if (!existsSync(parent)) {
    return lstatSync(parent, { throwIfNoEntry: false }) !== undefined || isBelowLink(folder, dirname(parent));
  }
  return realpathSync(parent) !== join(realpathSync(folder), relative(folder, parent));
}

interface Work {
  readonly plan: ProjectFilesPlan;
  readonly shipped: ReadonlyMap<string, string>;
  readonly manifest: ProjectManifest | undefined;
}

/**
 * What is going to be written is noted first, beside what was there: a run that is killed leaves files of both, and
 * neither is taken for somebody's change.
 */
async function carryOut({ folder, version }: ProjectCopy, { plan, shipped, manifest }: Work): Promise<void> {
  const paths = [...plan.make, ...plan.refresh];
  const changes = paths.length + plan.remove.length > 0;
  if (changes) {
    const pending = { ...manifest?.pending, ...plan.files };
    await writeManifest(folder, { version, files: { ...manifest?.files }, pending });
  }
  for (const path of paths) {
    const target = join(folder, path);
    // Containers read templates as other users: the modes are stated, whatever the umask is.
    makeFolder(dirname(target), 0o755);
    const text = markFile(path, shipped.get(path) ?? "", version);
    const existing = plan.make.includes(path) ? "create" : "replace";
    await writeFileAtomically({ path: target, text, mode: 0o644, existing });
  }
  for (const path of plan.remove) await rm(join(folder, path), { force: true });
  const noted = JSON.stringify(manifest?.files) === JSON.stringify(plan.files) && !hasPending(manifest);
  if (!noted || manifest?.version !== version) await writeManifest(folder, { version, files: plan.files });
}

function hasPending(manifest: ProjectManifest | undefined): boolean {
  return Object.keys(manifest?.pending ?? {}).length > 0;
}
