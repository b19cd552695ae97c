import type { Generated } from "kysely";
import type { Asset } from "../../../contracts/rest.js";
import { quotedInstruments } from "../../../kit/instruments.js";
import { toPayload } from "../../../kit/money.js";
import {
  readMoney,
  readTimestamp,
  type SqlMoney,
  type SqlTimestamp,
  type Timestamp,
} from "../../../kit/sql/columns.js";
import type { Database } from "../../../kit/sql/database.js";
import type { AssetStore, KnownPrice } from "../app/ports.js";

/** Tables of asset-db. */
export interface AssetTables {
  readonly assets: {
    readonly ticker: string;
    readonly name: string;
    readonly kind: Asset["kind"];
    readonly lot_size: number;
    readonly tick: SqlMoney;
    readonly status: Generated<Asset["status"]>;
  };
  readonly asset_prices: {
    readonly ticker: string;
    readonly price: SqlMoney;
    readonly updated_at: SqlTimestamp;
  };
}

export function createAssetStore({ db, dialect }: Database<AssetTables>): AssetStore {
  return {
    async loadAssets() {
      const rows = await db.selectFrom("assets").selectAll().orderBy("ticker").execute();
      return rows.map(({ lot_size: lotSize, tick, ...row }) => {
        return { ...row, lotSize, tick: toPayload(readMoney(tick)) };
      });
    },
    async loadPrices() {
      const rows = await db.selectFrom("asset_prices").selectAll().execute();
      return rows.map(({ ticker, price, updated_at }) => {
        return { ticker, price: readMoney(price), updatedAtMs: readTimestamp(updated_at) / 1_000 };
      });
    },
    async savePrices(prices: readonly KnownPrice[]) {
      const rows = prices.map(({ ticker, price, updatedAtMs }) => ({
        ticker,
        price: dialect.money(price),
        updated_at: dialect.timestamp((updatedAtMs * 1_000) as Timestamp),
      }));
      const query = db.insertInto("asset_prices").values(rows);
      await dialect.upsert(query, ["ticker"], ["price", "updated_at"]).execute();
    },
  };
}

/** All instruments as they are now; a status that somebody has set stays. */
export async function seed({ db, dialect }: Database<AssetTables>): Promise<void> {
  const rows = quotedInstruments.map(({ ticker, name, kind, lotSize, tick }) => {
    return { ticker, name, kind, lot_size: lotSize, tick: dialect.money(tick) };
  });
  const query = db.insertInto("assets").values(rows);
  await dialect.upsert(query, ["ticker"], ["name", "kind", "lot_size", "tick"]).execute();
}
