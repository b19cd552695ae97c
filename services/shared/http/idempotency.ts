import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { ExpressionBuilder, Kysely } from "kysely";
import type { Database } from "../../../kit/sql/database.js";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
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
  close(): void;
}

const keepMs = 24 * 3_600_000;
const cleanEveryMs = 3_600_000;
/** No request lives so long: an attempt that began before that has crashed. */
const runningMs = 30_000;

/** Keys are kept for 24 hours per user, in the service's own database. */
export function createIdempotency<Schema extends IdempotencySchema>(database: Database<Schema>): Idempotency {
  const db = database.db as unknown as Kysely<IdempotencySchema>;
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
      const begun = await begin(db, database.dialect, { ...options, key });
      return "answer" in begun ? replay(begun.answer) : attempt(db, { ...options, key }, begun);
    },
    close: () => clearInterval(timer),
  };
}

type Db = Kysely<IdempotencySchema>;
type Keyed = OnceOptions & { readonly key: string };
type Begun =
  | { readonly answer: Answer }
  | { readonly reference: string; readonly startedMs: number; readonly repeated: boolean };

function isKey({ userId, key }: Keyed) {
  return (row: ExpressionBuilder<IdempotencySchema, "idempotency_keys">) =>
    row.and({ user_id: userId, idempotency_key: key });
}

/** Takes the key, or finds what became of the attempt that has it. */
async function begin(db: Db, dialect: SqlDialect, options: Keyed): Promise<Begun> {
  const { userId, key, reference, request } = options;
  const now = Date.now();
  const hash = hashRequest(request);
  const inserted = await dialect.insertIgnore(
    db.insertInto("idempotency_keys").values({
      user_id: userId,
      idempotency_key: key,
      request_hash: hash,
      reference,
      started_ms: now,
      created_ms: now,
      status: null,
      body: null,
    }),
  );
  if (inserted) return { reference, startedMs: now, repeated: false };
  const known = await db.selectFrom("idempotency_keys").selectAll().where(isKey(options)).executeTakeFirst();
  if (known === undefined) throw running;
  const createdMs = Number(known.created_ms);
  if (now - createdMs > keepMs) {
    await db
      .deleteFrom("idempotency_keys")
      .where(isKey(options))
      .where("created_ms", "=", createdMs)
      .execute();
    return begin(db, dialect, options);
  }
  if (known.request_hash !== hash) {
    throw refuse("IDEMPOTENCY_MISMATCH", "This key was sent with another request.", "idempotency-key");
  }
  if (known.status !== null)
    return { answer: { status: known.status, body: JSON.parse(known.body ?? "null") } };
  const startedMs = Number(known.started_ms);
  if (now - startedMs < runningMs) throw running;
  // Of those who find it left behind one goes on.
  const { numUpdatedRows } = await db
    .updateTable("idempotency_keys")
    .set({ started_ms: now })
    .where(isKey(options))
    .where("started_ms", "=", startedMs)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw running;
  return { reference: known.reference, startedMs: now, repeated: true };
}

async function attempt(
  db: Db,
  options: Keyed,
  { reference, startedMs, repeated }: Extract<Begun, { reference: string }>,
): Promise<Answer> {
  const finish = (set: { status: number; body: string } | { started_ms: number }) =>
    db
      .updateTable("idempotency_keys")
      .set(set)
      .where(isKey(options))
      .where("started_ms", "=", startedMs)
      .execute();
  try {
    const recovered = repeated ? await options.recover(reference) : undefined;
    const answer = recovered ?? (await options.work(reference));
    await finish({ status: answer.status, body: JSON.stringify(answer.body) });
    return answer;
  } catch (error) {
    const problem = asProblem(error);
    if (problem === undefined) {
      // Nobody knows what was done: left to recover(), at once. Should this fail too it takes 30 s.
      await finish({ started_ms: 0 }).catch(() => {});
    } else if (problem.status >= 500) {
      await db
        .deleteFrom("idempotency_keys")
        .where(isKey(options))
        .where("started_ms", "=", startedMs)
        .execute();
    } else {
      await finish({ status: problem.status, body: JSON.stringify({ [problemMark]: problem.options }) });
    }
    throw error;
  }
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
