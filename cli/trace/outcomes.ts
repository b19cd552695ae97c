import { isFinalStatus } from "../../contracts/order-status.js";
import { toBroker } from "../../contracts/topology.js";
import { type Facts, knownOr, type MessageFacts, moneyOf, numberOf, textOf } from "./facts.js";

/** Something that the exchange told of an order: an execution, or a status. */
export interface Outcome {
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

/**
 * All that the exchange told, by whatever store or message knows of it, in its order. What no one knows of but has to
 * be, by the order's own row, is among them.
 */
export function findOutcomes(facts: Facts): Outcome[] {
  const outcomes = new Map<string, Outcome>();
  const add = (outcome: Outcome): void => {
    const known = outcomes.get(outcome.key);
    // The first source that has a field is believed; the exchange's own comes first.
    outcomes.set(outcome.key, known === undefined ? outcome : { ...outcome, ...known });
  };
  for (const { executionId, executedPrice, executedQuantity, reason, ...row } of knownOr(facts.results, []))
    add(
      makeOutcome(facts.orderId, {
        ...{ ...row, executionId, reason },
        ...{ price: executedPrice ?? undefined, quantity: executedQuantity ?? undefined },
      }),
    );
  for (const message of answersOf(facts)) add(readOutcome(facts, message));
  for (const message of knownOr(facts.orderEvents, [])) {
    if (message.reason !== undefined) continue;
    const outcome = readOutcome(facts, message);
    // The brokerage's own: before the exchange heard of it, or refused without it.
    if (outcome.status !== "PENDING" && !isRefused(facts)) add(outcome);
  }
  for (const { executionId, quantity, price } of knownOr(facts.recorded, []))
    add({ key: executionId, status: "", executes: true, quantity, price });
  for (const { type, executionId } of knownOr(facts.entries, []))
    if (type === "SETTLEMENT" && executionId !== null) add({ key: executionId, status: "", executes: true });
  addFromRow(facts, outcomes);
  return [...outcomes.values()].sort((left, right) => placeOf(left) - placeOf(right));
}

interface Told {
  readonly status: string;
  readonly executionId?: string | null | undefined;
  readonly orderSeq?: number | undefined;
  readonly price?: number | undefined;
  readonly quantity?: number | undefined;
  readonly reason?: string | null | undefined;
}

function makeOutcome(
  orderId: string,
  { status, executionId, orderSeq, price, quantity, reason }: Told,
): Outcome {
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

export function readOutcome({ orderId }: Facts, { value }: MessageFacts): Outcome {
  return makeOutcome(orderId, {
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
function addFromRow(facts: Facts, outcomes: Map<string, Outcome>): void {
  const row = knownOr(facts.order, undefined);
  if (row === undefined || row.reservation !== "HELD") return;
  const { status, cumQuantity, statusSeq, acknowledged } = row;
  const executed = [...outcomes.values()].filter(({ executes }) => executes);
  const known = executed.reduce((sum, { quantity = 0 }) => sum + quantity, 0);
  const unnamed = cumQuantity - known;
  if (unnamed > 0 && executed.every(({ quantity }) => quantity !== undefined))
    outcomes.set("?", {
      key: "?",
      status: status === "FILLED" ? status : "",
      executes: true,
      quantity: unnamed,
    });
  if (isFinalStatus(status) && status !== "FILLED" && !outcomes.has(status))
    outcomes.set(status, { key: status, status, executes: false });
  // A simple exchange fills without a word before it.
  const begun = acknowledged || statusSeq > 0 || outcomes.size > 0;
  const accepted = begun ? statusSeq > outcomes.size || (acknowledged && outcomes.size === 0) : true;
  if (accepted && !outcomes.has("ACCEPTED"))
    outcomes.set("ACCEPTED", { key: "ACCEPTED", status: "ACCEPTED", executes: false });
}

function placeOf({ orderSeq, status, executes }: Outcome): number {
  if (orderSeq !== undefined) return orderSeq;
  if (status === "ACCEPTED") return 0.5;
  return executes ? 1e6 : 2e6;
}
