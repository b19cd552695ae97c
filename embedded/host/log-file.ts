import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { LogEntry } from "../../contracts/embedded-control.js";

export type Write = (service: string, level: LogEntry["level"], text: string) => void;

export interface LogFile {
  readonly write: Write;
  close(): void;
}

export interface LogSetting {
  readonly path: string;
  /** Every line goes to stdout too. */
  readonly echo: boolean;
  /** Default: as the containers' logs are limited, 10 MB each. */
  readonly fileBytes?: number;
}

/** The file that is written to and those before it: PATH.1 is newer than PATH.2. */
const olderFiles = 2;

/**
 * Appends LogEntry lines and keeps the last three files. Synchronous: the last line before a crash is the one that is
 * wanted. A full disk loses lines and stops nothing.
 */
export function openLogFile({ path, echo, fileBytes = 10_000_000 }: LogSetting): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let descriptor = openSync(path, "a", 0o600);
  let sizeBytes = fstatSync(descriptor).size;
  const rotate = (): void => {
    for (let number = olderFiles; number > 0; number -= 1) {
      renameIfThere(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
    }
    closeSync(descriptor);
    descriptor = openSync(path, "a", 0o600);
    sizeBytes = 0;
  };
  return {
    write: (service, level, text) => {
      const line = `${JSON.stringify({ time: new Date().toISOString(), service, level, text })}\n`;
      if (echo) process.stdout.write(line);
      try {
        if (sizeBytes > 0 && sizeBytes + line.length > fileBytes) rotate();
        sizeBytes += writeSync(descriptor, line);
      } catch {
        // Nowhere left to say it.
      }
    },
    close: () => closeSync(descriptor),
  };
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
