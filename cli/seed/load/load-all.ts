import type { LoadedPart, PartProgress, SeedPorts } from "../run-seed.js";
import { explainStoreError } from "../store-errors.js";
import type { SeedPart } from "../world/parts.js";
import type { World } from "../world/world.js";
import { expectRows } from "./expected-rows.js";
import type { SeedMark } from "./mark.js";
import { isSqlLoader, type OpenPart } from "./open-loaders.js";
import type { Filling, PartLoader } from "./part-loader.js";
import { ordersOfUsers } from "./removals.js";
import { idTable, prepareTables, type SqlLoader } from "./sql-loader.js";

export interface LoadRequest {
  /** All that are open. */
  readonly parts: readonly OpenPart[];
  /** Those that are to be loaded. */
  readonly due: readonly OpenPart[];
  readonly world: World;
  readonly mark: Omit<SeedMark, "rows" | "state">;
  readonly passwordHash: string;
  readonly ports: Pick<SeedPorts, "signal" | "onProgress" | "whileEngineStands">;
}

/** In this order their transactions end: what others refer to comes first. */
const commitOrder: readonly SeedPart[] = ["wallet", "exchange", "order", "identity", "asset"];

/**
 * Takes out what the marks name and puts the data set in. The databases load at once, each in a transaction, which are
 * committed when all have their rows; what knows no transactions comes after them. The matching engine stands still
 * only while its own database is changed.
 */
export async function loadAll(request: LoadRequest): Promise<LoadedPart[]> {
  const sql = request.due.filter(({ loader }) => isSqlLoader(loader));
  const others = request.due.filter(({ loader }) => !isSqlLoader(loader));
  const userIds = listUsers(request.world);
  const failed = new AbortController();
  const signal = AbortSignal.any([request.ports.signal, failed.signal]);
  const ports = { ...request.ports, signal };
  const loadPart = (part: OpenPart) =>
    orAbandon(load(part, { ...request, ports }, userIds), signal).catch((error: unknown) => {
      // What the others would still do is undone anyway.
      failed.abort(error);
      throw error;
    });
  for (const { loader } of sql) await named(loader, () => prepareTables((loader as SqlLoader).session));
  for (const { loader } of sql)
    await named(loader, async () => loader.stage?.(fillingOf(loader, { ...request, ports }, userIds)));
  const change = () =>
    changeDatabases(sql, { loadPart, prepare: (parts) => collectOrders(request.parts, parts), ports });
  const loaded = await (sql.some(({ loader }) => loader.store.part === "exchange")
    ? ports.whileEngineStands(change)
    : change());
  return [...loaded, ...(await loadOthers(others, loadPart))];
}

/** A file is locked from its turn until all are committed. Who has that of the exchange stands still anyway. */
const lockOrder: readonly SeedPart[] = ["exchange", "wallet", "order", "identity", "asset"];

interface Steps {
  /** Asked for some parts right before they are loaded. */
  prepare(parts: readonly OpenPart[]): Promise<void>;
  loadPart(part: OpenPart): Promise<LoadedPart>;
  readonly ports: Pick<SeedPorts, "onProgress">;
}

async function changeDatabases(sql: readonly OpenPart[], steps: Steps): Promise<LoadedPart[]> {
  const loaded = await loadDatabases(sql, steps);
  for (const part of commitOrder) {
    const found = sql.find(({ loader }) => loader.store.part === part)?.loader;
    if (found === undefined) continue;
    await named(found, () => found.commit());
    steps.ports.onProgress({ loader: found, phase: "done", rows: total(loaded, part) });
  }
  return loaded;
}

/** Servers at once; files one after the other, with what was made ready. */
async function loadDatabases(sql: readonly OpenPart[], { prepare, loadPart }: Steps): Promise<LoadedPart[]> {
  if (sql.every(({ loader }) => loader.stage === undefined)) {
    await prepare(sql);
    return allOrFirstFailure(sql.map(loadPart));
  }
  const loaded: LoadedPart[] = [];
  for (const part of lockOrder)
    for (const open of sql.filter(({ loader }) => loader.store.part === part)) {
      await prepare([open]);
      loaded.push(await loadPart(open));
    }
  return loaded;
}

