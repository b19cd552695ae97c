import type { Collection as MongoCollection, Filter as MongoFilter } from "mongodb";
import { createSerial } from "../serial.js";
import {
  type Collection,
  checkNames,
  checkPage,
  type Document,
  type DocumentSettings,
  type DocumentStore,
  type Filter,
  type Kept,
} from "./documents.js";

/** The fields of the document stand beside ours, so that anyone who opens the collection sees what they expect. */
interface Stored {
  readonly _id: string;
  readonly _version?: number;
  readonly [field: string]: unknown;
}

const timeoutMs = 3_000;
const answerTimeoutMs = 12_000;
const maxConnections = 4;
/**
 * FerretDB on SQLite keeps a read open for each document that a command replaces, until the command ends. It has 100
 * for a database, and where they run out the command waits for itself, and all others for it, until a restart. On all
 * our connections at once it is 4 × (20 and the write) of them.
 */
const maxReplacements = 20;
/**
 * FerretDB takes out what it has found in one statement, which SQLite gives 32,766 values: some hundred documents each
 * of as many owners.
 */
const maxOwners = 250;
const duplicateKey = 11_000;

export async function openMongoDocuments(
  settings: Extract<DocumentSettings, { kind: "mongodb" }>,
): Promise<DocumentStore> {
  const { MongoClient } = await import("../drivers/mongodb.js");
  const { host, port, user, password } = settings;
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, {
    auth: { username: user, password },
    connectTimeoutMS: timeoutMs,
    serverSelectionTimeoutMS: timeoutMs,
    socketTimeoutMS: settings.answerTimeoutMs ?? answerTimeoutMs,
    maxPoolSize: maxConnections,
    waitQueueTimeoutMS: timeoutMs,
    // What was acknowledged has reached the server's journal, as with the other stores.
    writeConcern: { w: 1, journal: true },
  });
  const database = client.db(settings.database);
  let readable: MongoCollection<Stored> | undefined;
  return {
    async collection(name, indexes) {
      checkNames(name, ...indexes.flat());
      const collection = database.collection<Stored>(name);
      for (const fields of indexes) {
        await collection.createIndex(Object.fromEntries([...fields, "_id"].map((field) => [field, 1])));
      }
      readable ??= collection;
      return makeCollection(collection);
    },
    // The command of that name is answered by servers that can neither read nor write.
    ping: async () => void (await (readable?.findOne() ?? database.command({ ping: 1 }))),
    close: () => client.close(),
  };
}

function makeCollection<T extends Document>(collection: MongoCollection<Stored>): Collection<T> {
  // FerretDB, unlike MongoDB, reads and replaces in two steps.
  const inTurn = createSerial();
  const replaceOlder = async (all: readonly Stored[]) => {
    const updates = all.map(({ _id, ...replacement }) => ({
      replaceOne: { filter: { _id, _version: { $lt: Number(replacement._version) } }, replacement },
    }));
    let replaced = 0;
    for (let start = 0; start < updates.length; start += maxReplacements) {
      const some = updates.slice(start, start + maxReplacements);
      replaced += (await collection.bulkWrite(some, { ordered: false })).matchedCount;
    }
    return replaced;
  };
  /** FerretDB does not do both at once, as an upsert with a condition on the version. */
  const replaceOrInsert = async (all: readonly Stored[]) => {
    const replaced = await replaceOlder(all);
    if (replaced === all.length) return replaced;
    const kept = replaced + (await insertMissing(collection, all));
    // Another process may have put one since, which may still be older.
    return kept === all.length ? kept : kept + (await replaceOlder(all));
  };
  const insertNew: Collection<T>["insertNew"] = async (documents) => {
    const all = documents.map(({ id, version, document }) => {
      return { _id: id, ...(version === undefined ? {} : { _version: version }), ...document } as Stored;
    });
    return all.length === 0 ? 0 : insertMissing(collection, all);
  };
  return {
    putIfNewer: async (puts) => {
      const all = puts.map(({ id, version, document }) => ({ _id: id, _version: version, ...document }));
      return all.length === 0 ? 0 : inTurn(() => replaceOrInsert(all as Stored[]));
    },
    get: async (id) => strip<T>(await collection.findOne({ _id: id })),
    getKept: async (id) => {
      const found = await collection.findOne({ _id: id });
      return found === null ? undefined : toKept<T>(found);
    },
    scan: (order = "by id") => scan(collection, order),
    insertMany: (documents) => insertNew([...documents].map(([id, document]) => ({ id, document }))),
    insertNew,
    find: async (options) => {
      checkPage(options);
      const direction = options.sort?.direction === "descending" ? -1 : 1;
      const order = [...(options.sort === undefined ? [] : [options.sort.field]), "_id"];
      const found = collection
        .find(toQuery(options))
        .sort(Object.fromEntries(order.map((field) => [field, direction])))
        .skip(options.offset ?? 0)
        .limit(options.limit);
      return (await found.toArray()).map((stored) => strip<T>(stored) as T);
    },
    count: (filter = {}) => collection.countDocuments(toQuery(filter)),
    deleteMany: async (filter) => (await collection.deleteMany(toQuery(filter))).deletedCount,
    deleteAmong: async (values, field) => {
      if (field !== undefined) checkNames(field);
      return field === undefined ? deleteIds(collection, values) : deleteOwned(collection, field, values);
    },
  };
}

