import { isFinalStatus } from "../../contracts/order-status.js";
import { toExchange } from "../../contracts/topology.js";
import { knownOr } from "./facts.js";
import { amountText, describeEntry, type Line } from "./line.js";
import { foundAt, foundIn } from "./line-facts.js";
import { isRefused, type Outcome } from "./outcomes.js";

/** The owner's wish, its way to the exchange, and its being taken there. */
export function addCancel(line: Line, outcomes: readonly Outcome[]): void {
  const { known } = line;
  const { order, audited, commands } = line.facts;
  const { row } = known;
  const sent = known.sent("CANCEL");
  const taken = known.command("CANCEL");
  const reason = outcomes.find(({ status }) => status === "CANCELLED")?.reason ?? row?.reason ?? null;
  const byWish = row?.status === "CANCELLED" && reason === null && row.timeInForce === "DAY";
  const asked = row?.cancelRequested === true || byWish;
  const refusedWish = outcomes.some(({ status }) => status === "CANCEL_REJECTED");
  if ((!asked && !refusedWish && sent === undefined && taken === undefined) || isRefused(line.facts)) return;
  line.add({
    step: "cancelAsked",
    what: "DELETE /api/v1/orders",
    after: ["held"],
    fact: order,
    found: known.eventTime(sent),
  });
  line.add({
    step: "send",
    of: "CANCEL",
    what: `CANCEL -> ${toExchange.routingKey}`,
    after: ["cancelAsked"],
    fact: audited,
    found: foundIn(sent),
  });
  line.add({
    step: "take",
    of: "CANCEL",
    what: "CANCEL taken",
    after: ["send CANCEL"],
    fact: commands,
    found: foundAt(taken),
    optional: known.hasSimpleExchange,
  });
  if (outcomes.every(({ status }) => status !== "CANCELLED" && status !== "CANCEL_REJECTED") && !byWish)
    addOutcome(line, { key: "CANCELLED", status: "CANCELLED", executes: false });
}

/** The exchange's result, its way back, and for an execution what it does to accounts. */
export function addOutcome(line: Line, outcome: Outcome): void {
  const { known } = line;
  const { results, audited, recorded } = line.facts;
  const { key, status, executes, reason = "" } = outcome;
  const terms = describeTerms(outcome);
  const cancels = status === "CANCELLED" || status === "CANCEL_REJECTED";
  const before = cancels ? ["take CANCEL", "send CANCEL", ...line.lastResult] : line.lastResult;
  line.add({
    ...{ step: "result", of: key, after: before, fact: results },
    what: `${status || "executed"}${executes ? ` ${terms}` : reason && ` ${reason}`}`,
    found: foundAt(known.result(outcome)?.atMs),
    optional: known.hasSimpleExchange,
  });
  line.add({
    ...{ step: "answer", of: key, fact: audited },
    what: `<- ${status || "execution"}`,
    after: [`result ${key}`, ...before],
    found: foundIn(known.answer(outcome)),
  });
  if (!cancels) line.lastResult = [`result ${key}`, ...line.lastResult];
  const answered = [`answer ${key}`, `result ${key}`];
  if (!executes) {
    if (isFinalStatus(status)) line.addEvent(status, answered);
    return;
  }
  const record = knownOr(recorded, []).find(({ executionId }) => executionId === key);
  line.add({
    ...{ step: "record", of: key, after: answered, fact: recorded },
    what: `recorded ${terms}`,
    found: foundAt(record?.atMs),
    optional: known.hasSimpleOrders,
  });
  line.addEvent(key, [`record ${key}`, ...answered], status);
  addSettlement(line, outcome);
}

function addSettlement(line: Line, { key, price }: Outcome): void {
  const { known } = line;
  const entry = known.entry("SETTLEMENT", key);
  const after = [`event ${key}`, `record ${key}`];
  line.add({
    ...{ step: "settle", of: key, after, fact: line.facts.entries },
    what: entry === undefined ? "SETTLEMENT" : describeEntry(entry),
    found: foundAt(entry?.atMs),
    optional: known.hasSimpleWallet,
  });
  line.addWalletEvent("SETTLEMENT", key, [`settle ${key}`, ...after]);
  const { row } = known;
  const spares = row?.side === "BUY" && price !== undefined && price < row.price;
  if (spares || known.entry("REFUND", key) !== undefined) line.addRefund(key, [`settle ${key}`, ...after]);
}

function describeTerms({ quantity, price }: Outcome): string {
  const at = price === undefined ? "" : ` @ ${amountText(price)}`;
  return `${quantity ?? "?"}${at}`;
}
