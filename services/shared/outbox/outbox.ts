import type { Generated, Transaction } from "kysely";
import { nextTraceparent } from "../trace.js";

/**
 * Table of what is still to be published. In the first migration of a service:
 *
 * MySQL:
 *   create table outbox (
 *     id bigint not null auto_increment primary key,
 *     channel varchar(10) not null,
 *     destination varchar(100) not null,
 *     record_key varchar(64) not null,
 *     message_id varchar(64) not null,
 *     payload text not null,
 *     traceparent varchar(60),
 *     created_at bigint not null
 *   ) character set utf8mb4 collate utf8mb4_bin;
 *   create index outbox_by_channel on outbox (channel, id);
 *
 * Postgres: the same with `id bigint generated always as identity primary key` and no character set.
 * SQLite: the same with `id integer primary key`, `text` for varchar and `integer` for bigint.
 */
export interface OutboxTable {
  id: Generated<number>;
  channel: OutboxRow["channel"];
  destination: string;
  record_key: string;
  message_id: string;
  /** JSON. */
  payload: string;
  traceparent: string | null;
  /** ms since 1970. */
  created_at: number;
}

export interface OutboxSchema {
  outbox: OutboxTable;
}

export interface OutboxRow {
  readonly channel: "kafka" | "rabbitmq";
  /** A topic, or a routing key of exchange.broker.orders. */
  readonly destination: string;
  /**
   * What shares channel, destination and key is published in the order of insertion: lock the row it stands for first.
   */
  readonly key: string;
  readonly messageId: string;
  readonly payload: object;
  /** Default: that of the request or message at hand. */
  readonly traceparent?: string;
}

/** Part of the caller's transaction; wake the relay after its commit. */
export async function addToOutbox<Schema extends OutboxSchema>(
  transaction: Transaction<Schema>,
  rows: readonly OutboxRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const createdAt = Date.now();
  await (transaction as unknown as Transaction<OutboxSchema>)
    .insertInto("outbox")
    .values(
      rows.map(({ channel, destination, key, messageId, payload, traceparent }) => ({
        channel,
        destination,
        record_key: key,
        message_id: messageId,
        payload: JSON.stringify(payload),
        traceparent: traceparent ?? nextTraceparent(),
        created_at: createdAt,
      })),
    )
    .execute();
}
