import { toExchange } from "../../contracts/topology.js";
import {
  type EntryFacts,
  type Facts,
  knownOr,
  type MessageFacts,
  type OrderFacts,
  type ResultFacts,
  textOf,
  timeOfId,
} from "./facts.js";
import type { Found } from "./hop.js";
import { answersOf, keyOf, type Outcome, readOutcome } from "./outcomes.js";

/** An id of a version 7 made so long before its row is not of this order's POST. */
const idAgeLimitMs = 60_000;

/** Which of the facts about an order a hop is to be read from; undefined where there is none. */
export class LineFacts {
  readonly facts: Facts;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  get row(): OrderFacts | undefined {
    return knownOr(this.facts.order, undefined);
  }

  placed(): Found {
    const { row } = this;
    const madeMs = timeOfId(this.facts.orderId);
    const fits =
      madeMs !== undefined &&
      (row === undefined || (row.createdMs >= madeMs && row.createdMs - madeMs < idAgeLimitMs));
    const clock = "broker-order";
    return fits
      ? { atMs: madeMs, source: "id of the order", clock }
      : { atMs: row?.createdMs ?? null, source: "orders.created_at", clock };
  }

  entry(type: string, executionId: string | null): EntryFacts | undefined {
    return knownOr(this.facts.entries, []).find(
      (entry) => entry.type === type && entry.executionId === executionId,
    );
  }

  /** When the engine took it, Unix milliseconds. */
  command(kind: string): number | undefined {
    const kinds = kind === "NEW" ? ["NEW", "REFUSE"] : [kind];
    return knownOr(this.facts.commands, []).find((command) => kinds.includes(command.kind))?.atMs;
  }

  sent(action: "NEW" | "CANCEL"): MessageFacts | undefined {
    return knownOr(this.facts.audited, []).find(
      ({ key, reason, value }) =>
        reason === undefined && key === toExchange.routingKey && (textOf(value.action) ?? "NEW") === action,
    );
  }

  result({ key }: Outcome): ResultFacts | undefined {
    return knownOr(this.facts.results, []).find(
      ({ status, executionId, orderSeq }) =>
        key === (executionId ?? (status === "CANCEL_REJECTED" ? `${status} ${orderSeq}` : status)),
    );
  }

  answer({ key }: Outcome): MessageFacts | undefined {
    return answersOf(this.facts).find((one) => readOutcome(this.facts, one).key === key);
  }

  event(key: string): MessageFacts | undefined {
    return livingOf(this.facts.orderEvents).find((message) => this.#keyOfEvent(message) === key);
  }

  walletEvent(type: string, executionId: string | null): MessageFacts | undefined {
    return livingOf(this.facts.walletEvents).find(
      ({ value }) => value.transactionType === type && (textOf(value.executionId) ?? null) === executionId,
    );
  }

  /** When the service wrote it, which is before it was published. */
  eventTime(message: MessageFacts | undefined): Found | undefined {
    if (message === undefined) return { atMs: null, note: "no time is kept" };
    const atMs = Date.parse(textOf(message.value.eventTimestamp) ?? "");
    return {
      atMs: Number.isNaN(atMs) ? message.publishedMs : atMs,
      source: `${message.place} eventTimestamp`,
    };
  }

  /** A program in the place of ours that does without what only ours writes. */
  get hasSimpleExchange(): boolean {
    return isSimple(answersOf(this.facts), "orderSeq");
  }

  get hasSimpleOrders(): boolean {
    return isSimple(livingOf(this.facts.orderEvents), "version");
  }

  get hasSimpleWallet(): boolean {
    return isSimple(livingOf(this.facts.walletEvents), "sequence");
  }

  /** CANCEL_REJECTED and PENDING again are shown by no event; any other has the key of its outcome. */
  #keyOfEvent({ value }: MessageFacts): string {
    const status = textOf(value.status) ?? "";
    return keyOf(this.facts.orderId, { status, executionId: textOf(value.executionId) });
  }
}

/** Without dead letters: what became of those is told as a cause. */
export function livingOf(messages: Facts["orderEvents"]): MessageFacts[] {
  return knownOr(messages, []).filter(({ reason }) => reason === undefined);
}

function isSimple(messages: readonly MessageFacts[], field: string): boolean {
  return messages.length > 0 && messages.every(({ value }) => value[field] == null);
}

/** @param atMs Unix milliseconds; undefined where it has not come */
export function foundAt(atMs: number | undefined): Found | undefined {
  return atMs === undefined ? undefined : { atMs };
}

export function foundIn(message: MessageFacts | undefined): Found | undefined {
  if (message === undefined) return undefined;
  const { publishedMs, place, clock } = message;
  return { atMs: publishedMs, source: place, ...(clock === "broker" ? { clock } : {}) };
}