/** Each by itself: for many ids in one question FerretDB reads the whole of a collection. */
async function deleteIds(collection: MongoCollection<Stored>, ids: readonly string[]): Promise<number> {
  const deletes = ids.map((_id) => ({ deleteOne: { filter: { _id } } }));
  return deletes.length === 0 ? 0 : (await collection.bulkWrite(deletes, { ordered: false })).deletedCount;
}

async function deleteOwned(
  collection: MongoCollection<Stored>,
  field: string,
  values: readonly string[],
): Promise<number> {
  let deleted = 0;
  for (let first = 0; first < values.length; first += maxOwners) {
    const among = { [field]: { $in: values.slice(first, first + maxOwners) } } as MongoFilter<Stored>;
    deleted += (await collection.deleteMany(among)).deletedCount;
  }
  return deleted;
}

/** Returns how many were not there. */
async function insertMissing(
  collection: MongoCollection<Stored>,
  documents: readonly Stored[],
): Promise<number> {
  const { MongoBulkWriteError } = await import("../drivers/mongodb.js");
  try {
    return (await collection.insertMany([...documents], { ordered: false })).insertedCount;
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    if ([error.writeErrors].flat().some(({ code }) => code !== duplicateKey)) throw error;
    return error.insertedCount;
  }
}

function toQuery({ equal = {}, range }: Filter): MongoFilter<Stored> {
  checkNames(...Object.keys(equal), ...(range === undefined ? [] : [range.field]));
  const query: Record<string, unknown> = Object.fromEntries(
    Object.entries(equal).map(([field, value]) => [field, { $eq: value }]),
  );
  if (range === undefined) return query as MongoFilter<Stored>;
  const bounds = {
    ...(range.from === undefined ? {} : { $gte: range.from }),
    ...(range.before === undefined ? {} : { $lt: range.before }),
  };
  const condition = { [range.field]: bounds } as MongoFilter<Stored>;
  return { $and: [query as MongoFilter<Stored>, condition] };
}

const scanSize = 1_000;

/** One cursor: FerretDB reads all of a collection for every page that is asked for by itself. */
async function* scan<T extends Document>(
  collection: MongoCollection<Stored>,
  order: "by id" | "any",
): AsyncGenerator<readonly Kept<T>[]> {
  const found = collection.find().batchSize(scanSize);
  const cursor = order === "any" ? found : found.sort({ _id: 1 });
  try {
    while (await cursor.hasNext()) yield cursor.readBufferedDocuments().map((stored) => toKept<T>(stored));
  } finally {
    await cursor.close();
  }
}

function toKept<T extends Document>(stored: Stored): Kept<T> {
  return { id: stored._id, version: stored._version ?? null, document: strip<T>(stored) as T };
}

function strip<T>(stored: Stored | null): T | undefined {
  if (stored === null) return undefined;
  const { _id, _version, ...document } = stored;
  return document as T;
}
