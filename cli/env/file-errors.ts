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
  EFBIG: {
    code: "env.disk-full",
    what: "your limit on the size of files is too low for it",
    hint: () => "Raise it:  ulimit -f unlimited",
  },
  EDQUOT: {
    code: "env.disk-full",
    what: "your disk quota is used up",
    hint: (folder) => `Make room:  df -h ${folder}`,
  },
};

/**
 * The user's error for a failed file operation: `action` is "Cannot write /x/.env". EEXIST and what no file system
 * said come back unchanged: the one is an answer, the other our bug.
 */
export function explainFileError(error: unknown, action: string, folder: string): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof MybrokerError || code === undefined || syscall === undefined || code === "EEXIST")
    return error;
  if (code === "ENOTDIR" || code === "ENOENT") return noFolder(error, action, folder);
  const fault = machineFaults[code];
  return new MybrokerError({
    code: fault?.code ?? "env.file-system",
    message: `${action}: ${fault?.what ?? `the file system answers ${code}`}.`,
    hint: fault?.hint(folder) ?? `See what is wrong with it:  df -h ${folder}`,
    exitCode: exitCodes.machine,
    cause: error,
  });
}

/** The same for making a folder, where EEXIST says that a file has its name. */
export function explainFolderError(error: unknown, action: string, folder: string): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === "EEXIST" ? noFolder(error, action, folder) : explainFileError(error, action, folder);
}

function noFolder(cause: unknown, action: string, folder: string): MybrokerError {
  return new MybrokerError({
    code: "env.no-folder",
    message: `${action}: ${folder} is not a folder.`,
    hint: "Name an existing folder:  {mybroker} init FOLDER",
    exitCode: exitCodes.usage,
    cause,
  });
}
