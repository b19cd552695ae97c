import { write } from "node:fs";
import { Writable } from "node:stream";

const retryMs = 10;

/**
 * A way to a terminal on which this process goes on while that is stopped (Ctrl-S) or slow: Node writes to terminals
 * synchronously, and who does not read its connections meanwhile loses messages that nobody counts. A write is done
 * when the terminal has it, so that notes on stderr keep their place. Anything else than a terminal is returned as it
 * is.
 */
export function unblockTerminal(stdout: Writable): Writable {
  const { isTTY, fd } = stdout as { readonly isTTY?: boolean; readonly fd?: number };
  if (isTTY !== true || fd === undefined) return stdout;
  const terminal = new Writable({
    // Each write waits to be done.
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => writeAll(fd, chunk, done),
  });
  return terminal.on("error", (error) => stdout.destroy(error));
}

function writeAll(fd: number, bytes: Uint8Array, done: (error: Error | null) => void): void {
  write(fd, bytes, (error, count) => {
    // Another program may have made the terminal answer at once.
    if (error?.code === "EAGAIN") setTimeout(() => writeAll(fd, bytes, done), retryMs);
    else if (error !== null || count === bytes.length) done(error);
    else writeAll(fd, bytes.subarray(count), done);
  });
}
