import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, relative } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

/** How messages name a file: relative to where the command was typed, unless that climbs out of it. */
export function showPath(file: string, cwd: string): string {
  const shown = relative(cwd, file);
  return shown === "" || shown.startsWith("..") || isAbsolute(shown) ? file : shown;
}

/** Text of a file of the user's. `code` is the area of its errors: "compose" or "env" (exit 2; 3 for a permission). */
export async function loadText(
  file: string,
  at: { cwd: string; code: string; wanted: string },
): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "";
    const missing = reason === "ENOENT" || reason === "ENOTDIR";
    const forbidden = reason === "EACCES" || reason === "EPERM";
    const what = forbidden ? "you may not read it" : reason === "EISDIR" ? "it is a folder" : reason;
    throw new MybrokerError({
      code: `${at.code}.${missing ? "missing-file" : "unreadable-file"}`,
      message: missing
        ? `${at.wanted} ${showPath(file, at.cwd)} does not exist`
        : `cannot read the ${at.wanted} ${showPath(file, at.cwd)}: ${what}`,
      hint: forbidden ? `See who may read it:  ls -l ${file}` : `See what is there:  ls ${dirname(file)}`,
      exitCode: forbidden ? exitCodes.machine : exitCodes.usage,
      details: { file, reason },
      cause: error,
    });
  }
}

export async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
