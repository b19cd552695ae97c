import { formatMoney, type Money } from "../../kit/money.js";
import type { EntryFacts, Facts } from "./facts.js";
import type { Expectation, HopList } from "./hop.js";
import { foundAt, foundIn, LineFacts } from "./line-facts.js";

/** A life line that grows: what its parts add alike, and what the hops to come have to come after. */
export class Line {
  readonly facts: Facts;
  readonly known: LineFacts;
  /** Ids of what the exchange said or was told last, the latest first. */
  lastResult: readonly string[] = [];
  lastEvent: readonly string[] = [];
  readonly #hops: HopList;

  constructor(facts: Facts, hops: HopList) {
    this.facts = facts;
    this.known = new LineFacts(facts);
    this.#hops = hops;
  }

  add(expectation: Expectation): void {
    this.#hops.add(expectation);
  }

  addEvent(key: string, after: readonly string[], status = key): void {
    this.add({
      ...{ step: "event", of: key, after, what: `${status || "execution"} told` },
      fact: this.facts.orderEvents,
      found: foundIn(this.known.event(key)),
    });
    this.lastEvent = [`event ${key}`, ...this.lastEvent];
  }

  addWalletEvent(type: string, executionId: string | null, after: readonly string[]): void {
    this.add({
      ...{ step: "walletEvent", of: `${type} ${executionId ?? "rest"}`, after, what: `${type} told` },
      fact: this.facts.walletEvents,
      found: foundIn(this.known.walletEvent(type, executionId)),
    });
  }

  addRefund(key: string | null, after: readonly string[]): void {
    const entry = this.known.entry("REFUND", key);
    const of = `REFUND ${key ?? "rest"}`;
    this.add({
      ...{ step: "settle", of, after, fact: this.facts.entries },
      what: entry === undefined ? "REFUND" : describeEntry(entry),
      found: foundAt(entry?.atMs),
      optional: this.known.hasSimpleWallet,
    });
    this.addWalletEvent("REFUND", key, [`settle ${of}`, ...after]);
  }
}

export function describeEntry({ type, amount, quantity }: EntryFacts): string {
  const shares = quantity === null || amount !== 0 ? "" : ` ${quantity} shares`;
  return `${type} ${amount === 0 ? "" : amountText(amount)}${shares}`.replace("  ", " ");
}

/** "3,850.00": the currency is known. */
export function amountText(amount: number): string {
  return formatMoney(amount as Money).replace("R$ ", "");
}
