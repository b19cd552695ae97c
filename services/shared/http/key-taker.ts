import { setImmediate } from "node:timers/promises";
import type { Kysely } from "kysely";
import { isOutage } from "../../../kit/outage.js";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
import type { IdempotencySchema, IdempotencyTable } from "./idempotency.js";

interface Job {
  readonly row: IdempotencyTable;
  readonly resolve: (isTaken: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const limit = 100;

/**
 * Inserts rows unless their keys are there, and says of each whether it did. Who asks while others are inserted shares
 * the next statement: a commit for each would be the greater part of what a busy service writes.
 */
export function createKeyTaker(db: Kysely<IdempotencySchema>, dialect: SqlDialect) {
  const insert = (rows: readonly IdempotencyTable[]) => db.insertInto("idempotency_keys").values(rows);
  const takeOne = ({ row, resolve, reject }: Job) =>
    dialect.insertIgnore(insert([row])).then(resolve, reject);
  const takeTogether = async (jobs: readonly Job[]) => {
    try {
      await insert(jobs.map(({ row }) => row)).execute();
      for (const { resolve } of jobs) resolve(true);
    } catch (error) {
      // One whose key is taken undoes all of the statement.
      if (!isOutage(error)) await Promise.all(jobs.map(takeOne));
      else for (const { reject } of jobs) reject(error);
    }
  };
  const waiting: Job[] = [];
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    while (waiting.length > 0) {
      // What comes within this turn of the event loop goes along.
      await setImmediate();
      const jobs = waiting.splice(0, limit);
      await (jobs.length === 1 ? Promise.all(jobs.map(takeOne)) : takeTogether(jobs));
    }
    isRunning = false;
  };
  return (row: IdempotencyTable): Promise<boolean> =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (!isRunning) void run();
    });
}
