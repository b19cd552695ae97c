import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Context } from "../kernel/context.js";
import type { Restoration } from "./restoration.js";

/** A process that gives the service back when this one ends without doing so, whatever ends it. */
export interface Keeper {
  /** undefined where it could not be started. */
  readonly pid: number | undefined;
  /** What is to be done from now on. */
  update(restoration: Restoration): void;
  /** Nothing is left to do. */
  dismiss(): void;
}

/** It hears of our end by the end of its stdin. */
export function startKeeper(context: Context): Keeper {
  const child = spawn(process.execPath, [join(context.packageRoot, "dist", "keeper.js")], {
    cwd: context.packageRoot,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without it everything works that does not need it.
  for (const emitter of [child, child.stdin]) emitter.on("error", () => {});
  child.unref();
  const tell = (value: Restoration | null): void => void child.stdin.write(`${JSON.stringify(value)}\n`);
  return {
    pid: child.pid,
    update: tell,
    dismiss: () => {
      tell(null);
      child.stdin.end();
    },
  };
}