/** Servers at once; files one after the other: two connections that take turns forget what they have read of a file. */
async function loadOthers(others: readonly OpenPart[], loadPart: Steps["loadPart"]): Promise<LoadedPart[]> {
  if (others.some(({ loader }) => loader.method !== "INSERT")) return allOrFirstFailure(others.map(loadPart));
  const loaded: LoadedPart[] = [];
  for (const part of others) loaded.push(await loadPart(part));
  return loaded;
}

function listUsers(world: World): string[] {
  const ids: string[] = [];
  for (const { table, rows } of world.rowsOf("identity")) {
    const place = table.columns.findIndex(({ name }) => name === "user_id");
    for (const row of rows) ids.push(String(row[place]));
  }
  return ids;
}

async function load(
  { loader, mark }: OpenPart,
  request: LoadRequest,
  userIds: readonly string[],
): Promise<LoadedPart> {
  const { ports } = request;
  const tell = createTell(loader, request);
  return named(loader, async () => {
    let removed = 0;
    const sql = isSqlLoader(loader);
    if (mark !== undefined) {
      tell("removing", 0);
      // Where there is no transaction the mark says first that only some of it may be there.
      if (!sql) await loader.writeMark({ ...mark, state: "loading" });
      removed = await loader.remove({ next: request.mark, signal: ports.signal });
    }
    ports.signal.throwIfAborted();
    if (!sql) await loader.writeMark({ ...request.mark, rows: {}, state: "loading" });
    const rows = await loader.fill(fillingOf(loader, request, userIds));
    await loader.writeMark({ ...request.mark, rows, state: "complete" });
    tell(sql ? "waiting" : "done", sum(rows));
    return { part: loader.store.part, store: loader.store.store, method: loader.method, rows, removed };
  });
}

type Tell = (phase: PartProgress["phase"], rows: number) => void;

function createTell(loader: PartLoader, { world, ports }: LoadRequest): Tell {
  const expected = expectRows(loader.store.part, world.counts);
  return (phase, rows) => ports.onProgress({ loader, phase, rows, expected });
}

function fillingOf(loader: PartLoader, request: LoadRequest, userIds: readonly string[]): Filling {
  const { world, passwordHash, ports } = request;
  const tell = createTell(loader, request);
  return { world, passwordHash, userIds, signal: ports.signal, onRows: (rows) => tell("loading", rows) };
}

/**
 * Exchange and wallet know some orders by nothing but their ids, and whose they are broker-order says: it is asked
 * before anything is taken out there.
 */
async function collectOrders(parts: readonly OpenPart[], due: readonly OpenPart[]): Promise<void> {
  const find = (list: readonly OpenPart[], wanted: readonly SeedPart[]) =>
    list
      .filter(({ loader, mark }) => wanted.includes(loader.store.part) && mark !== undefined)
      .map(({ loader }) => loader as SqlLoader);
  const takers = find(due, ["exchange", "wallet"]);
  const [orders] = takers.length > 0 ? find(parts, ["order"]) : [];
  for (let last: string | undefined = ""; orders !== undefined && last !== undefined; ) {
    const from: string = last;
    const page = await named(orders, () => orders.session.query<{ order_id: string }>(ordersOfUsers, [from]));
    const ids = page.map(({ order_id }) => [order_id]);
    for (const taker of takers) await named(taker, () => taker.session.load(idTable, ids));
    last = page.at(-1)?.order_id;
  }
}

/** All are waited for, so that none still works when the others are closed. */
async function allOrFirstFailure<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

const graceMs = 500;

/**
 * A statement or command that takes out many rows may take a server a minute: once this is aborted it has a moment to
 * end, and then it is left to end with its connection.
 */
function orAbandon<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const abandoned = new Promise<never>((_, reject) => {
    const abandon = () => void setTimeout(() => reject(signal.reason), graceMs).unref();
    signal.addEventListener("abort", abandon, { once: true });
  });
  abandoned.catch(() => {});
  return Promise.race([work, abandoned]);
}

/** A failure is told with the name of its store. */
async function named<Result>({ store }: PartLoader, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw explainStoreError(error, store);
  }
}

const sum = (rows: Readonly<Record<string, number>>) =>
  Object.values(rows).reduce((all, one) => all + one, 0);

function total(loaded: readonly LoadedPart[], part: SeedPart): number {
  return sum(loaded.find((one) => one.part === part)?.rows ?? {});
}
