import type { Asset } from "../../../contracts/rest.js";
import type { Money } from "../../../kit/money.js";

export interface KnownPrice {
  readonly ticker: string;
  readonly price: Money;
  /** Unix time. */
  readonly updatedAtMs: number;
}

/** asset-db. */
export interface AssetStore {
  loadAssets(): Promise<Asset[]>;
  loadPrices(): Promise<KnownPrice[]>;
  /** In place of earlier ones. */
  savePrices(prices: readonly KnownPrice[]): Promise<void>;
}

/** broker-asset-cache, on which nothing depends: neither method rejects. */
export interface PriceCache {
  /** undefined: it has none, or it cannot be asked. */
  read(ticker: string): Promise<Money | undefined>;
  /** Those that changed; all that are known when it has missed some. */
  write(known: ReadonlyMap<string, KnownPrice>, changed: ReadonlySet<string>): Promise<void>;
}
