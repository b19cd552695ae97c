import { readFile, stat } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

/** How messages name a file: relative to where the command was typed, unless that climbs out of it. */
export function showPath(file: string, cwd: string): string {
  const shown = relative(cwd, file);
  return shown === "" || shown.startsWith("..") || isAbsolute(shown) ? file : shown;
}

/** Text of a file of the user's. `code` is the area of its errors: "compose" or "env" (exit 2). */
export async function loadText(
  file: string,
  at: { cwd: string; code: string; wanted: string },
): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "";
    const missing = reason === "ENOENT" || reason === "ENOTDIR";
    const what = { EACCES: "you may not read it", EPERM: "you may not read it", EISDIR: "it is a folder" }[
      reason
    ];
    throw new MybrokerError({
      code: `${at.code}.${missing ? "missing-file" : "unreadable-file"}`,
      message: missing
        ? `${at.wanted} ${showPath(file, at.cwd)} does not exist`
        : `cannot read the ${at.wanted} ${showPath(file, at.cwd)}: ${what ?? reason}`,
      ...(what === "you may not read it" ? { hint: `See who may read it:  ls -l ${file}` } : {}),
      exitCode: exitCodes.usage,
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
