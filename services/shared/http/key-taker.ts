import type { Kysely } from "kysely";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
import { shareWork } from "../share-work.js";
import type { IdempotencySchema, IdempotencyTable } from "./idempotency.js";

/** In one statement. */
const limit = 100;

/**
 * Inserts rows unless their keys are there, and says of each whether it did. A commit for each would be the greater
 * part of what a busy service writes; one whose key is taken undoes all of the statement.
 */
export function createKeyTaker(db: Kysely<IdempotencySchema>, dialect: SqlDialect) {
  const insert = (rows: readonly IdempotencyTable[]) => db.insertInto("idempotency_keys").values(rows);
  return shareWork<IdempotencyTable, boolean>({
    limit,
    work: async (rows) => {
      if (rows.length === 1) return [{ value: await dialect.insertIgnore(insert(rows)) }];
      await insert(rows).execute();
      return rows.map(() => ({ value: true }));
    },
  }).run;
}
