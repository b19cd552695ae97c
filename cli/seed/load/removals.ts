import type { SqlPart } from "../world/parts.js";

/** Users of the data set and their orders (collectOrders). */
const ours = "(select id from mybroker_seed_ids)";

/**
 * What `--reset` takes out of each database: everything of the users of the data set, also what they did since. Rows
 * that are nobody's (catalogue, prices, books) stay.
 */
export const removals: Readonly<Record<SqlPart, readonly string[]>> = {
  identity: [`delete from users where user_id in ${ours}`],
  wallet: [
    // One that is only a tombstone has no user.
    `delete from reservations where user_id in ${ours} or order_id in ${ours}`,
    ...["transactions", "positions", "accounts", "idempotency_keys"].map(
      (table) => `delete from ${table} where user_id in ${ours}`,
    ),
    `delete from outbox where record_key in ${ours}`,
  ],
  order: [
    `delete from outbox where record_key in ${ours}
      or record_key in (select order_id from orders where user_id in ${ours})`,
    `delete from executions where order_id in (select order_id from orders where user_id in ${ours})`,
    `delete from orders where user_id in ${ours}`,
    `delete from idempotency_keys where user_id in ${ours}`,
  ],
  asset: [],
  exchange: [
    // Orders of the data set are below zero in the exchange (World).
    "insert into mybroker_seed_ids select order_id from orders where sequence < 0",
    // The other side of who stays is the liquidity provider from now on: the sum over all accounts holds.
    `update results set counter_order_id = null where counter_order_id in ${ours} and order_id not in ${ours}`,
    `delete from outbox where record_key in ${ours}`,
    `delete from results where order_id in ${ours}`,
    `delete from orders where order_id in ${ours}`,
    // The last of the engine's own stays: its sequence goes on from there.
    `delete from commands where sequence < 0
      or (order_id in ${ours} and sequence < (select max(sequence) from commands))`,
  ],
};

/** Orders of its users in broker-order, a page at a time: also those that they placed since. */
export const ordersOfUsers = `select order_id from orders
  where user_id in ${ours} and order_id > ? order by order_id limit 5000`;
