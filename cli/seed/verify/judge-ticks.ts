import type { Kept } from "../../../kit/documents/documents.js";
import { findInstrument, quotedInstruments } from "../../../kit/instruments.js";
import { type Findings, type Pair, type Place, places } from "./finding.js";
import { joinSorted } from "./join-sorted.js";
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
    const source = { part: place.part, collection: place.table } as const;
    const rows = stores.readAll(source as Parameters<OpenStores["readAll"]>[0]);
    await joinSorted(
      { rows },
      (key, group) => {
        const [{ document }] = group.rows as [Kept<Tick>];
        tally.count(counted, 1);
        if (place === places.priceHistory) seen.add(document.ticker);
        const row = { place, key, certainty: "sure" } as const;
        const has: Readonly<Record<string, unknown>> = { ...document, id: key };
        const pairs = Object.entries(derive(document)).map(
          ([name, expected]): Pair => [name, has[name] as string, expected as string],
        );
        findings.compare(row, "the rest of it", pairs);
        if (findInstrument(document.ticker)?.baseTicker !== document.ticker)
          findings.add(row, "ticker", `ticker ${document.ticker} is none that is known`);
        if (!(typeof document.price === "number" && document.price > 0))
          findings.add(row, "price", `price ${document.price} is no price`);
      },
      signal,
    );
  }
  for (const { ticker } of quotedInstruments)
    if (!seen.has(ticker))
      findings.add(
        { place: places.priceHistory, key: ticker, certainty: "late" },
        "missing",
        "has no prices",
      );
}
