import type { BulkRow } from "../../../kit/sql/bulk/bulk.js";
import { isOpen, leavesOf, type Order } from "./desk.js";
import type { Pair } from "./pair.js";
import {
  accountTable,
  bookedOrderTable,
  commandTable,
  executionTable,
  orderTable,
  positionTable,
  reservationTable,
  resultTable,
  transactionTable,
} from "./tables.js";

/** What a pair of users leaves in each table, in the order of its columns. */
export const pairRows = new Map<unknown, (pair: Pair) => BulkRow[]>([
  [
    accountTable,
    ({ users }) =>
      users.map(({ userId, available, blocked, entries, updatedMs }) => [
        userId,
        available,
        blocked,
        entries.length,
        updatedMs,
      ]),
  ],
  [
    positionTable,
    ({ users }) =>
      users.flatMap(({ userId, positions }) =>
        [...positions.values()].map(({ ticker, available, blocked, totalCost }) => [
          userId,
          ticker,
          available,
          blocked,
          totalCost,
        ]),
      ),
  ],
  [reservationTable, ({ desk }) => desk.orders.map(toReservation)],
  [
    transactionTable,
    ({ users }) =>
      users.flatMap((user) =>
        user.entries.map((entry) => [
          entry.userId,
          entry.sequence,
          user.idOf(entry),
          entry.type,
          entry.amount,
          entry.ticker,
          entry.quantity,
          entry.orderId,
          entry.executionId,
          entry.balanceAfter,
          entry.blockedBalanceAfter,
          entry.atMs,
        ]),
      ),
  ],
  [orderTable, ({ desk }) => desk.orders.map(toOrderRow)],
  [
    executionTable,
    ({ desk }) =>
      desk.orders.flatMap(({ orderId, executions }) =>
        executions.map((one) => [orderId, one.executionId, one.quantity, one.price, one.recordedMs]),
      ),
  ],
  [
    commandTable,
    ({ desk }) =>
      desk.commands.map(({ sequence, kind, orderId, atMs }) => [sequence, kind, orderId, atMs, null]),
  ],
  [bookedOrderTable, ({ desk }) => desk.orders.flatMap(toBookedOrder)],
  [
    resultTable,
    ({ desk }) =>
      desk.results.map((result) => [
        result.id,
        result.orderId,
        result.orderSeq,
        result.sequence,
        result.status,
        result.reason,
        result.executionId,
        result.counterOrderId,
        result.price,
        result.quantity,
        result.executed,
        result.leaves,
        result.atMs,
      ]),
  ],
]);

/** A tombstone where nothing was held. */
function toReservation(order: Order): BulkRow {
  const { orderId, user, instrument, side, quantity, price, executed, booked } = order;
  if (booked === undefined) return [orderId, "RELEASED", null, null, null, null, null, 0, 0];
  const terms = [user.userId, instrument.ticker, side, quantity, price];
  return isOpen(order)
    ? [orderId, "HELD", ...terms, executed, 0]
    : [orderId, "RELEASED", ...terms, executed, quantity - executed];
}

function toOrderRow(order: Order): BulkRow {
  const { orderId, user, instrument, side, type, timeInForce, quantity, price, booked, executed } = order;
  const amount = order.executions.reduce((sum, execution) => sum + execution.price * execution.quantity, 0);
  const [reservation, acknowledged] = booked === undefined ? ["RELEASED", 0] : ["HELD", 1];
  return [
    orderId,
    user.userId,
    instrument.ticker,
    side,
    type,
    timeInForce,
    quantity,
    price,
    order.status,
    reservation,
    executed,
    executed,
    amount,
    order.statusSeq,
    order.version,
    acknowledged,
    0,
    order.reason,
    order.placedMs,
    order.updatedMs,
    null,
  ];
}

function toBookedOrder(order: Order): BulkRow[] {
  const { orderId, instrument, side, type, timeInForce, price, quantity, booked } = order;
  if (booked === undefined) return [];
  return [
    [
      orderId,
      booked.sequence,
      instrument.ticker,
      side,
      type,
      timeInForce,
      price,
      quantity,
      booked.sessionDate,
      order.status,
      order.executed,
      leavesOf(order),
      order.resultSeq,
    ],
  ];
}
