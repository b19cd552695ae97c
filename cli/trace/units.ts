import { toBroker } from "../../contracts/topology.js";
import { type Facts, knownOr, type MessageFacts, moneyOf, numberOf, textOf } from "./facts.js";

/** Something that the exchange told of an order: an execution, or a status. */
export interface Unit {
  /** The execution's id, else the status; "?" for an execution of which only the quantity is known. */
  readonly key: string;
  readonly status: string;
  readonly executes: boolean;
  orderSeq?: number;
  quantity?: number;
  price?: number;
  reason?: string;
}

const fills = ["PARTIALLY_FILLED", "FILLED"];
export const finals: readonly string[] = ["FILLED", "REJECTED", "CANCELLED", "EXPIRED"];

/**
 * All that the exchange told, by whatever store or message knows of it, in its order. What no one knows of but has to
 * be, by the order's own row, is among them.
 */
export function findUnits(facts: Facts): Unit[] {
  const units = new Map<string, Unit>();
  const add = (unit: Unit): void => {
    const known = units.get(unit.key);
    // The first source that has a field is believed; the exchange's own comes first.
    units.set(unit.key, known === undefined ? unit : { ...unit, ...known });
  };
  for (const { executionId, executedPrice, executedQuantity, reason, ...row } of knownOr(facts.results, []))
    add(
      makeUnit(facts.orderId, {
        ...{ ...row, executionId, reason },
        ...{ price: executedPrice ?? undefined, quantity: executedQuantity ?? undefined },
      }),
    );
  for (const message of answersOf(facts)) add(readUnit(facts, message));
  for (const message of knownOr(facts.orderEvents, [])) {
    if (message.reason !== undefined) continue;
    const unit = readUnit(facts, message);
    // The brokerage's own: before the exchange heard of it, or refused without it.
    if (unit.status !== "PENDING" && !isRefused(facts)) add(unit);
  }
  for (const { executionId, quantity, price } of knownOr(facts.recorded, []))
    add({ key: executionId, status: "", executes: true, quantity, price });
  for (const { type, executionId } of knownOr(facts.entries, []))
    if (type === "SETTLEMENT" && executionId !== null) add({ key: executionId, status: "", executes: true });
  addFromRow(facts, units);
  return [...units.values()].sort((left, right) => placeOf(left) - placeOf(right));
}

interface Told {
  readonly status: string;
  readonly executionId?: string | null | undefined;
  readonly orderSeq?: number | undefined;
  readonly price?: number | undefined;
  readonly quantity?: number | undefined;
  readonly reason?: string | null | undefined;
}

function makeUnit(orderId: string, { status, executionId, orderSeq, price, quantity, reason }: Told): Unit {
  const key = keyOf(orderId, { status, executionId });
  return {
    // A wish to cancel may be refused more than once.
    key: status === "CANCEL_REJECTED" && (orderSeq ?? 0) > 0 ? `${status} ${orderSeq}` : key,
    status,
    executes: key !== status,
    ...(orderSeq === undefined ? {} : { orderSeq }),
    ...(quantity === undefined ? {} : { quantity }),
    ...(price === undefined ? {} : { price }),
    ...(reason == null ? {} : { reason }),
  };
}

/** A simple exchange's whole fill is known as "orderId:1" (contracts/messages.ts). */
export function keyOf(
  orderId: string,
  { status, executionId }: { readonly status: string; readonly executionId?: string | null | undefined },
): string {
  if (executionId != null && executionId !== "") return executionId;
  return status === "FILLED" ? `${orderId}:1` : status;
}

export function readUnit({ orderId }: Facts, { value }: MessageFacts): Unit {
  return makeUnit(orderId, {
    status: textOf(value.status) ?? "",
    executionId: textOf(value.executionId),
    orderSeq: numberOf(value.orderSeq),
    price: moneyOf(value.executedPrice),
    quantity:
      numberOf(value.executedQuantity) ??
      (fills.includes(String(value.status)) ? numberOf(value.quantity) : undefined),
    reason: textOf(value.reason),
  });
}

/** The exchange's answers. */
export function answersOf({ audited }: Facts): MessageFacts[] {
  return knownOr(audited, []).filter(
    ({ key, reason, value }) => reason === undefined && key === toBroker.routingKey && textOf(value.status),
  );
}

/** The wallet said no, or nothing: the exchange never hears of the order. */
export function isRefused({ order }: Facts): boolean {
  const row = knownOr(order, undefined);
  return row?.status === "REJECTED" && row.reservation !== "HELD";
}

/** What the row says has been told, and nobody else knows of. */
function addFromRow(facts: Facts, units: Map<string, Unit>): void {
  const row = knownOr(facts.order, undefined);
  if (row === undefined || row.reservation !== "HELD") return;
  const { status, cumQuantity, statusSeq, acknowledged } = row;
  const executed = [...units.values()].filter(({ executes }) => executes);
  const known = executed.reduce((sum, { quantity = 0 }) => sum + quantity, 0);
  const unnamed = cumQuantity - known;
  if (unnamed > 0 && executed.every(({ quantity }) => quantity !== undefined))
    units.set("?", {
      key: "?",
      status: status === "FILLED" ? status : "",
      executes: true,
      quantity: unnamed,
    });
  if (finals.includes(status) && status !== "FILLED" && !units.has(status))
    units.set(status, { key: status, status, executes: false });
  // A simple exchange fills without a word before it.
  const begun = acknowledged || statusSeq > 0 || units.size > 0;
  const accepted = begun ? statusSeq > units.size || (acknowledged && units.size === 0) : true;
  if (accepted && !units.has("ACCEPTED"))
    units.set("ACCEPTED", { key: "ACCEPTED", status: "ACCEPTED", executes: false });
}

function placeOf({ orderSeq, status, executes }: Unit): number {
  if (orderSeq !== undefined) return orderSeq;
  if (status === "ACCEPTED") return 0.5;
  return executes ? 1e6 : 2e6;
}
