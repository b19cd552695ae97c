import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { ExpressionBuilder, Kysely } from "kysely";
import type { Database } from "../../../kit/sql/database.js";
import { type AnswerWriter, createAnswerWriter } from "./answer-writer.js";
import { createKeyTaker } from "./key-taker.js";
import { asProblem, Problem, type ProblemOptions, refuse } from "./problem.js";

/**
 * Columns of the table idempotency_keys. Its DDL, for the service's own migrations:
 *
 * MySQL:
 * create table idempotency_keys (
 *   user_id varchar(64) not null, idempotency_key varchar(200) not null, request_hash char(64) not null,
 *   reference varchar(64) not null, started_ms bigint not null, created_ms bigint not null,
 *   status smallint null, body mediumtext null,
 *   primary key (user_id, idempotency_key), key by_age (created_ms)
 * ) engine=InnoDB default character set utf8mb4 collate utf8mb4_bin;
 *
 * SQLite:
 * create table idempotency_keys (
 *   user_id text not null, idempotency_key text not null, request_hash text not null, reference text not null,
 *   started_ms integer not null, created_ms integer not null, status integer null, body text null,
 *   primary key (user_id, idempotency_key)
 * ) without rowid;
 * create index idempotency_keys_by_age on idempotency_keys (created_ms);
 */
