import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

const machineFaults: Readonly<
  Record<string, { code: string; what: string; hint: (folder: string) => string }>
> = {
  EACCES: {
    code: "env.permission",
    what: "permission denied",
    hint: (folder) => `Give yourself the right to it:  ls -la ${folder}`,
  },
  EPERM: {
    code: "env.permission",
    what: "operation not permitted",
    hint: (folder) => `Give yourself the right to it:  ls -la ${folder}`,
  },
  EROFS: {
    code: "env.read-only",
    what: "the file system is read-only",
    hint: (folder) => `Work on a copy that can be written, or remount:  findmnt -T ${folder}`,
  },
  ENOSPC: {
    code: "env.disk-full",
    what: "the disk is full",
    hint: (folder) => `Make room, then again:  df -h ${folder}`,
  },
  EDQUOT: {
    code: "env.disk-full",
    what: "your disk quota is used up",
    hint: (folder) => `Make room:  df -h ${folder}`,
  },
};

/**
 * The user's error for a failed file operation: `action` is "cannot write /x/.env". Errors that nobody foresaw
 * come back unchanged and end as our bug.
 */
export function explainFileError(error: unknown, action: string, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOTDIR" || code === "ENOENT") {
    return new MybrokerError({
      code: "env.no-folder",
      message: `${action}: ${folder} is not a folder.`,
      hint: "Name an existing folder:  {mybroker} init FOLDER",
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
  const fault = code === undefined ? undefined : machineFaults[code];
  if (fault === undefined) return error;
  return new MybrokerError({
    code: fault.code,
    message: `${action}: ${fault.what}.`,
    hint: fault.hint(folder),
    exitCode: exitCodes.machine,
    cause: error,
  });
}
