import { isFinalStatus } from "../../contracts/order-status.js";
import { addCancel, addOutcome } from "./add-exchange.js";
import { addPlacement } from "./add-placement.js";
import { type Facts, knownOr, numberOf } from "./facts.js";
import { type Hop, HopList } from "./hop.js";
import { Line } from "./line.js";
import { livingOf } from "./line-facts.js";
import { findOutcomes, isRefused, type Outcome } from "./outcomes.js";
import { stepOf, storeParts } from "./steps.js";

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
  const outcomes = findOutcomes(facts);
  const status = statusOf(facts, outcomes);
  const line = new Line(facts, hops);
  addPlacement(line);
  addCancel(line, outcomes);
  for (const outcome of outcomes) addOutcome(line, outcome);
  addRest(line, outcomes);
  addReport(line, status);
  const shown = facts.seeded ? hops.inTime().filter(({ state }) => state === "done") : hops.inTime();
  return {
    orderId: facts.orderId,
    hops: shown,
    status,
    final: status !== null && isFinalStatus(status),
    seeded: facts.seeded,
  };
}

function statusOf({ order, report }: Facts, outcomes: readonly Outcome[]): string | null {
  const told = outcomes.findLast(({ status }) => status !== "" && status !== "CANCEL_REJECTED")?.status;
  const known = knownOr(order, undefined)?.status ?? (told === "ACCEPTED" ? "PENDING" : told);
  return known ?? knownOr(report, undefined)?.status ?? null;
}

/** What is left over goes back. */
function addRest(line: Line, outcomes: readonly Outcome[]): void {
  const { row } = line.known;
  const last = outcomes.findLast(({ status }) => isFinalStatus(status));
  const ended = row !== undefined && isFinalStatus(row.status) && row.reservation === "HELD";
  const left = ended && row.cumQuantity < row.quantity;
  if (isRefused(line.facts) || (!left && line.known.entry("REFUND", null) === undefined)) return;
  line.addRefund(null, last === undefined ? [] : [`event ${last.key}`, `answer ${last.key}`]);
}

/** The reports are told of everything. */
function addReport(line: Line, status: string | null): void {
  const { report, orderEvents } = line.facts;
  const events = livingOf(orderEvents);
  const versions = events.map(({ value }) => numberOf(value.version) ?? 0);
  const version = Math.max(line.known.row?.version ?? 0, ...versions);
  const document = knownOr(report, undefined);
  if (version === 0 && document === undefined && events.length === 0) return;
  const latest = document?.version ?? 0;
  // A simple order service counts no versions: then the status tells.
  const upToDate = version > 0 ? latest >= version : document?.status === status;
  const behind = document === undefined ? {} : { note: `it has version ${latest} of ${version}` };
  line.add({
    step: "report",
    what: `report ${document?.status ?? ""}`.trimEnd(),
    after: [...line.lastEvent, "held", "refused"],
    fact: report,
    found: document !== undefined && upToDate ? { atMs: null, note: "no time is kept" } : undefined,
    ...(upToDate ? {} : behind),
  });
}
