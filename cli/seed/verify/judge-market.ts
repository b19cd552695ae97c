import { marketPriceKey } from "../../../contracts/messages.js";
import { findInstrument, quotedInstruments } from "../../../kit/instruments.js";
import type { CachePart } from "../world/parts.js";
import { type Findings, places } from "./finding.js";
import type { OpenStores } from "./open-stores.js";

interface AssetRow {
  readonly ticker: string;
  readonly name: string;
  readonly kind: string;
  readonly lot_size: number;
  readonly tick: string | number;
  readonly status: string;
}
interface PriceRow {
  readonly ticker: string;
  readonly price: string | number;
}
interface BookRow {
  readonly ticker: string;
  readonly reference: string | number | null;
  readonly bid_quantity: number;
  readonly ask_quantity: number;
}

/** What is nobody's: the catalogue, last prices, books and caches. A few hundred rows. */
export async function judgeMarket(stores: OpenStores, findings: Findings): Promise<void> {
  const [assets, prices, books] = await Promise.all([
    stores.query<AssetRow>("asset", "select ticker, name, kind, lot_size, tick, status from assets"),
    stores.query<PriceRow>("asset", "select ticker, price from asset_prices"),
    stores.query<BookRow>("exchange", "select ticker, reference, bid_quantity, ask_quantity from books"),
  ]);
  judgeCatalogue(assets, findings);
  judgeLastPrices(prices, findings);
  for (const { ticker, reference, bid_quantity, ask_quantity } of books) {
    const row = { place: places.books, key: ticker, certainty: "sure" } as const;
    if (findInstrument(ticker) === undefined) findings.add(row, "ticker", "is no ticker that is known");
    if (reference !== null && !(Number(reference) > 0))
      findings.add(row, "reference", `reference ${reference} is no price`);
    if (bid_quantity < 0 || ask_quantity < 0) findings.add(row, "quantity", "a quantity is below zero");
  }
  for (const [part, isReadable] of Object.entries(readable))
    await judgeCache(stores, { part: part as CachePart, isReadable }, findings);
}

/** Money of the catalogue's tick, as its database has it. */
function readTick(tick: string | number): number {
  return typeof tick === "number" ? tick : Math.round(Number(tick) * 10_000);
}

function judgeCatalogue(assets: readonly AssetRow[], findings: Findings): void {
  const there = new Map(assets.map((asset) => [asset.ticker, asset]));
  for (const { ticker, name, kind, lotSize, tick } of quotedInstruments) {
    const row = { place: places.assets, key: ticker, certainty: "sure" } as const;
    const asset = there.get(ticker);
    if (asset === undefined) {
      findings.add({ ...row, certainty: "late" }, "missing", "is missing from the catalogue");
      continue;
    }
    findings.compare(row, "contracts/instruments.json", [
      ["name", asset.name, name],
      ["kind", asset.kind, kind],
      ["lot_size", Number(asset.lot_size), lotSize],
      ["$tick", readTick(asset.tick), tick],
    ]);
    if (!["ACTIVE", "INACTIVE"].includes(asset.status))
      findings.add(row, "status", `status ${asset.status} is neither ACTIVE nor INACTIVE`);
  }
  for (const { ticker } of assets)
    if (findInstrument(ticker)?.baseTicker !== ticker)
      findings.add(
        { place: places.assets, key: ticker, certainty: "sure" },
        "unknown",
        "contracts/instruments.json has no such ticker",
      );
}

function judgeLastPrices(prices: readonly PriceRow[], findings: Findings): void {
  const there = new Set(prices.map(({ ticker }) => ticker));
  for (const { ticker } of quotedInstruments)
    if (!there.has(ticker))
      findings.add(
        { place: places.assetPrices, key: ticker, certainty: "late" },
        "missing",
        "has no last price",
      );
  for (const { ticker, price } of prices) {
    const row = { place: places.assetPrices, key: ticker, certainty: "sure" } as const;
    if (findInstrument(ticker) === undefined) findings.add(row, "ticker", "is no ticker that is known");
    if (!(Number(price) > 0)) findings.add(row, "price", `price ${price} is no price`);
  }
}

/** How each cache has a price; how old it is makes no difference. */
const readable: Readonly<Record<CachePart, (text: string, ticker: string) => boolean>> = {
  "asset-cache": (text) => Number(text) > 0,
  "wallet-cache": (text) => Number(text) > 0,
  "market-cache": isMarketPrice,
};

function isMarketPrice(text: string, ticker: string): boolean {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    return (
      value?.ticker === ticker &&
      Number(value.regularMarketPrice) > 0 &&
      typeof value.regularMarketPrice === "number" &&
      typeof value.regularMarketChangePercent === "number" &&
      !Number.isNaN(Date.parse(String(value.regularMarketTime)))
    );
  } catch {
    return false;
  }
}

interface CacheOf {
  readonly part: CachePart;
  readonly isReadable: (text: string, ticker: string) => boolean;
}

async function judgeCache(
  stores: OpenStores,
  { part, isReadable }: CacheOf,
  findings: Findings,
): Promise<void> {
  const values = await stores.readCache(
    part,
    quotedInstruments.map(({ ticker }) => marketPriceKey(ticker)),
  );
  for (const { ticker } of quotedInstruments) {
    const key = marketPriceKey(ticker);
    const row = { place: { part, table: "market:price" }, key, certainty: "late" } as const;
    const text = values.get(key);
    if (text === undefined) findings.add(row, "missing", "there is no price");
    else if (!isReadable(text, ticker))
      findings.add(row, "price", `${JSON.stringify(text.slice(0, 60))} is no price of ${ticker}`);
  }
}
