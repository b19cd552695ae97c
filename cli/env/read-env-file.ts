import { constants } from "node:fs";
import { lstat, open, readlink } from "node:fs/promises";
import { dirname } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { quoteForShell } from "../errors/quote-for-shell.js";
import { explainFileError } from "./file-errors.js";

/** A .env as it lies there. */
export interface EnvFileOnDisk {
  readonly path: string;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Where it points to, if it is a symbolic link. */
  readonly linkTarget?: string;
}

const largestBytes = 1024 * 1024;

/**
 * Reads a .env or .env.example; undefined where there is none. Throws a MybrokerError for what is there and is not a
 * readable text file: a folder, a device, a dangling link, no permission (exit 2 for a wrong file, 3 for the
 * machine).
 */
export async function readTextFile(path: string): Promise<EnvFileOnDisk | undefined> {
  const fail = (error: unknown) => explainFileError(error, `Cannot read ${path}`, dirname(path));
  const link = await lstat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fail(error);
  });
  if (link === undefined) return undefined;
  const linkTarget = link.isSymbolicLink() ? await readlink(path) : undefined;
  // Without O_NONBLOCK a FIFO named .env would hold the program for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENXIO") throw wrongFile(path, "is not a regular file");
    if (linkTarget !== undefined && code === "ENOENT") {
      throw wrongFile(path, `is a symbolic link to ${linkTarget}, which does not exist`);
    }
    throw fail(error);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw wrongFile(path, stat.isDirectory() ? "is a folder" : "is not a regular file");
    if (stat.size > largestBytes)
      throw wrongFile(path, `has ${stat.size} bytes, more than any .env file needs`);
    const bytes = await file.readFile();
    return {
      path,
      text: decodeText(path, bytes),
      mode: stat.mode & 0o7777,
      uid: stat.uid,
      gid: stat.gid,
      ...(linkTarget === undefined ? {} : { linkTarget }),
    };
  } catch (error) {
    throw fail(error);
  } finally {
    await file.close();
  }
}

function decodeText(path: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below: both are the same mistake to the user.
  }
  throw wrongFile(path, "is not a text file in UTF-8");
}

function wrongFile(path: string, what: string): MybrokerError {
  return new MybrokerError({
    code: "env.wrong-file",
    message: `${path} ${what}.`,
    hint: `Move it away, then  {mybroker} init  makes a new one:  mv ${quoteForShell(path)} ${quoteForShell(`${path}.old`)}`,
    exitCode: exitCodes.usage,
  });
}
