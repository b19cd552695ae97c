import { chmod, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { quoteForShell } from "../errors/quote-for-shell.js";
import type { Context } from "../kernel/context.js";
import { writeFileAtomically } from "./atomic-write.js";
import { explainFileError } from "./file-errors.js";
import type { EnvFileOnDisk } from "./read-env-file.js";
import { openProjectState } from "./state-folder.js";

/**
 * Refuses to replace a .env that is not plainly this user's: a write would turn a link into a file, or take the
 * file from its owner.
 */
export function refuseUnwritable(current: EnvFileOnDisk, uid: number | undefined): void {
  const shown = quoteForShell(current.path);
  if (current.linkTarget !== undefined) {
    throw new MybrokerError({
      code: "env.symbolic-link",
      message: `${current.path} is a symbolic link to ${current.linkTarget}, and nothing is written through a link.`,
      hint: `Make it a file of its own:  cp --remove-destination "$(realpath ${shown})" ${shown}`,
      exitCode: exitCodes.usage,
    });
  }
  if (uid !== undefined && uid !== 0 && current.uid !== uid) {
    throw new MybrokerError({
      code: "env.permission",
      message: `${current.path} belongs to user id ${current.uid}, you are ${uid}.`,
      hint: `Make it yours:  sudo chown ${uid} ${shown}`,
      exitCode: exitCodes.machine,
    });
  }
}

/** Puts the text in place, whole or not at all, mode 0600. EEXIST passes: a file that was not there now is. */
export async function writeEnvFile(write: {
  readonly path: string;
  readonly text: string;
  readonly current: EnvFileOnDisk | undefined;
  readonly uid: number | undefined;
}): Promise<void> {
  const folder = dirname(write.path);
  try {
    // Root works in other people's folders (sudo, dev containers): the file is for whoever owns the place.
    const owner = write.uid === 0 ? (write.current ?? (await stat(folder))) : undefined;
    await writeFileAtomically({
      path: write.path,
      text: write.text,
      existing: write.current === undefined ? "create" : "replace",
      ...(owner === undefined ? {} : { owner: { uid: owner.uid, gid: owner.gid } }),
    });
  } catch (error) {
    throw explainFileError(error, `Cannot write ${write.path}`, folder);
  }
}

/** Takes the others' rights away from a .env of ours, and says so. */
export async function tightenMode(current: EnvFileOnDisk, uid: number | undefined): Promise<string[]> {
  const open = (current.mode & 0o077) !== 0;
  if (!open || current.linkTarget !== undefined || (uid !== undefined && current.uid !== uid)) return [];
  await chmod(current.path, 0o600).catch(() => undefined);
  // Some file systems keep no modes; then there is nothing to report.
  const now = await stat(current.path);
  if ((now.mode & 0o077) !== 0) return [];
  return [
    `${current.path} could be read by others (mode 0${(current.mode & 0o777).toString(8)}); now it is 0600.`,
  ];
}

/**
 * Keeps a copy outside the clone. Where no copy can be kept that is a warning, unless `required`: a write that
 * takes values away must be one that can be undone.
 */
export async function keepBackup(
  context: Context,
  folder: string,
  text: string,
  required = false,
): Promise<{ path?: string; warnings: string[] }> {
  try {
    const state = await openProjectState(context, folder);
    return { path: await state.saveEnvBackup(text), warnings: [] };
  } catch (error) {
    if (required || !(error instanceof MybrokerError)) throw error;
    return { warnings: [`${error.message} ${error.hint ?? ""}`] };
  }
}
