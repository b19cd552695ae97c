import { constants, existsSync } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { writeFileAtomically } from "./atomic-write.js";
import { explainFileError } from "./file-errors.js";
import { makeFolder } from "./make-folder.js";

/** The names that Compose looks for, in its order (compose-go cli/options.go). */
const composeFileNames = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const ownComposeFile = "docker-compose.yml";
/** With what the services' image is built from: the compose file has it beside itself. */
const copied = [ownComposeFile, ".env.example", "templates", join("dist", "services")];

/**
 * Puts the files of the project into a folder that has no compose file, or completes one whose compose file is
 * ours; a folder with another compose file is left as it is. Never overwrites. Returns the paths that were (in
 * a dry run: would be) made, relative to the folder.
 */
export async function copyProject(request: {
  readonly packageRoot: string;
  readonly folder: string;
  readonly dryRun: boolean;
}): Promise<string[]> {
  const { packageRoot, folder, dryRun } = request;
  try {
    if (!(await isOurs(packageRoot, folder))) return [];
    const made: string[] = [];
    for (const name of copied) {
      for (const file of await listFiles(join(packageRoot, name))) {
        const path = relative(packageRoot, file);
        const target = join(folder, path);
        if (await exists(target)) continue;
        if (!dryRun) await copyFile(file, target);
        made.push(path);
      }
    }
    return made;
  } catch (error) {
    throw explainFileError(error, `Cannot make the project in ${folder}`, folder);
  }
}

async function isOurs(packageRoot: string, folder: string): Promise<boolean> {
  for (const name of composeFileNames) {
    const text = await readFile(join(folder, name)).catch(() => undefined);
    if (text !== undefined) return text.equals(await readFile(join(packageRoot, ownComposeFile)));
  }
  return true;
}

/** A clone that was never built has nothing to build an image from, and no need of it: it is the project itself. */
async function listFiles(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  if (!(await stat(path)).isDirectory()) return [path];
  const nested = await Promise.all((await readdir(path)).sort().map((name) => listFiles(join(path, name))));
  return nested.flat();
}

async function copyFile(from: string, to: string): Promise<void> {
  const folder = join(to, "..");
  // Containers read templates as other users: the modes are stated, whatever the umask is.
  makeFolder(folder, 0o755);
  await writeFileAtomically({
    path: to,
    text: await readFile(from, "utf8"),
    mode: 0o644,
    existing: "create",
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
