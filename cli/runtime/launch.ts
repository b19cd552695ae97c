import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { RuntimeSettings, RuntimeStatus, StartReport } from "../../contracts/embedded-control.js";
import { makeFolder } from "../env/make-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Context } from "../kernel/context.js";
import { makeSocketFolder, type Place } from "./place.js";
import { explainPlaceError, explainProblems } from "./problem-text.js";

/** A process of the runtime, from its spawn on. */
export interface Launch {
  /** What it is to run: written to its stdin. */
  begin(settings: RuntimeSettings): void;
  /** @throws MybrokerError, exit 3: why it cannot start; embedded.crashed (70) where it ended without a word */
  readonly ready: Promise<RuntimeStatus>;
  /** Its log as it is written; only in the foreground. */
  readonly output: Readable | undefined;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  /** Ends it where its start is given up. */
  kill(): void;
}

/**
 * MiB of V8's young generation, which is its default. A quarter of it is enough for the brokers alone; what nine
 * services allocate fills that so often that collecting it was a seventh of all work under load.
 */
const youngGenerationMib = 16;

/**
 * Bytes from which glibc gives memory back as soon as it is freed. Left alone it raises this to the largest block that
 * was freed: the 16 MiB that each check of a password takes then stay in the process, once for each of its threads.
 */
const returnedFromBytes = 4 * 1024 * 1024;

/** Starts the process, which waits for its settings, so that it loads its code while they are being made. */
export function launch(place: Place, context: Context, foreground: boolean): Launch {
  let crashLog: number;
  try {
    makeSocketFolder(place, context.uid);
    makeFolder(dirname(place.crashPath), 0o700);
    crashLog = openSync(place.crashPath, "w", 0o600);
  } catch (error) {
    throw explainPlaceError(error, place);
  }
  const flag = `--max-semi-space-size=${youngGenerationMib}`;
  const child = spawn(process.execPath, [flag, join(context.packageRoot, "dist", "embedded.js")], {
    cwd: place.folder,
    // Nothing of the user's environment is meant for it; a debugger's flags least of all.
    env: {
      HOME: context.homeDir,
      MALLOC_MMAP_THRESHOLD_: String(returnedFromBytes),
      ...(context.env.TZ === undefined ? {} : { TZ: context.env.TZ }),
    },
    detached: !foreground,
    stdio: ["pipe", foreground ? "pipe" : "ignore", crashLog, "pipe"],
  });
  closeSync(crashLog);
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(exitCodes.bug));
    child.once("exit", (code) => resolve(code ?? exitCodes.bug));
  });
  // Its end closes the descriptor, so that a crash is noticed at once.
  const ready = readReport(child.stdio[3] as Readable).then((message) => {
    if (message === undefined) throw explainCrash(place);
    if (message.ready === undefined) throw explainProblems(message.problems, place);
    return message.ready;
  });
  ready.catch(() => {});
  // An early end is told by `ended`.
  child.stdin?.on("error", () => {});
  if (!foreground) child.unref();
  return {
    begin: (settings) => {
      const line = `${JSON.stringify(settings)}\n`;
      if (foreground) child.stdin?.write(line);
      else child.stdin?.end(line);
    },
    ready,
    output: child.stdout ?? undefined,
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
}

async function readReport(stream: Readable): Promise<StartReport | undefined> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) text += chunk;
  const [line = ""] = text.split("\n");
  return line === "" ? undefined : (JSON.parse(line) as StartReport);
}

function explainCrash(place: Place): MybrokerError {
  const text = readFileSync(place.crashPath, "utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => /Error|error/.test(line)) ?? lines[0] ?? "without a word";
  return new MybrokerError({
    code: "embedded.crashed",
    message: `The embedded runtime ended before it was ready: ${reason.trim()}`,
    hint: `report what it wrote:  cat ${place.crashPath}`,
    exitCode: exitCodes.bug,
    cause: new Error(text),
  });
}
