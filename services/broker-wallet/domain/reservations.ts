import { multiplyMoney } from "../../../kit/money.js";
import { type Reservation, settlementKey, type Terms } from "./book.js";
import type { OrderNews, Reserve } from "./commands.js";
import { costOf, type Draft, post } from "./post.js";
import { Refusal } from "./refusal.js";

/** Holds what an order may need, once. @throws Refusal, MoneyError */
export function reserve(draft: Draft, { orderId, terms }: Reserve): void {
  const known = draft.reservation;
  if (known?.state === "RELEASED") throw new Refusal("RELEASED", "The order's reservation is released.");
  if (known === undefined) {
    post(draft, { type: "RESERVE", orderId, ...give(terms, -terms.quantity) });
    draft.reservation = { orderId, state: "HELD", terms, settled: 0, released: 0 };
  } else if (known.terms === undefined || !sameTerms(known.terms, terms)) {
    throw new Refusal("RESERVATION_MISMATCH", "The order has a reservation with other terms.");
  }
}

function sameTerms(one: Terms, other: Terms): boolean {
  return (Object.keys(one) as (keyof Terms)[]).every((name) => one[name] === other[name]);
}

/** What so many shares of an order give back to available; negative: what is held for them. */
function give({ side, unitPrice }: Terms, quantity: number) {
  if (side === "SELL") return { shares: quantity, blockedShares: -quantity };
  const cash = multiplyMoney(unitPrice, quantity);
  return { cash, blockedCash: -cash };
}

/**
 * Calls an order off that was never sent to the exchange, and leaves a tombstone, so that a reservation that comes
 * later is refused. Once an execution is settled the order has been there: what is left of it ends by its final event.
 */
export function release(draft: Draft, orderId: string): void {
  const known = draft.reservation;
  if (known === undefined) draft.reservation = makeTombstone(orderId);
  else if (known.state === "HELD" && known.settled === 0) end(draft, known, 0);
}

function makeTombstone(orderId: string): Reservation {
  return { orderId, state: "RELEASED", terms: undefined, settled: 0, released: 0 };
}

/** Gives back what will not be executed. */
function end(draft: Draft, known: Reservation, executedInAll: number): void {
  const { orderId, terms } = known;
  const released = (terms?.quantity ?? 0) - executedInAll;
  if (terms !== undefined && released > 0) post(draft, { type: "REFUND", orderId, ...give(terms, released) });
  draft.reservation = { ...known, state: "RELEASED", released };
}

/**
 * Settles the event's execution unless that is done, and ends the reservation if the event is final. An execution may
 * come after the final event, whose count includes it: every order of arrival ends in the same cash and shares.
 * @throws Refusal for what can never be valid
 */
export function follow(draft: Draft, news: OrderNews, isSettled: (key: string) => boolean): void {
  const { orderId, terms, execution, executedInAll } = news;
  const known = draft.reservation;
  if (known?.terms === undefined) {
    if (execution !== undefined || (executedInAll ?? 0) > 0) {
      throw new Refusal("NO_RESERVATION", "nothing was held for the order");
    }
    // A refused order: a reservation that is still under way must not be made.
    if (executedInAll === 0) draft.reservation = known ?? makeTombstone(orderId);
    return;
  }
  const { unitPrice, quantity } = known.terms;
  if (!sameTerms(known.terms, { ...terms, unitPrice })) {
    throw new Refusal("EVENT_MISMATCH", "user, ticker, side or quantity is not that of the reservation");
  }
  if (execution !== undefined && !isSettled(settlementKey(orderId, execution.executionId))) {
    draft.reservation = settle(draft, known, execution);
  }
  const now = draft.reservation ?? known;
  if (executedInAll === undefined || now.state === "RELEASED") return;
  if (executedInAll < now.settled || executedInAll > quantity) {
    throw new Refusal(
      "EVENT_MISMATCH",
      `${executedInAll} executed in all, ${now.settled} of ${quantity} settled`,
    );
  }
  end(draft, now, executedInAll);
}

function settle(
  draft: Draft,
  known: Reservation,
  execution: NonNullable<OrderNews["execution"]>,
): Reservation {
  const { orderId, terms, settled, released } = known;
  const { executionId, price, quantity } = execution;
  const held = (terms?.quantity ?? 0) - settled - released;
  if (terms === undefined || quantity > held) {
    throw new Refusal("NOT_HELD", `${quantity} executed, ${held} held`);
  }
  const buys = terms.side === "BUY";
  if (buys ? price > terms.unitPrice : price < terms.unitPrice) {
    throw new Refusal("WORSE_THAN_LIMIT", "the price is worse than the reserved one");
  }
  const paid = multiplyMoney(price, quantity);
  const origin = { orderId, executionId };
  if (buys) {
    const spared = multiplyMoney(terms.unitPrice, quantity) - paid;
    post(draft, { type: "SETTLEMENT", ...origin, blockedCash: -paid, shares: quantity, cost: paid });
    if (spared > 0) post(draft, { type: "REFUND", ...origin, cash: spared, blockedCash: -spared });
  } else {
    const cost = -costOf(draft.position, quantity);
    post(draft, { type: "SETTLEMENT", ...origin, cash: paid, blockedShares: -quantity, cost });
  }
  draft.settled = settlementKey(orderId, executionId);
  return { ...known, settled: settled + quantity };
}
