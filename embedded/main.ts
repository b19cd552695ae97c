import { closeSync, writeSync } from "node:fs";
import type { RuntimeSettings, StartReport } from "../contracts/embedded-control.js";
import { readSettings } from "./host/read-settings.js";
import { type Runtime, runRuntime } from "./host/run-runtime.js";
import { describeProblem, StartError } from "./host/start-error.js";

const exitCodes = { done: 0, machine: 3, bug: 70 } as const;
/** Where the one who started it reads the report. */
const reportDescriptor = 3;

// It outlives the terminal that it was started from.
process.on("SIGHUP", () => {});

try {
  await run(await readSettings(process.stdin));
} catch (thrown) {
  report({ problems: thrown instanceof StartError ? thrown.problems : [describeProblem(thrown, null)] });
  process.exit(exitCodes.machine);
}

async function run(settings: RuntimeSettings): Promise<void> {
  const runtime = await runRuntime(settings, import.meta.dirname);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (thrown: unknown) => failHard(runtime, thrown));
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => void runtime.stop(signal));
  }
  if (settings.foreground) {
    process.stdin.once("close", () => void runtime.stop("the command that ran it ended"));
    process.stdin.resume();
  } else {
    process.stdin.destroy();
  }
  report({ ready: runtime.status() });
  await runtime.ended;
  process.exit(exitCodes.done);
}

/** What nobody foresaw: the files are such that the next start repairs what is half done. */
function failHard(runtime: Runtime, thrown: unknown): void {
  runtime.write("runtime", "error", (thrown instanceof Error && thrown.stack) || String(thrown));
  process.exit(exitCodes.bug);
}

function report(message: StartReport): void {
  try {
    writeSync(reportDescriptor, `${JSON.stringify(message)}\n`);
    closeSync(reportDescriptor);
  } catch {
    // Whoever started it is gone, and it goes on.
  }
}
