import { createHash } from "node:crypto";
import { quotedInstruments } from "../../../kit/instruments.js";
import type { BulkRow } from "../../../kit/sql/bulk/bulk.js";
import { makePair, makeUsers, ordersPerPair, type Pair, type Setting } from "./pair.js";
import type {
  CacheBatch,
  CachePart,
  DocumentBatch,
  DocumentPart,
  RowBatch,
  SqlPart,
  TableShape,
} from "./parts.js";
import { makePerson } from "./people.js";
import { createPrices } from "./prices.js";
import { pairDocuments } from "./report-documents.js";
import { sharedRows } from "./shared-rows.js";
import { collectionsOf, commandTable, tablesOf, userTable } from "./tables.js";
import { makeEntries, tickDocuments } from "./ticks.js";
import { createTimeline, historyDays, startOfDay } from "./timeline.js";
import { pairRows } from "./user-rows.js";

export interface WorldOptions {
  /** 0 to 4,294,967,295; another one gives other users, orders and prices. */
  readonly randomSeed: number;
  /** 1: 1,000 users, 20,000 orders, 100,000 ticks; 0.01 to 100. */
  readonly scale: number;
  /** Unix time. Everything happened in the 30 days before; rounded down to the start of its day in Sao Paulo. */
  readonly asOfMs: number;
}

/** In the place of every password hash: the loader puts that of SEED_USER_PASSWORD there. */
export const passwordHashPlaceholder = "{password-hash}";

/** Another generator makes another data set of the same options. */
const generatorVersion = 1;
const batchSize = 1_000;

/**
 * A data set: the same options give the same rows, on any machine and at every call. Nothing is kept: each iteration
 * makes its rows anew, a pair of users at a time.
 *
 * The exchange's numbers (sequence of commands, ids of results) are below zero, so that they come before all that an
 * exchange counts from 1, and never meet what a running one has.
 */
export interface World {
  /** Six hex digits: of the generator's version, seed and scale. */
  readonly id: string;
  readonly options: WorldOptions;
  /** As rounded: all times are offsets from it. */
  readonly asOfMs: number;
  readonly counts: { readonly users: number; readonly orders: number; readonly ticks: number };
  /** Of the first user. */
  readonly loginEmail: string;
  /** Of one table, or of all in turn (tablesOf). */
  rowsOf(part: SqlPart, table?: string): Iterable<RowBatch>;
  /** Of one collection, or of all in turn (collectionsOf). */
  documentsOf(part: DocumentPart, collection?: string): Iterable<DocumentBatch>;
  entriesOf(part: CachePart): CacheBatch;
}

/** @throws RangeError for options that are none */
export function createWorld(options: WorldOptions): World {
  const { randomSeed, scale } = options;
  checkOptions(options);
  const asOfMs = startOfDay(options.asOfMs);
  const pairs = Math.max(1, Math.round(500 * scale));
  const prices = createPrices(randomSeed, asOfMs);
  const setting: Setting = { randomSeed, prices, timeline: createTimeline(asOfMs, pairs) };
  const ticks = { prices, asOfMs, perInstrument: Math.max(1, Math.round(2_000 * scale)) };
  return {
    id: createHash("sha256").update(`${generatorVersion}/${randomSeed}/${scale}`).digest("hex").slice(0, 6),
    options,
    asOfMs,
    counts: {
      users: 2 * pairs,
      orders: ordersPerPair * pairs,
      ticks: quotedInstruments.length * ticks.perInstrument,
    },
    loginEmail: makePerson(randomSeed, 0).email,
    *rowsOf(part, wanted) {
      for (const table of tablesOf[part].filter(({ name }) => wanted === undefined || name === wanted)) {
        for (const rows of inBatches(rowsOfTable({ setting, asOfMs, pairs }, table))) yield { table, rows };
      }
    },
    *documentsOf(part, wanted) {
      for (const collection of collectionsOf[part]) {
        if (wanted !== undefined && collection.name !== wanted) continue;
        const ofPair = pairDocuments.get(collection);
        const documents =
          ofPair === undefined
            ? (tickDocuments.get(collection)?.(ticks) ?? [])
            : flatten(makePairs(setting, pairs), ofPair);
        for (const batch of inBatches(documents)) yield { collection, documents: batch };
      }
    },
    entriesOf: (part) => makeEntries(part, asOfMs),
  };
}

function checkOptions({ randomSeed, scale, asOfMs }: WorldOptions): void {
  if (!Number.isInteger(randomSeed) || randomSeed < 0 || randomSeed > 0xffffffff) {
    throw new RangeError(`${randomSeed} is no seed: a whole number from 0 to 4294967295`);
  }
  if (!(scale >= 0.01 && scale <= 100)) throw new RangeError(`${scale} is no scale: 0.01 to 100`);
  if (!Number.isSafeInteger(asOfMs)) throw new RangeError(`${asOfMs} is no time in ms`);
}

function* makePairs(setting: Setting, pairs: number): Generator<Pair> {
  for (let pair = 0; pair < pairs; pair++) yield makePair(setting, pair);
}

interface Whole {
  readonly setting: Setting;
  readonly asOfMs: number;
  readonly pairs: number;
}

function* rowsOfTable({ setting, asOfMs, pairs }: Whole, table: TableShape): Generator<BulkRow> {
  yield* sharedRows.get(table)?.(asOfMs) ?? [];
  if (table === userTable) for (let pair = 0; pair < pairs; pair++) yield* toUserRows(setting, pair);
  const ofPair = pairRows.get(table);
  if (ofPair !== undefined) yield* flatten(makePairs(setting, pairs), ofPair);
  if (table === commandTable) yield* toSessionEnds(setting);
}

function toUserRows(setting: Setting, pair: number): BulkRow[] {
  const { users, registeredMs } = makeUsers(setting, pair);
  return users.map(({ userId }, place) => {
    const { name, email, cpf } = makePerson(setting.randomSeed, 2 * pair + place);
    return [userId, name, email, passwordHashPlaceholder, "USER", registeredMs, 1, cpf];
  });
}

function toSessionEnds({ timeline }: Setting): BulkRow[] {
  return Array.from({ length: historyDays }, (_, day) => {
    const { sequence, matchedMs, sessionDate } = timeline.sessionEnd(day, 0);
    return [sequence, "SESSION_END", null, matchedMs, JSON.stringify(sessionDate)];
  });
}

function* flatten<From, To>(items: Iterable<From>, expand: (item: From) => Iterable<To>): Generator<To> {
  for (const item of items) yield* expand(item);
}

function* inBatches<T>(items: Iterable<T>): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    if (batch.push(item) < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
