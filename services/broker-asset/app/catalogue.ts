import type { Asset } from "../../../contracts/rest.js";
import { within } from "../../../kit/within.js";
import { unavailable } from "../../shared/http/problem.js";
import type { AssetStore } from "./ports.js";

export interface Catalogue {
  list(): Promise<Asset[]>;
  find(ticker: string): Promise<Listed | undefined>;
}

interface Listed {
  readonly asset: Asset;
  /** Whose price it has. */
  readonly baseTicker: string;
}

/** So long a change that somebody makes in the database may go unseen. */
const freshMs = 2_000;
/** Who asks waits so long for the database: where there is an earlier answer, and where there is none. */
const patienceMs = { again: 300, first: 2_000 };

/**
 * The assets in memory: every order asks for one. They are read again when somebody asks after two seconds, so an idle
 * service reads nothing; while the database is away those that were read last hold.
 */
export function createCatalogue(store: Pick<AssetStore, "loadAssets">, now = Date.now): Catalogue {
  let assets: ReadonlyMap<string, Listed> | undefined;
  let dueMs = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;
  const load = async () => {
    const rows = await store.loadAssets();
    assets = new Map(rows.flatMap(withOddLot).map((listed) => [listed.asset.ticker, listed]));
  };
  const current = async () => {
    if (assets === undefined || now() >= dueMs) {
      // Before the answer, or each request would wait for a database that gives none.
      dueMs = now() + freshMs;
      loading ??= load().finally(() => {
        loading = undefined;
      });
      await within(loading, assets === undefined ? patienceMs.first : patienceMs.again).catch(() => {});
    }
    if (assets === undefined) throw unavailable("CATALOGUE_UNAVAILABLE", "The assets cannot be read.");
    return assets;
  };
  return {
    list: async () => [...(await current()).values()].map(({ asset }) => asset),
    find: async (ticker) => (await current()).get(ticker),
  };
}

/** The odd-lot book of a share has its name, status and price. */
function withOddLot(asset: Asset): Listed[] {
  const { ticker: baseTicker, kind } = asset;
  const oddLot = { ...asset, ticker: `${baseTicker}F`, lotSize: 1 };
  return [asset, ...(kind === "SHARE" ? [oddLot] : [])].map((listed) => ({ asset: listed, baseTicker }));
}
