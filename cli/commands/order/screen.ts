import type { OrderBody } from "../../../contracts/rest.js";
import { moneyText } from "../../brokerage/money-text.js";
import type { Session } from "../../brokerage/session.js";
import { isFinal } from "../../brokerage/watch-order.js";
import { formatTable } from "../../output/table.js";

/** What it is: "BUY 100 PETR4 at the market, R$ 40.43 at most" and its id. */
export function renderOrder(order: OrderBody): string[] {
  const { side, quantity, ticker, type, price, orderId, timeInForce } = order;
  const bound = side === "BUY" ? "at most" : "at least";
  const how =
    type === "MARKET"
      ? `at the market, ${bound} ${moneyText(price)}`
      : `limit ${moneyText(price)}, ${timeInForce}`;
  return [`${side} ${quantity} ${ticker} ${how}`, `order ${orderId}`];
}

/** "2026-11-22T12:04:31.134Z  FILLED  100 at R$ 38.47  after 16 ms" */
export function describeChange(order: OrderBody): string {
  const { updatedAt, createdAt, status, cumQuantity, averagePrice, reason, cancelRequested } = order;
  const took = Date.parse(updatedAt) - Date.parse(createdAt);
  return [
    updatedAt,
    status.padEnd(8),
    ...(cumQuantity > 0 ? [`${cumQuantity} at ${moneyText(averagePrice)}`] : []),
    ...(reason === null ? [] : [reason]),
    ...(cancelRequested && !isFinal(order) ? ["cancel asked for"] : []),
    ...(took > 0 && took < 60_000 ? [`after ${took} ms`] : []),
  ]
    .join("  ")
    .trimEnd();
}

/** What to type next, by what the order may still do. */
export function nextAfter(order: OrderBody, { suffix }: Pick<Session, "suffix">): string {
  const { orderId, leavesQuantity, timeInForce } = order;
  if (isFinal(order)) return `Next:  {mybroker} wallet show${suffix}      {mybroker} order list${suffix}`;
  // Only a DAY order stands in the book; the others are final at once.
  if (timeInForce !== "DAY") return `On its way.  Next:  {mybroker} order show ${orderId} --watch${suffix}`;
  return `Rests: ${leavesQuantity} to go.  Next:  {mybroker} order cancel ${orderId}${suffix}`;
}

/** Newest first. */
export function renderOrders(
  orders: readonly OrderBody[],
  { more, suffix }: { readonly more: boolean; readonly suffix: string },
): string[] {
  if (orders.length === 0)
    return ["No orders yet.", `Next:  {mybroker} order buy PETR4 100 --watch${suffix}`];
  const rows = orders.map((order) => [
    order.orderId,
    order.side,
    String(order.quantity),
    order.ticker,
    moneyText(order.averagePrice ?? order.price),
    // In full it would leave the 80 columns.
    order.status === "PARTIALLY_FILLED" ? "PARTIAL" : order.status,
  ]);
  return [
    ...formatTable([["ORDER", "SIDE", "QTY", "TICKER", "PRICE", "STATUS"], ...rows]),
    ...(more ? ["… and older ones"] : []),
    "",
    `Next:  {mybroker} order show ${orders[0]?.orderId}${suffix}`,
  ];
}
