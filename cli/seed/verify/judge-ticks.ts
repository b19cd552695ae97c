import type { Kept } from "../../../kit/documents/documents.js";
import { findInstrument, quotedInstruments } from "../../../kit/instruments.js";
import { type Findings, type Pair, type Place, places } from "./finding.js";
import type { OpenStores } from "./open-stores.js";
import type { Tally } from "./tally.js";

interface Tick {
  readonly ticker: string;
  readonly price: number;
  readonly [field: string]: unknown;
}

/** Which field has its time, and what else follows from the others. */
const collections: readonly {
  readonly place: Place;
  readonly counted: string;
  derive(tick: Tick): Readonly<Record<string, unknown>>;
}[] = [
  {
    place: places.priceHistory,
    counted: "ticks",
    derive: ({ ticker, updated_at }) => ({ id: `${ticker}:${updated_at}` }),
  },
  {
    place: places.assetHistory,
    counted: "points",
    derive: ({ ticker, place, time }) => ({ id: `${ticker} ${time}`, owner: ticker, time: place }),
  },
];

/** Prices of the past: each by itself, for nothing refers to it; they are written once and never changed. */
export async function judgeTicks(
  stores: OpenStores,
  { findings, tally, signal }: { findings: Findings; tally: Tally; signal: AbortSignal | undefined },
): Promise<void> {
  const seen = new Set<string>();
  for (const { place, counted, derive } of collections) {
    const source = { part: place.part, collection: place.table, order: "any" };
    const { pages } = stores.readAll(source as Parameters<OpenStores["readAll"]>[0]);
    for await (const page of pages as AsyncIterable<readonly Kept<Tick>[]>) {
      signal?.throwIfAborted();
      tally.count(counted, page.length);
      for (const { id: key, document } of page) {
        if (place === places.priceHistory) seen.add(document.ticker);
        const row = { place, key, certainty: "sure" } as const;
        judgeTick({ ...document, id: key }, { row, derived: derive(document) }, findings);
      }
    }
  }
  for (const { ticker } of quotedInstruments)
    if (!seen.has(ticker))
      findings.add(
        { place: places.priceHistory, key: ticker, certainty: "late" },
        "missing",
        "has no prices",
      );
}

interface Judging {
  readonly row: Parameters<Findings["compare"]>[0];
  readonly derived: Readonly<Record<string, unknown>>;
}

function judgeTick(tick: Tick, { row, derived }: Judging, findings: Findings): void {
  const pairs = Object.entries(derived).map(
    ([name, expected]): Pair => [name, tick[name] as string, expected as string],
  );
  findings.compare(row, "the rest of it", pairs);
  if (findInstrument(tick.ticker)?.baseTicker !== tick.ticker)
    findings.add(row, "ticker", `ticker ${tick.ticker} is none that is known`);
  if (!(typeof tick.price === "number" && tick.price > 0))
    findings.add(row, "price", `price ${tick.price} is no price`);
}
