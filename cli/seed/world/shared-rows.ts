import { listInstruments, quotedInstruments } from "../../../kit/instruments.js";
import type { BulkRow } from "../../../kit/sql/bulk/bulk.js";
import { quotesAround } from "./prices.js";
import { assetPriceTable, assetTable, bookTable } from "./tables.js";

/** As broker-asset makes the catalogue. */
const assets: readonly BulkRow[] = quotedInstruments.map(({ ticker, name, kind, lotSize, tick }) => [
  ticker,
  name,
  kind,
  lotSize,
  tick,
  "ACTIVE",
]);

/** LP_SIZE by default. */
const providerSize = 1_000;

/** Rows of nobody, as of the moment at which every price is the base price. */
export const sharedRows = new Map<unknown, (asOfMs: number) => readonly BulkRow[]>([
  [assetTable, () => assets],
  [
    assetPriceTable,
    (asOfMs) => quotedInstruments.map(({ ticker, basePrice }) => [ticker, basePrice, asOfMs]),
  ],
  [
    bookTable,
    () =>
      listInstruments().map(({ ticker, basePrice, tick }) => {
        const { bid, ask } = quotesAround(basePrice, tick);
        return [ticker, basePrice, bid, providerSize, ask, providerSize];
      }),
  ],
]);
