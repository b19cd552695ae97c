import type { MarketDataEvent, OrderEvent, WalletEvent } from "../../../contracts/messages.js";
import type { AccountReport, OrderReport, PricePoint, StatementLine } from "../../../contracts/rest.js";
import type { Collection, Document, DocumentStore } from "../../../kit/documents/documents.js";
import { once } from "../../shared/once.js";
import {
  type Placed,
  type Snapshot,
  toAccountSnapshot,
  toOrderSnapshot,
  toPricePoint,
  toStatementLine,
} from "../domain/documents.js";

export interface Page {
  readonly limit: number;
  /** Only what is placed below; absent: from the newest. */
  readonly before: string | undefined;
}

/** What the events told, in whatever order and however often they came. */
export interface ReportStore {
  addOrders(events: readonly OrderEvent[]): Promise<void>;
  addMovements(events: readonly WalletEvent[]): Promise<void>;
  addPrices(events: readonly MarketDataEvent[]): Promise<void>;
  /** Newest first, as all that follow. */
  findOrders(userId: string, page: Page): Promise<(OrderReport & Placed)[]>;
  findLines(userId: string, page: Page): Promise<(StatementLine & Placed)[]>;
  findPrices(ticker: string, page: Page): Promise<(PricePoint & Placed)[]>;
  findAccount(userId: string): Promise<AccountReport | undefined>;
}

/** Prices a ticker: 14 hours of one in 5 s. */
const keptPrices = 10_000;
/** How many a ticker may have beyond that. */
const pruneEvery = 500;
const byPlace = [["owner", "place"]];

export function createReportStore(store: DocumentStore): ReportStore {
  const orders = once(() => store.collection<OrderReport & Placed>("order_reports", byPlace));
  const accounts = once(() => store.collection<AccountReport>("account_reports", []));
  const lines = once(() => store.collection<StatementLine & Placed>("statement_lines", byPlace));
  const prices = once(() => store.collection<PricePoint & Placed>("asset_history", byPlace));
  const added = new Map<string, number>();
  return {
    addOrders: async (events) => putHighest(await orders(), events.map(toOrderSnapshot)),
    async addMovements(events) {
      await (await lines()).insertMany(
        new Map(events.map((event) => [event.eventId, toStatementLine(event)])),
      );
      await putHighest(await accounts(), events.map(toAccountSnapshot));
    },
    async addPrices(events) {
      const points = events.map(toPricePoint);
      const history = await prices();
      await history.insertMany(new Map(points.map((point) => [`${point.ticker} ${point.place}`, point])));
      for (const { ticker } of points) {
        // Not all at the same time, though all have their prices at the same time.
        const count = (added.get(ticker) ?? Math.floor(Math.random() * pruneEvery)) + 1;
        added.set(ticker, count % pruneEvery);
        if (count === pruneEvery) await prune(history, ticker);
      }
    },
    findOrders: async (userId, page) => find(await orders(), userId, page),
    findLines: async (userId, page) => find(await lines(), userId, page),
    findPrices: async (ticker, page) => find(await prices(), ticker, page),
    findAccount: async (userId) => (await accounts()).get(userId),
  };
}

/** Of each id the highest only: the others would be replaced at once. */
async function putHighest<T extends Document>(
  collection: Collection<T>,
  snapshots: readonly Snapshot<T>[],
): Promise<void> {
  const highest = new Map<string, Snapshot<T>>();
  for (const snapshot of snapshots) {
    if (snapshot.version > (highest.get(snapshot.id)?.version ?? -1)) highest.set(snapshot.id, snapshot);
  }
  await collection.putIfNewer([...highest.values()]);
}

const newestFirst = { field: "place", direction: "descending" } as const;

function find<T extends Placed>(
  collection: Collection<T>,
  owner: string,
  { limit, before }: Page,
): Promise<T[]> {
  const range = before === undefined ? {} : { range: { field: "place", before } };
  return collection.find({ equal: { owner }, ...range, sort: newestFirst, limit });
}

async function prune(history: Collection<PricePoint & Placed>, owner: string): Promise<void> {
  const [oldest] = await history.find({
    equal: { owner },
    sort: newestFirst,
    limit: 1,
    offset: keptPrices - 1,
  });
  if (oldest === undefined) return;
  await history.deleteMany({ equal: { owner }, range: { field: "place", before: oldest.place } });
}
