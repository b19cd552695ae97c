import { setImmediate } from "node:timers/promises";
import {
  type Collection,
  type Document,
  type DocumentStore,
  openDocuments,
} from "../../../kit/documents/documents.js";
import type { SeedStore } from "../stores.js";
import type { CollectionShape, DocumentPart } from "../world/parts.js";
import { createWorld } from "../world/world.js";
import { isSame, markName, parseMark, type SeedMark } from "./mark.js";
import type { Filling, PartLoader, Removal } from "./part-loader.js";

export type DocumentPartStore = Extract<SeedStore, { kind: "documents" }> & { readonly part: DocumentPart };

/** The mark, and the ids of the users in documents of their own. */
interface Kept {
  readonly part: DocumentPart;
  readonly mark?: string;
  readonly ids?: readonly string[];
}

/** Collections with what somebody owns, and by which field. */
const owned: Readonly<Record<DocumentPart, readonly (readonly [collection: string, field?: string])[]>> = {
  report: [["order_reports", "owner"], ["statement_lines", "owner"], ["account_reports"]],
  "market-data": [],
};

const atOnce = 1_000;
/** What is deleted of a file is deleted at once, while others wait for it. */
const fewAtOnce = 100;
/** A command that takes out the reports of 1,000 users is a long one. */
const answerTimeoutMs = 120_000;

/** @throws what MongoDB's client, or SQLite, says */
export async function openDocumentLoader(store: DocumentPartStore): Promise<PartLoader> {
  const documents = await openDocuments(
    store.settings.kind === "mongodb"
      ? { ...store.settings, answerTimeoutMs }
      : { ...store.settings, bulk: true },
  );
  const { part } = store;
  const isFile = store.settings.kind === "sqlite";
  const open = () => documents.collection<Kept>(markName, []);
  return {
    store,
    method: isFile ? "INSERT" : "insertMany",
    readMark: async () => parseMark((await (await open()).get(part))?.mark),
    remove: (removal) => remove({ documents, part, atOnce: isFile ? fewAtOnce : atOnce }, removal),
    fill: (filling) => fill(documents, part, filling),
    writeMark: async (mark) => {
      const document: Kept = { part, mark: JSON.stringify(mark) };
      const marks = await open();
      // A mark has no versions of its own; what it says last holds, whatever the clock does.
      const version = ((await marks.getKept(part))?.version ?? 0) + 1;
      await marks.putIfNewer([{ id: part, version, document }]);
    },
    commit: async () => {},
    close: () => documents.close().catch(() => {}),
  };
}

interface Place {
  readonly documents: DocumentStore;
  readonly part: DocumentPart;
  /** Values that one call goes by. */
  readonly atOnce: number;
}

async function remove({ documents, part, atOnce }: Place, { next, signal }: Removal): Promise<number> {
  const marks = await documents.collection<Kept>(markName, []);
  const mark = parseMark((await marks.get(part))?.mark);
  let removed = 0;
  const takeOut = async (collection: Collection<Document>, values: readonly string[], field?: string) => {
    for (let from = 0; from < values.length; from += atOnce) {
      await setImmediate();
      signal.throwIfAborted();
      removed += await collection.deleteAmong(values.slice(from, from + atOnce), field);
    }
  };
  const chunks: string[] = [];
  for (;;) {
    const chunk = `${part}:${chunks.length}`;
    const ids = (await marks.get(chunk))?.ids;
    if (ids === undefined) break;
    chunks.push(chunk);
    for (const [name, field] of owned[part]) {
      const collection = await documents.collection(name, []);
      await takeOut(collection, ids, field);
    }
  }
  // The same prices would come again.
  for (const { name, ids } of mark === undefined || isSame(mark, next) ? [] : nobodys(part, mark)) {
    const collection = await documents.collection(name, []);
    await takeOut(collection, ids);
  }
  // From the last one on, and when all is done: who goes on after an interruption finds them from the first one on.
  for (const chunk of chunks.reverse()) await marks.deleteAmong([chunk]);
  return removed;
}

/** Prices have no owner: they are found by making the data set again, as long as this version makes the same one. */
function* nobodys(part: DocumentPart, mark: SeedMark): Generator<{ name: string; ids: string[] }> {
  const { randomSeed, scale, asOfMs } = mark;
  const world = createWorld({ randomSeed, scale, asOfMs });
  if (world.id !== mark.dataSet) return;
  const names = owned[part].map(([name]) => name);
  for (const { collection, documents } of world.documentsOf(part)) {
    if (names.includes(collection.name)) continue;
    yield { name: collection.name, ids: documents.map(({ id }) => id) };
  }
}

async function fill(
  documents: DocumentStore,
  part: DocumentPart,
  { world, userIds, signal, onRows }: Filling,
): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  let total = 0;
  if (owned[part].length > 0) await keepIds(documents, part, userIds);
  const opened = new Map<string, Collection<Document>>();
  const openCollection = async ({ name, indexes }: CollectionShape) => {
    const known = opened.get(name) ?? (await documents.collection(name, indexes));
    opened.set(name, known);
    return known;
  };
  for (const batch of world.documentsOf(part)) {
    signal.throwIfAborted();
    const collection = await openCollection(batch.collection);
    await collection.insertNew(batch.documents);
    total += batch.documents.length;
    rows[batch.collection.name] = (rows[batch.collection.name] ?? 0) + batch.documents.length;
    onRows(total);
    // Calls of SQLite hold up the whole process: signals have their turn.
    await setImmediate();
  }
  return rows;
}

/** Before the documents themselves: an interrupted run must find what it put there. */
async function keepIds(documents: DocumentStore, part: DocumentPart, userIds: readonly string[]) {
  const marks = await documents.collection<Kept>(markName, []);
  for (let from = 0; from < userIds.length; from += atOnce) {
    const ids = userIds.slice(from, from + atOnce);
    await marks.insertNew([{ id: `${part}:${from / atOnce}`, document: { part, ids } }]);
  }
}
