import type { FastifyRequest } from "fastify";
import type { Database } from "../../../kit/sql/database.js";

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

/** Keys are kept for 24 hours per user, in the service's own database. */
export function createIdempotency<Schema extends IdempotencySchema>(database: Database<Schema>): Idempotency {
  throw new Error(`not yet ${database.dialect.kind}`);
}
