import type { Collection as MongoCollection, Filter as MongoFilter } from "mongodb";
import {
  type Collection,
  checkNames,
  checkPage,
  type Document,
  type DocumentSettings,
  type DocumentStore,
  type Filter,
} from "./documents.js";

/** The fields of the document stand beside ours, so that anyone who opens the collection sees what they expect. */
interface Stored {
  readonly _id: string;
  readonly _version?: number;
  readonly [field: string]: unknown;
}

const timeoutMs = 3_000;
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
    socketTimeoutMS: 12_000,
    maxPoolSize: 4,
    waitQueueTimeoutMS: timeoutMs,
    // What was acknowledged has reached the server's journal, as with the other stores.
    writeConcern: { w: 1, journal: true },
  });
  const database = client.db(settings.database);
  return {
    async collection(name, indexes) {
      checkNames(name, ...indexes.flat());
      const collection = database.collection<Stored>(name);
      for (const fields of indexes) {
        await collection.createIndex(Object.fromEntries([...fields, "_id"].map((field) => [field, 1])));
      }
      return makeCollection(collection);
    },
    ping: async () => void (await database.command({ ping: 1 })),
    close: () => client.close(),
  };
}

/** Runs the works of one id after each other: FerretDB, unlike MongoDB, reads and replaces in two steps. */
function queueById(): <R>(id: string, work: () => Promise<R>) => Promise<R> {
  const last = new Map<string, Promise<unknown>>();
  return (id, work) => {
    const mine = (last.get(id) ?? Promise.resolve()).then(work, work);
    const leave = () => void (last.get(id) === mine && last.delete(id));
    last.set(id, mine);
    mine.then(leave, leave);
    return mine;
  };
}

function makeCollection<T extends Document>(collection: MongoCollection<Stored>): Collection<T> {
  const inTurn = queueById();
  const replaceOlder = async (id: string, stored: Omit<Stored, "_id">) =>
    (await collection.replaceOne({ _id: id, _version: { $lt: Number(stored._version) } }, stored))
      .matchedCount === 1;
  const putOrReplace = async (id: string, stored: Omit<Stored, "_id">) => {
    if (await replaceOlder(id, stored)) return true;
    try {
      await collection.insertOne({ _id: id, ...stored });
      return true;
    } catch (error) {
      if (codeOf(error) !== duplicateKey) throw error;
      // There was one, or another process put one since: it may still be older.
      return replaceOlder(id, stored);
    }
  };
  return {
    putIfNewer: (id, version, document) =>
      inTurn(id, () => putOrReplace(id, { _version: version, ...document })),
    get: async (id) => strip<T>(await collection.findOne({ _id: id })),
    insertMany: async (documents) => {
      const all = [...documents].map(([id, document]) => ({ _id: id, ...document }) as Stored);
      if (all.length === 0) return 0;
      const { MongoBulkWriteError } = await import("../drivers/mongodb.js");
      try {
        return (await collection.insertMany(all, { ordered: false })).insertedCount;
      } catch (error) {
        if (!(error instanceof MongoBulkWriteError)) throw error;
        if ([error.writeErrors].flat().some(({ code }) => code !== duplicateKey)) throw error;
        return error.insertedCount;
      }
    },
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
  };
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

function strip<T>(stored: Stored | null): T | undefined {
  if (stored === null) return undefined;
  const { _id, _version, ...document } = stored;
  return document as T;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
