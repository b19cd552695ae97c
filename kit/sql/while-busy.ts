import { setTimeout as pause } from "node:timers/promises";
import { isSqliteBusy } from "./sqlite-errors.js";

/** `mybroker seed` keeps a file for a second or two; whoever asked has an answer before its own patience ends. */
export const patienceMs = 4_000;
export const lookEveryMs = 20;

/**
 * Does it again as long as another process has the SQLite file, for 4 s unless told.
 * @throws the error of SQLite where that takes longer, and any other at once
 */
export async function whileBusy<Result>(
  work: () => Result | Promise<Result>,
  forMs = patienceMs,
): Promise<Result> {
  const deadlineMs = Date.now() + forMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isSqliteBusy(error) || Date.now() > deadlineMs) throw error;
      await pause(lookEveryMs);
    }
  }
}
