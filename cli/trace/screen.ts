import { formatMoney, type Money } from "../../kit/money.js";
import type { Style } from "../output/output.js";
import { countOf, formatDuration, wrap } from "../output/units.js";
import { layOut } from "../streams/text-line.js";
import { knownOr } from "./facts.js";
import type { Hop } from "./hop.js";
import { missingOf, type Trace } from "./run-trace.js";

export interface Screen {
  readonly style: Style;
  readonly columns: number;
}

const widths = { time: 9, what: 26, where: 18 } as const;
const causeIndent = "           ";

/** "BUY 100 PETR4 at 38.50: FILLED, placed 2026-11-22T12:04:31.118Z" */
export function describeHead({ orderId, status, facts }: Trace, { style }: Screen): string[] {
  const row = knownOr(facts.order, undefined);
  const terms =
    row === undefined
      ? ""
      : `${row.side} ${row.quantity} ${row.ticker} at ${formatMoney(row.price as Money)}`;
  const placed = row === undefined ? "" : `placed ${new Date(row.createdMs).toISOString()}`;
  const parts = [terms, status ?? "state unknown", placed].filter((part) => part !== "");
  return [style.bold(`Order ${orderId}`), parts.join(" · ")];
}

/** One line a hop; more where a missing one has a cause to tell. */
export function describeHop(hop: Hop, firstMs: number, { style, columns }: Screen): string[] {
  const { what, where, state, atMs, cause } = hop;
  const time = atMs === null ? "-" : (atMs - firstMs).toFixed(1);
  const paint = paints[state];
  const line = layOut(
    [
      [`${time.padStart(widths.time)}  `],
      [`${what.padEnd(widths.what)} `, whatColour(hop, style)],
      [`${where.padEnd(widths.where)} `],
      [tellState(hop), paint === undefined ? style.dim : style[paint]],
    ],
    columns,
  );
  const causes = cause === undefined ? [] : wrap(cause, columns - causeIndent.length);
  return [line, ...causes.map((text) => `${causeIndent}${text}`)];
}

const paints: Readonly<Partial<Record<Hop["state"], "red" | "yellow">>> = {
  missing: "red",
  waiting: "yellow",
  unknown: "yellow",
};

function whatColour({ state }: Hop, style: Style): ((text: string) => string) | undefined {
  return state === "done" ? undefined : style.bold;
}

function tellState(hop: Hop): string {
  switch (hop.state) {
    case "missing":
      return `MISSING${missingFor(hop)}`;
    case "waiting":
      return "waits for that";
    case "unknown":
      return `unknown: ${hop.note ?? ""}`;
    case "done":
      // The table's column, or the message's field, is for a program.
      return hop.note ?? hop.source.replace(/ (\w+\.\w+|eventTimestamp)$/, "");
  }
}

function missingFor({ missingMs }: Hop): string {
  return missingMs === undefined ? "" : ` for ${formatDuration(missingMs)}`;
}

/** The first time of the line: all others are told from there. */
export function firstMsOf({ hops }: Pick<Trace, "hops">): number {
  return hops.reduce((first, { atMs }) => Math.min(first, atMs ?? first), Number.POSITIVE_INFINITY);
}

/** What it comes to. */
export function describeVerdict(trace: Trace): string {
  const missing = missingOf(trace).filter(({ state }) => state === "missing");
  const unknown = trace.hops.filter(({ state }) => state === "unknown").length;
  if (trace.seeded) return "Seeded: there never were messages about it.";
  const done = trace.hops.filter(({ state }) => state === "done").length;
  const known = `${countOf(done, "hop")} in ms from the first, by the clocks of the services`;
  const rest = unknown === 0 ? "" : `; ${unknown} unknown`;
  if (missing.length > 0)
    return `${known}; missing: ${missing.map(({ id }) => id.split(" ")[0]).join(", ")}${rest}`;
  return `${known}${rest}${trace.final ? "" : "; it is still open"}.`;
}

/** docs/schema/tail.schema.json, "trace". */
export function toDocument(trace: Trace): object {
  const { orderId, status, final, seeded, hops, facts } = trace;
  const firstMs = firstMsOf(trace);
  const row = knownOr(facts.order, undefined);
  const terms = row && {
    side: row.side,
    quantity: row.quantity,
    ticker: row.ticker,
    price: row.price / 10_000,
  };
  return {
    kind: "trace",
    ...{ orderId, status, final, seeded, order: terms ?? null },
    missing: missingOf(trace).map(({ id }) => id),
    hops: hops.map((hop) => ({
      ...{ id: hop.id, step: hop.step, what: hop.what, where: hop.where, state: hop.state },
      time: hop.atMs === null ? null : new Date(hop.atMs).toISOString(),
      offsetMs: hop.atMs === null ? null : hop.atMs - firstMs,
      latencyMs: hop.atMs === null || hop.sinceMs === null ? null : hop.atMs - hop.sinceMs,
      ...{ source: hop.source, clock: hop.clock, after: hop.after },
      missingMs: hop.missingMs ?? null,
      ...{ cause: hop.cause ?? null, note: hop.note ?? null },
    })),
  };
}
