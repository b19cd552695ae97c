import type { Kysely } from "kysely";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
import type { IdempotencySchema, IdempotencyTable } from "./idempotency.js";

/**
 * Stores answers a little after they were given, many in one statement: one more transaction for every order would be
 * a tenth of what an order costs. An answer that a crash takes away is found again by recover().
 */
export interface AnswerWriter {
  write(row: IdempotencyTable): void;
  /** Of those that are not stored yet. */
  find(row: IdempotencyTable): IdempotencyTable | undefined;
  close(): Promise<void>;
}

const delayMs = 50;
const retryMs = 1_000;
const batchMost = 200;
/** Kept while the database is away; beyond it the oldest are left to recover(). */
const keptMost = 10_000;

export function createAnswerWriter(db: Kysely<IdempotencySchema>, dialect: SqlDialect): AnswerWriter {
  const unstored = new Map<string, IdempotencyTable>();
  let timer: NodeJS.Timeout | undefined;
  let storing = Promise.resolve();
  const keyOf = ({ user_id, idempotency_key }: IdempotencyTable) => `${user_id} ${idempotency_key}`;
  const plan = (waitMs: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      storing = store().then(
        () => unstored.size > 0 && plan(delayMs),
        () => plan(retryMs),
      ) as Promise<void>;
    }, waitMs).unref();
  };
  const store = async (): Promise<void> => {
    const rows = [...unstored.values()].slice(0, batchMost);
    if (rows.length === 0) return;
    const query = db.insertInto("idempotency_keys").values(rows);
    const keys = ["user_id", "idempotency_key"] as const;
    await dialect.upsert(query, keys, ["started_ms", "status", "body"]).execute();
    for (const row of rows) if (unstored.get(keyOf(row)) === row) unstored.delete(keyOf(row));
  };
  return {
    write(row) {
      const oldest = unstored.size < keptMost ? undefined : unstored.keys().next().value;
      if (oldest !== undefined) unstored.delete(oldest);
      unstored.set(keyOf(row), row);
      plan(delayMs);
    },
    find: (row) => unstored.get(keyOf(row)),
    async close() {
      await storing;
      clearTimeout(timer);
      // What cannot be stored now is left to recover().
      await store().catch(() => {});
    },
  };
}
