import { toExchange } from "../../contracts/topology.js";
import { formatMoney, type Money } from "../../kit/money.js";
import {
  type EntryFacts,
  type Facts,
  knownOr,
  type MessageFacts,
  numberOf,
  textOf,
  timeOfId,
} from "./facts.js";
import { type Found, type Hop, HopList } from "./hop.js";
import { stepOf, storeParts } from "./steps.js";
import { answersOf, finals, findUnits, isRefused, keyOf, readUnit, type Unit } from "./units.js";

export interface LifeLine {
  readonly orderId: string;
  readonly hops: readonly Hop[];
  /** Of the order, as far as it is known: PENDING and PARTIALLY_FILLED may have more to come. */
  readonly status: string | null;
  readonly final: boolean;
  readonly seeded: boolean;
}

/** @param nameOf a store's service in the compose file, by the part that it holds */
export function assembleLifeLine(facts: Facts, nameOf: (part: string) => string = (part) => part): LifeLine {
  const hops = new HopList((step) => {
    const part = storeParts[stepOf(step).fact];
    return part === undefined ? undefined : nameOf(part);
  });
  const units = findUnits(facts);
  const line = new Line(facts, hops);
  line.addPlacement();
  line.addCancel(units);
  for (const unit of units) line.addUnit(unit);
  line.addEnd(units);
  const shown = facts.seeded ? hops.inTime().filter(({ state }) => state === "done") : hops.inTime();
  const status = line.status(units);
  return {
    orderId: facts.orderId,
    hops: shown,
    status,
    final: status !== null && finals.includes(status),
    seeded: facts.seeded,
  };
}

/** An id of a version 7 made so long before its row is not of this order's POST. */
const idAgeLimitMs = 60_000;

class Line {
  readonly #facts: Facts;
  readonly #hops: HopList;
  #lastResult: readonly string[] = [];
  #lastEvent: readonly string[] = [];

  constructor(facts: Facts, hops: HopList) {
    this.#facts = facts;
    this.#hops = hops;
  }

