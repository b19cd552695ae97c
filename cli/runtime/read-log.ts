import { readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import type { LogEntry } from "../../contracts/embedded-control.js";
import { systemClock } from "../ready/clock.js";

/** The runtime keeps two older files beside the one that it writes to. */
const suffixes = [".2", ".1", ""];

/** Every entry of the log and of the files before it, oldest first; of a dead process too. */
export function readLog(path: string): LogEntry[] {
  return suffixes.flatMap((suffix) => {
    try {
      return readFileSync(`${path}${suffix}`, "utf8").split("\n").flatMap(parseEntry);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });
}

/** A line that a kill cut short is none. */
function parseEntry(line: string): LogEntry[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as LogEntry];
  } catch {
    return [];
  }
}

export interface LogPlace {
  readonly inode: number;
  readonly sizeBytes: number;
}

/** Where the log ends now; before it is read, so that nothing that comes meanwhile is missed. */
export function endOfLog(path: string): LogPlace {
  const facts = statSync(path, { throwIfNoEntry: false });
  return { inode: facts?.ino ?? 0, sizeBytes: facts?.size ?? 0 };
}

const lookMs = 200;

/** Entries that come after that place, through rotations, until the signal or until `goesOn` says no. */
export async function* followLog(
  path: string,
  from: LogPlace,
  { signal, goesOn }: { readonly signal: AbortSignal; readonly goesOn: () => Promise<boolean> },
): AsyncGenerator<LogEntry> {
  const splitter = new Splitter();
  let { inode, sizeBytes } = from;
  while (!signal.aborted) {
    // Asked before reading: what was written until the end is read once more.
    const last = !(await goesOn());
    const now = endOfLog(path);
    if (inode !== 0 && now.inode !== inode && now.inode !== 0) {
      // The rest of the file that has its number now.
      yield* splitter.push(await readFrom(`${path}.1`, sizeBytes));
      sizeBytes = 0;
    }
    inode = now.inode;
    const bytes = await readFrom(path, sizeBytes);
    sizeBytes += bytes.length;
    yield* splitter.push(bytes);
    if (last) return;
    await systemClock.sleep(lookMs, signal);
  }
}

async function readFrom(path: string, position: number): Promise<Buffer> {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= position) return Buffer.alloc(0);
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - position),
      0,
      size - position,
      position,
    );
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

class Splitter {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  push(bytes: Buffer): LogEntry[] {
    const lines = `${this.#rest}${this.#decoder.write(bytes)}`.split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap(parseEntry);
  }
}
