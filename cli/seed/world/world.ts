import { createHash } from "node:crypto";
import { quotedInstruments } from "../../../kit/instruments.js";
import type { BulkRow } from "../../../kit/sql/bulk/bulk.js";
import { makePair, makeUsers, ordersPerPair, type Pair, type Setting } from "./pair.js";
import type {
  CacheBatch,
  CachePart,
  CollectionShape,
  DocumentBatch,
  DocumentPart,
  RowBatch,
  SeedDocument,
  SqlPart,
  TableShape,
} from "./parts.js";
import { makePerson } from "./people.js";
import { createPrices } from "./prices.js";
import { pairDocuments } from "./report-documents.js";
import { sharedRows } from "./shared-rows.js";
import { collectionsOf, commandTable, tablesOf, userTable } from "./tables.js";
import { makeEntries, type Ticks, tickDocuments } from "./ticks.js";
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
 * A data set: the same options give the same rows, on any machine and at every call. Each iteration makes its rows
 * anew, some pairs of users at a time.
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
  /** Of one table, or of all (tablesOf): then a table has its turn more than once. */
  rowsOf(part: SqlPart, table?: string): Iterable<RowBatch>;
  /** The same of one collection, or of all (collectionsOf). */
  documentsOf(part: DocumentPart, collection?: string): Iterable<DocumentBatch>;
  entriesOf(part: CachePart): CacheBatch;
}

/**
 * @param keptPairs so many pairs are kept once made, 80 kB each: for who asks for one table after the other
 * @throws RangeError for options that are none
 */
export function createWorld(options: WorldOptions, keptPairs = 0): World {
  const { randomSeed, scale } = options;
  checkOptions(options);
  const asOfMs = startOfDay(options.asOfMs);
  const pairs = Math.max(1, Math.round(500 * scale));
  const prices = createPrices(randomSeed, asOfMs);
  const setting: Setting = { randomSeed, prices, timeline: createTimeline(asOfMs, pairs) };
  const ticks = { prices, asOfMs, perInstrument: Math.max(1, Math.round(2_000 * scale)) };
  const whole: Whole = { setting, asOfMs, pairs, ticks, keptPairs, kept: [] };
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
      const tables = tablesOf[part].filter(({ name }) => wanted === undefined || name === wanted);
      for (const [table, rows] of inBatches(makeRows(whole, tables))) yield { table, rows };
    },
    *documentsOf(part, wanted) {
      const shapes = collectionsOf[part].filter(({ name }) => wanted === undefined || name === wanted);
      for (const [collection, documents] of inBatches(makeDocuments(whole, shapes)))
        yield { collection, documents };
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

interface Whole {
  readonly setting: Setting;
  readonly asOfMs: number;
  readonly pairs: number;
  readonly ticks: Ticks;
  readonly keptPairs: number;
  readonly kept: Pair[];
}

function* makePairs({ setting, pairs, keptPairs, kept }: Whole): Generator<Pair> {
  for (let pair = 0; pair < pairs; pair++) {
    const made = kept[pair] ?? makePair(setting, pair);
    if (pair < keptPairs) kept[pair] = made;
    yield made;
  }
}

/** What comes next, and what it is. */
type Piece<Shape, Item> = readonly [shape: Shape, items: Iterable<Item>];

/** Of all tables that a pair leaves rows in at once: to make a pair is the work. */
function* makeRows(whole: Whole, tables: readonly TableShape[]): Generator<Piece<TableShape, BulkRow>> {
  const { setting, asOfMs, pairs } = whole;
  for (const table of tables) {
    yield [table, sharedRows.get(table)?.(asOfMs) ?? []];
    if (table === userTable)
      for (let pair = 0; pair < pairs; pair++) yield [table, toUserRows(setting, pair)];
  }
  yield* ofPairs(whole, tables, pairRows);
  if (tables.includes(commandTable)) yield [commandTable, toSessionEnds(setting)];
}

function* makeDocuments(
  whole: Whole,
  collections: readonly CollectionShape[],
): Generator<Piece<CollectionShape, SeedDocument>> {
  yield* ofPairs(whole, collections, pairDocuments);
  for (const collection of collections)
    yield [collection, tickDocuments.get(collection)?.(whole.ticks) ?? []];
}

function* ofPairs<Shape, Item>(
  whole: Whole,
  shapes: readonly Shape[],
  makers: ReadonlyMap<unknown, (pair: Pair) => readonly Item[]>,
): Generator<Piece<Shape, Item>> {
  const made = shapes.flatMap((shape) => {
    const make = makers.get(shape);
    return make === undefined ? [] : [{ shape, make }];
  });
  if (made.length === 0) return;
  for (const pair of makePairs(whole)) for (const { shape, make } of made) yield [shape, make(pair)];
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

/** Those of one shape are the same alone as among others. */
function* inBatches<Shape, Item>(
  pieces: Iterable<Piece<Shape, Item>>,
): Generator<readonly [Shape, readonly Item[]]> {
  const begun = new Map<Shape, Item[]>();
  for (const [shape, items] of pieces) {
    let batch = begun.get(shape) ?? [];
    for (const item of items) {
      if (batch.push(item) < batchSize) continue;
      yield [shape, batch];
      batch = [];
    }
    begun.set(shape, batch);
  }
  for (const [shape, batch] of begun) if (batch.length > 0) yield [shape, batch];
}
