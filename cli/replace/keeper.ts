import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Context } from "../kernel/context.js";
import type { Restoration } from "./restoration.js";

/** A process that gives the service back when this one ends without doing so, whatever ends it. */
export interface Keeper {
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
  child.stdin.on("error", () => {});
  child.unref();
  const tell = (value: Restoration | null): void => void child.stdin.write(`${JSON.stringify(value)}\n`);
  return {
    update: tell,
    dismiss: () => {
      tell(null);
      child.stdin.end();
    },
  };
}