export interface IdempotencyTable {
  readonly user_id: string;
  readonly idempotency_key: string;
  readonly request_hash: string;
  readonly reference: string;
  /** Unix time in ms; of the attempt that runs or ran last. */
  readonly started_ms: number;
  readonly created_ms: number;
  /** null while it runs. */
  readonly status: number | null;
  readonly body: string | null;
}
export interface IdempotencySchema {
  readonly idempotency_keys: IdempotencyTable;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface OnceOptions {
  /** Its Idempotency-Key (1-200 visible ASCII characters, else 422) and body; without a key `work` simply runs. */
  readonly request: FastifyRequest;
  readonly userId: string;
  /** Id of what will be made; a repeat gets that of the first attempt. */
  readonly reference: string;
  /** Does it. A Problem below 500 that it throws is stored as the answer; one from 500 frees the key for a new try. */
  work(reference: string): Promise<Answer>;
  /**
   * Called when an attempt before this one ended nobody knows how (a crash, an error that is no Problem): what it made
   * under this reference, as the answer to give; undefined where nothing was made, so that `work` runs again.
   */
  recover(reference: string): Promise<Answer | undefined>;
}

export interface Idempotency {
  /** @throws Problem 422 IDEMPOTENCY_MISMATCH, 409 IDEMPOTENCY_RUNNING, and what `work` throws */
  answerOnce(options: OnceOptions): Promise<Answer>;
  /** Stores the answers that are not stored yet. */
  close(): Promise<void>;
}

const keepMs = 24 * 3_600_000;
const cleanEveryMs = 3_600_000;
/** No request lives so long: an attempt that began before that has crashed. */
const runningMs = 30_000;

/** Keys are kept for 24 hours per user, in the service's own database. */
export function createIdempotency<Schema extends IdempotencySchema>(database: Database<Schema>): Idempotency {
  const db = database.db as unknown as Kysely<IdempotencySchema>;
  const writer = createAnswerWriter(db, database.dialect);
  const keys: Keys = { db, take: createKeyTaker(db, database.dialect), writer };
  const clean = () =>
    db
      .deleteFrom("idempotency_keys")
      .where("created_ms", "<", Date.now() - keepMs)
      .execute()
      // The next one finds them.
      .catch(() => {});
  const timer = setInterval(clean, cleanEveryMs).unref();
  return {
    answerOnce: async (options) => {
      const key = options.request.headers["idempotency-key"];
      if (key === undefined) return options.work(options.reference);
      if (typeof key !== "string" || !/^[\x21-\x7e]{1,200}$/.test(key)) {
        throw refuse("INVALID_FIELD", "Idempotency-Key is 1 to 200 visible characters.", "idempotency-key");
      }
      const begun = await begin(keys, { ...options, key });
      return "row" in begun ? attempt(keys, options, begun) : replay(begun.answer);
    },
    close: () => {
      clearInterval(timer);
      return writer.close();
    },
  };
}

interface Keys {
  readonly db: Kysely<IdempotencySchema>;
  /** Says whether the row's key was free. */
  readonly take: (row: IdempotencyTable) => Promise<boolean>;
  readonly writer: AnswerWriter;
}
type Begun = { readonly answer: Answer } | { readonly row: IdempotencyTable; readonly isRepeat: boolean };

/** Takes the key, or finds what became of the attempt that has it. */
async function begin(keys: Keys, options: OnceOptions & { readonly key: string }): Promise<Begun> {
  const { db, take, writer } = keys;
  const { userId, key, reference, request } = options;
  const now = Date.now();
  const row: IdempotencyTable = {
    user_id: userId,
    idempotency_key: key,
    request_hash: hashRequest(request),
    reference,
    started_ms: now,
    created_ms: now,
    status: null,
    body: null,
  };
  if (await take(row)) return { row, isRepeat: false };
  const stored = await db.selectFrom("idempotency_keys").selectAll().where(isKey(row)).executeTakeFirst();
  const known = writer.find(row) ?? stored;
  if (known === undefined) throw running;
  const startedMs = Number(known.started_ms);
  if (now - Number(known.created_ms) > keepMs) {
    await deleteAttempt(db, { ...row, started_ms: startedMs });
    return begin(keys, options);
  }
  if (known.request_hash !== row.request_hash) {
    throw refuse("IDEMPOTENCY_MISMATCH", "This key was sent with another request.", "idempotency-key");
  }
  if (known.status !== null) {
    return { answer: { status: known.status, body: JSON.parse(known.body ?? "null") } };
  }
  if (now - startedMs < runningMs) throw running;
  // Of those who find it left behind one goes on.
  const { numUpdatedRows } = await updateStart(db, { ...row, started_ms: startedMs }, now);
  if (numUpdatedRows === 0n) throw running;
  return { row: { ...known, started_ms: now }, isRepeat: true };
}

async function attempt(
  { db, writer }: Keys,
  { work, recover }: OnceOptions,
  { row, isRepeat }: Extract<Begun, { row: unknown }>,
): Promise<Answer> {
  const { reference } = row;
  try {
    const answer = (isRepeat ? await recover(reference) : undefined) ?? (await work(reference));
    writer.write({ ...row, status: answer.status, body: JSON.stringify(answer.body) });
    return answer;
  } catch (error) {
    const problem = asProblem(error);
    // Not foreseen: nobody knows what was done, which is left to recover(), at once; should this fail too, in 30 s.
    if (problem === undefined) await updateStart(db, row, 0).catch(() => {});
    else if (problem.status >= 500) await deleteAttempt(db, row);
    else {
      const body = JSON.stringify({ [problemMark]: problem.options });
      writer.write({ ...row, status: problem.status, body });
    }
    throw error;
  }
}

type Row = ExpressionBuilder<IdempotencySchema, "idempotency_keys">;

function isKey({ user_id, idempotency_key }: IdempotencyTable) {
  return (row: Row) => row.and({ user_id, idempotency_key });
}

function isAttempt({ user_id, idempotency_key, started_ms }: IdempotencyTable) {
  return (row: Row) => row.and({ user_id, idempotency_key, started_ms });
}

function updateStart(db: Keys["db"], row: IdempotencyTable, startedMs: number) {
  const query = db.updateTable("idempotency_keys").set({ started_ms: startedMs });
  return query.where(isAttempt(row)).executeTakeFirstOrThrow();
}

async function deleteAttempt(db: Keys["db"], row: IdempotencyTable): Promise<void> {
  await db.deleteFrom("idempotency_keys").where(isAttempt(row)).execute();
}

const problemMark = "~problem";

/** A stored refusal is thrown again, so that it carries the id of the request that asks. */
function replay(answer: Answer): Answer {
  const options = (answer.body as { [problemMark]?: ProblemOptions } | null)?.[problemMark];
  if (options !== undefined) throw new Problem(options);
  return answer;
}

const running = new Problem({
  status: 409,
  code: "IDEMPOTENCY_RUNNING",
  title: "The first request with this key is still running.",
  field: "idempotency-key",
  retryAfterSeconds: 1,
});

function hashRequest({ method, url, body }: FastifyRequest): string {
  return createHash("sha256")
    .update(JSON.stringify([method, url, body]))
    .digest("hex");
}
