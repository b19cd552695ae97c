import { setImmediate } from "node:timers/promises";
import { greetingCommand } from "./commands/greeting/definition.js";
import { commands } from "./commands/registry.js";
import { readContext } from "./kernel/read-context.js";
import { run } from "./kernel/run.js";

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** How long a command may take to end when nobody reads it any more. */
const leavingMs = 500;

/** Runs the CLI on this process; the only place that ends it. `root` is the folder of package.json. */
export async function main(root: string): Promise<void> {
  const interruption = new AbortController();
  let signalled: number | undefined;
  for (const [name, number] of Object.entries(signalNumbers)) {
    process.on(name, () => {
      // The second one ends at once: whoever repeats it does not want to wait for a safe point.
      if (signalled !== undefined) process.exit(128 + number);
      signalled = number;
      interruption.abort(new Error(name));
    });
  }
  let readerLeft = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (readerLeft) return;
      if (error.code !== "EPIPE") {
        if (stream === process.stdout) process.stderr.write(`mybroker: cannot print: ${error.message}\n`);
        process.exit(3);
      }
      // A reader that went away (| head) is a wish to stop, not a failure: what was changed for it is put back.
      readerLeft = true;
      interruption.abort(new Error("EPIPE"));
      setTimeout(() => process.exit(0), leavingMs);
    });
  }
  const exitCode = await run({
    argv: process.argv.slice(2),
    context: readContext(root, interruption.signal),
    commands,
    greeting: greetingCommand,
    streams: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
  });
  if (readerLeft) process.exit(0);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // What was wrong with the last write is told a turn later.
  await setImmediate();
  process.exit(signalled === undefined ? exitCode : 128 + signalled);
}

/** process.exit drops what a pipe has not taken yet. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => stream.write("", () => resolve()));
}