  status(units: readonly Unit[]): string | null {
    const row = knownOr(this.#facts.order, undefined);
    const told = units.findLast(({ status }) => status !== "" && status !== "CANCEL_REJECTED")?.status;
    const known = row?.status ?? (told === "ACCEPTED" ? "PENDING" : told);
    return known ?? knownOr(this.#facts.report, undefined)?.status ?? null;
  }

  /** From the POST to the exchange and to everyone else. */
  addPlacement(): void {
    const { order, entries, answer } = this.#facts;
    const row = knownOr(order, undefined);
    const known = row ?? (this.#sent("NEW") !== undefined || this.#event("PENDING") !== undefined);
    this.#hops.add({
      step: "placed",
      what: `POST /api/v1/orders${answer === undefined ? "" : ` ${answer}`}`,
      fact: order,
      found: known === false ? undefined : this.#placed(),
    });
    this.#hops.add({
      step: "stored",
      what: "checked and stored",
      after: ["placed"],
      fact: order,
      found: foundAt(row?.createdMs),
      optional: "value" in order,
    });
    const refused = isRefused(this.#facts);
    const reserved = this.#entry("RESERVE", null);
    this.#hops.add({
      step: "reserve",
      what: reserved === undefined ? "RESERVE" : describeEntry(reserved),
      after: ["stored", "placed"],
      fact: entries,
      found: foundAt(reserved?.atMs),
      optional: refused || this.#hasSimpleWallet(),
    });
    if (reserved !== undefined || !refused)
      this.#addWalletEvent("RESERVE", null, ["reserve", "stored", "placed"]);
    if (refused) this.#addRefusal(row?.reason ?? "", row?.updatedMs ?? null);
    else this.#addSending(known !== false);
  }

  /** The order is held: the exchange and everyone else may know of it. */
  #addSending(known: boolean): void {
    const { order, audited, commands } = this.#facts;
    const row = knownOr(order, undefined);
    const held = row === undefined ? known : row.reservation === "HELD";
    this.#hops.add({
      step: "held",
      what: "PENDING",
      after: ["reserve", "stored", "placed"],
      fact: order,
      found: held ? this.#eventTime(this.#sent("NEW") ?? this.#event("PENDING")) : undefined,
    });
    this.#addEvent("PENDING", ["held"]);
    const sent = this.#sent("NEW");
    this.#hops.add({
      step: "send",
      of: "NEW",
      what: `NEW -> ${toExchange.routingKey}`,
      after: ["held"],
      fact: audited,
      found: foundIn(sent),
    });
    this.#hops.add({
      step: "take",
      of: "NEW",
      what: "NEW taken",
      after: ["send NEW"],
      fact: commands,
      found: foundAt(this.#command("NEW")),
      optional: this.#hasSimpleExchange(),
    });
    this.#lastResult = ["take NEW", "send NEW"];
  }

  #addRefusal(reason: string, updatedMs: number | null): void {
    const event = this.#event("REJECTED");
    const time = event === undefined ? { atMs: updatedMs } : this.#eventTime(event);
    this.#hops.add({
      step: "refused",
      what: `REJECTED ${reason}`,
      after: ["reserve", "stored", "placed"],
      fact: this.#facts.order,
      found: time,
    });
    this.#addEvent("REJECTED", ["refused"]);
    if (this.#entry("RESERVE", null) !== undefined) this.#addRefund(null, ["refused"]);
  }

  /** The owner's wish, its way to the exchange, and its being taken there. */
  addCancel(units: readonly Unit[]): void {
    const { order, audited, commands } = this.#facts;
    const row = knownOr(order, undefined);
    const sent = this.#sent("CANCEL");
    const taken = this.#command("CANCEL");
    const reason = units.find(({ status }) => status === "CANCELLED")?.reason ?? row?.reason ?? null;
    const byWish = row?.status === "CANCELLED" && reason === null && row.timeInForce === "DAY";
    const asked = row?.cancelRequested === true || byWish;
    const refusedWish = units.some(({ status }) => status === "CANCEL_REJECTED");
    if ((!asked && !refusedWish && sent === undefined && taken === undefined) || isRefused(this.#facts))
      return;
    this.#hops.add({
      step: "cancelAsked",
      what: "DELETE /api/v1/orders",
      after: ["held"],
      fact: order,
      found: this.#eventTime(sent),
    });
    this.#hops.add({
      step: "send",
      of: "CANCEL",
      what: `CANCEL -> ${toExchange.routingKey}`,
      after: ["cancelAsked"],
      fact: audited,
      found: foundIn(sent),
    });
    this.#hops.add({
      step: "take",
      of: "CANCEL",
      what: "CANCEL taken",
      after: ["send CANCEL"],
      fact: commands,
      found: foundAt(taken),
      optional: this.#hasSimpleExchange(),
    });
    if (units.every(({ status }) => status !== "CANCELLED" && status !== "CANCEL_REJECTED") && !byWish)
      this.addUnit({ key: "CANCELLED", status: "CANCELLED", executes: false });
  }

  /** The exchange's result, its way back, and for an execution what it does to accounts. */
  addUnit(unit: Unit): void {
    const { results, audited, recorded } = this.#facts;
    const { key, status, executes, reason = "" } = unit;
    const row = knownOr(results, []).find((result) => this.#isOf(unit, result));
    const answer = answersOf(this.#facts).find((one) => readUnit(this.#facts, one).key === key);
    const terms = describeTerms(unit);
    const cancels = status === "CANCELLED" || status === "CANCEL_REJECTED";
    const before = cancels ? ["take CANCEL", "send CANCEL", ...this.#lastResult] : this.#lastResult;
    this.#hops.add({
      ...{ step: "result", of: key, after: before, fact: results },
      what: `${status || "executed"}${executes ? ` ${terms}` : reason && ` ${reason}`}`,
      found: foundAt(row?.atMs),
      optional: this.#hasSimpleExchange(),
    });
    this.#hops.add({
      ...{ step: "answer", of: key, fact: audited },
      what: `<- ${status || "execution"}`,
      after: [`result ${key}`, ...before],
      found: foundIn(answer),
    });
    if (!cancels) this.#lastResult = [`result ${key}`, ...this.#lastResult];
    const answered = [`answer ${key}`, `result ${key}`];
    if (!executes) {
      if (finals.includes(status)) this.#addEvent(status, answered);
      return;
    }
    const record = knownOr(recorded, []).find(({ executionId }) => executionId === key);
    this.#hops.add({
      ...{ step: "record", of: key, after: answered, fact: recorded },
      what: `recorded ${terms}`,
      found: foundAt(record?.atMs),
      optional: this.#hasSimpleOrders(),
    });
    this.#addEvent(key, [`record ${key}`, ...answered], status);
    this.#addSettlement(unit);
  }

  #addSettlement({ key, price }: Unit): void {
    const { entries, order } = this.#facts;
    const entry = this.#entry("SETTLEMENT", key);
    const after = [`event ${key}`, `record ${key}`];
    this.#hops.add({
      ...{ step: "settle", of: key, after, fact: entries },
      what: entry === undefined ? "SETTLEMENT" : describeEntry(entry),
      found: foundAt(entry?.atMs),
      optional: this.#hasSimpleWallet(),
    });
    this.#addWalletEvent("SETTLEMENT", key, [`settle ${key}`, ...after]);
    const row = knownOr(order, undefined);
    const spares = row?.side === "BUY" && price !== undefined && price < row.price;
    if (spares || this.#entry("REFUND", key) !== undefined) this.#addRefund(key, [`settle ${key}`, ...after]);
  }

  /** What is left over goes back, and the reports are told. */
  addEnd(units: readonly Unit[]): void {
    const { order, report, orderEvents } = this.#facts;
    const row = knownOr(order, undefined);
    const last = units.findLast(({ status }) => finals.includes(status));
    const ended = row !== undefined && finals.includes(row.status) && row.reservation === "HELD";
    const left = ended && row.cumQuantity < row.quantity;
    const lastEvents = last === undefined ? [] : [`event ${last.key}`, `answer ${last.key}`];
    if (!isRefused(this.#facts) && (left || this.#entry("REFUND", null) !== undefined))
      this.#addRefund(null, lastEvents);
    const versions = livingOf(orderEvents).map(({ value }) => numberOf(value.version) ?? 0);
    const version = Math.max(row?.version ?? 0, ...versions);
    const document = knownOr(report, undefined);
    if (version === 0 && document === undefined && livingOf(orderEvents).length === 0) return;
    const latest = document?.version ?? 0;
    // A simple order service counts no versions: then the status tells.
    const upToDate = version > 0 ? latest >= version : document?.status === this.status(units);
    const behind = document === undefined ? {} : { note: `it has version ${latest} of ${version}` };
    this.#hops.add({
      step: "report",
      what: `report ${document?.status ?? ""}`.trimEnd(),
      after: [...this.#lastEvent, "held", "refused"],
      fact: report,
      found: document !== undefined && upToDate ? { atMs: null, note: "no time is kept" } : undefined,
      ...(upToDate ? {} : behind),
    });
  }

  #addRefund(key: string | null, after: readonly string[]): void {
    const entry = this.#entry("REFUND", key);
    const of = `REFUND ${key ?? "rest"}`;
    this.#hops.add({
      ...{ step: "settle", of, after, fact: this.#facts.entries },
      what: entry === undefined ? "REFUND" : describeEntry(entry),
      found: foundAt(entry?.atMs),
      optional: this.#hasSimpleWallet(),
    });
    this.#addWalletEvent("REFUND", key, [`settle ${of}`, ...after]);
  }

  #addWalletEvent(type: string, executionId: string | null, after: readonly string[]): void {
    const message = livingOf(this.#facts.walletEvents).find(
      ({ value }) => value.transactionType === type && (textOf(value.executionId) ?? null) === executionId,
    );
    this.#hops.add({
      ...{ step: "walletEvent", of: `${type} ${executionId ?? "rest"}`, after, what: `${type} told` },
      fact: this.#facts.walletEvents,
      found: foundIn(message),
    });
  }

  #addEvent(key: string, after: readonly string[], status = key): void {
    this.#hops.add({
      ...{ step: "event", of: key, after, what: `${status || "execution"} told` },
      fact: this.#facts.orderEvents,
      found: foundIn(this.#event(key)),
    });
    this.#lastEvent = [`event ${key}`, ...this.#lastEvent];
  }

  #placed(): Found {
    const row = knownOr(this.#facts.order, undefined);
    const madeMs = timeOfId(this.#facts.orderId);
    const fits =
      madeMs !== undefined &&
      (row === undefined || (row.createdMs >= madeMs && row.createdMs - madeMs < idAgeLimitMs));
    const clock = "broker-order";
    return fits
      ? { atMs: madeMs, source: "id of the order", clock }
      : { atMs: row?.createdMs ?? null, source: "orders.created_at", clock };
  }

  #entry(type: string, executionId: string | null): EntryFacts | undefined {
    return knownOr(this.#facts.entries, []).find(
      (entry) => entry.type === type && entry.executionId === executionId,
    );
  }

  #command(kind: string): number | undefined {
    const kinds = kind === "NEW" ? ["NEW", "REFUSE"] : [kind];
    return knownOr(this.#facts.commands, []).find((command) => kinds.includes(command.kind))?.atMs;
  }

  #sent(action: "NEW" | "CANCEL"): MessageFacts | undefined {
    return knownOr(this.#facts.audited, []).find(
      ({ key, reason, value }) =>
        reason === undefined && key === toExchange.routingKey && (textOf(value.action) ?? "NEW") === action,
    );
  }

  #event(key: string): MessageFacts | undefined {
    return livingOf(this.#facts.orderEvents).find((message) => this.#keyOfEvent(message) === key);
  }

  /** CANCEL_REJECTED and PENDING again are shown by no event; any other has the key of its unit. */
  #keyOfEvent({ value }: MessageFacts): string {
    const status = textOf(value.status) ?? "";
    return keyOf(this.#facts.orderId, { status, executionId: textOf(value.executionId) });
  }

  /** When the service wrote it, which is before it was published. */
  #eventTime(message: MessageFacts | undefined): Found | undefined {
    if (message === undefined) return { atMs: null, note: "no time is kept" };
    const atMs = Date.parse(textOf(message.value.eventTimestamp) ?? "");
    return {
      atMs: Number.isNaN(atMs) ? message.publishedMs : atMs,
      source: `${message.place} eventTimestamp`,
    };
  }

  #isOf({ key }: Unit, result: { status: string; executionId: string | null; orderSeq: number }): boolean {
    const { status, executionId, orderSeq } = result;
    return key === (executionId ?? (status === "CANCEL_REJECTED" ? `${status} ${orderSeq}` : status));
  }

  /** A program in the place of ours that does without what only ours writes. */
  #hasSimpleExchange(): boolean {
    return isSimple(answersOf(this.#facts), "orderSeq");
  }

  #hasSimpleOrders(): boolean {
    return isSimple(livingOf(this.#facts.orderEvents), "version");
  }

  #hasSimpleWallet(): boolean {
    return isSimple(livingOf(this.#facts.walletEvents), "sequence");
  }
}

/** Without dead letters: what became of those is told as a cause. */
function livingOf(messages: Facts["orderEvents"]): MessageFacts[] {
  return knownOr(messages, []).filter(({ reason }) => reason === undefined);
}

function isSimple(messages: readonly MessageFacts[], field: string): boolean {
  return messages.length > 0 && messages.every(({ value }) => value[field] == null);
}

function foundAt(atMs: number | undefined): Found | undefined {
  return atMs === undefined ? undefined : { atMs };
}

function foundIn(message: MessageFacts | undefined): Found | undefined {
  if (message === undefined) return undefined;
  const { publishedMs, place, clock } = message;
  return { atMs: publishedMs, source: place, ...(clock === "broker" ? { clock } : {}) };
}

function describeEntry({ type, amount, quantity }: EntryFacts): string {
  const shares = quantity === null || amount !== 0 ? "" : ` ${quantity} shares`;
  return `${type} ${amount === 0 ? "" : amountText(amount)}${shares}`.replace("  ", " ");
}

function describeTerms({ quantity, price }: Unit): string {
  const at = price === undefined ? "" : ` @ ${amountText(price)}`;
  return `${quantity ?? "?"}${at}`;
}

/** "3,850.00": the currency is known. */
function amountText(amount: number): string {
  return formatMoney(amount as Money).replace("R$ ", "");
}
