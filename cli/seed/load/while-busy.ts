import { setTimeout as pause } from "node:timers/promises";
import { isSqliteBusy } from "../../../kit/sql/sqlite-errors.js";

const patienceMs = 10_000;

/** Again as long as another process has the SQLite file: the running services write to it all the time. */
export async function whileBusy<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isSqliteBusy(error) || Date.now() > deadlineMs) throw error;
      await pause(10);
    }
  }
}
