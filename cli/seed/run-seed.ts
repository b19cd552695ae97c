import { randomBytes } from "node:crypto";
import { derivePasswordKey, formatPasswordHash, saltBytes } from "../../kit/password-hash.js";
import { keepHeapSmall } from "./keep-heap-small.js";
import { loadAll } from "./load/load-all.js";
import { isSame, type SeedMark } from "./load/mark.js";
import { type OpenPart, openLoaders } from "./load/open-loaders.js";
import type { PartLoader } from "./load/part-loader.js";
import { explainStoreError } from "./store-errors.js";
import type { SeedStores } from "./stores.js";
import { checksumWorld } from "./world/checksum.js";
import type { SeedPart } from "./world/parts.js";
import { createWorld, type World } from "./world/world.js";

export interface SeedWish {
  /** What is not said stays as in the data set that is there; without one 42, 1 and the start of today. */
  readonly randomSeed?: number;
  readonly scale?: number;
  readonly asOfMs?: number;
  /** Stores by their service in the compose file; absent: all. */
  readonly only?: ReadonlySet<string>;
  /** Take out what is there and put it in anew, also where it is the same. */
  readonly reset: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/** What the seed needs of whoever runs it. */
export interface SeedPorts {
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** SEED_USER_PASSWORD, of all users of the data set. */
  readonly password: string;
  /** Asked before rows of users are taken out by --reset; false: nothing is done. */
  confirm(users: number): Promise<boolean>;
  /** Brings the schema of a service's database up to date, where it is not. */
  migrate(loader: PartLoader): Promise<void>;
  /** Runs the work while no other command changes the project. */
  whileLocked<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Runs the work while the matching engine stands still. */
  whileEngineStands<Result>(work: () => Promise<Result>): Promise<Result>;
  onProgress(progress: PartProgress): void;
  note(text: string): void;
}

export interface PartProgress {
  readonly loader: PartLoader;
  readonly phase: "removing" | "loading" | "waiting" | "done";
  readonly rows: number;
  /** How many there will be, about; absent where nobody knows. */
  readonly expected?: number;
}

export interface SeedOutcome {
  readonly kind: "present" | "loaded" | "declined" | "planned";
  readonly world: World;
  readonly checksum: string;
  /** By part, as it is there now. */
  readonly marks: ReadonlyMap<SeedPart, SeedMark>;
  /** What was loaded in this run. */
  readonly loaded: readonly LoadedPart[];
}

export interface LoadedPart {
  readonly part: SeedPart;
  readonly store: string;
  readonly method: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly removed: number;
}

/**
 * Brings the stores to the data set that is wished for; where it is there already nothing is done.
 * @throws MybrokerError seed.*: no store has half of the data set then; a later run goes on
 */
export async function runSeed(stores: SeedStores, wish: SeedWish, ports: SeedPorts): Promise<SeedOutcome> {
  // The marks of the others say which data set there is.
  const parts = await openLoaders(stores);
  try {
    const marks = parts.flatMap(({ mark }) => mark ?? []);
    const world = chooseWorld(marks, wish, ports.nowMs);
    const chosen = parts.filter(({ loader }) => wish.only?.has(loader.store.store) ?? true);
    const isThere = ({ mark }: OpenPart) =>
      mark?.state === "complete" && isSame(mark, { dataSet: world.id, asOfMs: world.asOfMs });
    const due = wish.reset ? chosen : chosen.filter((part) => !isThere(part));
    const known = marks.find(
      (mark) => mark.state === "complete" && isSame(mark, { dataSet: world.id, asOfMs: world.asOfMs }),
    );
    const outcome = { world, marks: marksOf(parts), loaded: [] };
    if (due.length === 0) return { ...outcome, kind: "present", checksum: known?.checksum ?? "" };
    if (wish.dryRun)
      return { ...outcome, kind: "planned", checksum: known?.checksum ?? "", loaded: due.map(plan) };
    const there = due.some(({ mark }) => mark !== undefined);
    if (wish.reset && there && !(await ports.confirm(world.counts.users)))
      return { ...outcome, kind: "declined", checksum: known?.checksum ?? "" };
    tellOthers(parts, chosen, world, ports);
    keepHeapSmall();
    const checksum = known?.checksum ?? (await checksumOf(world, ports));
    const loaded = await ports.whileLocked(() => load({ parts, due, world, checksum, ports }));
    return { world, checksum, kind: "loaded", ...loaded };
  } finally {
    await Promise.all(parts.map(({ loader }) => loader.close()));
  }
}

async function checksumOf({ options }: World, { signal }: SeedPorts): Promise<string> {
  return (await checksumWorld({ ...options, signal })).total;
}

function plan({ loader: { store, method }, mark }: OpenPart): LoadedPart {
  const removed = Object.values(mark?.rows ?? {}).reduce((sum, rows) => sum + rows, 0);
  return { part: store.part, store: store.store, method, rows: {}, removed };
}

/** Without a word about it, the data set that is there is the one that is wished for. */
function chooseWorld(marks: readonly SeedMark[], wish: SeedWish, nowMs: number): World {
  const there = marks[0];
  return createWorld({
    randomSeed: wish.randomSeed ?? there?.randomSeed ?? 42,
    scale: wish.scale ?? there?.scale ?? 1,
    asOfMs: wish.asOfMs ?? there?.asOfMs ?? nowMs,
  });
}

function marksOf(parts: readonly OpenPart[]): Map<SeedPart, SeedMark> {
  return new Map(
    parts.flatMap(({ loader, mark }) => (mark === undefined ? [] : [[loader.store.part, mark]])),
  );
}

/** With --only the stores may come to be of two worlds. */
function tellOthers(
  parts: readonly OpenPart[],
  chosen: readonly OpenPart[],
  world: World,
  { note }: SeedPorts,
): void {
  const other = parts.find(
    (part) =>
      !chosen.includes(part) &&
      part.mark !== undefined &&
      !isSame(part.mark, { dataSet: world.id, asOfMs: world.asOfMs }),
  );
  if (other === undefined) return;
  note(
    `${other.loader.store.store} and others have data set ${other.mark?.dataSet}: with --only they do not fit together.`,
  );
}

interface Load {
  readonly parts: readonly OpenPart[];
  readonly due: readonly OpenPart[];
  readonly world: World;
  readonly checksum: string;
  readonly ports: SeedPorts;
}

async function load({ parts, due, world, checksum, ports }: Load) {
  const slow = due.filter(({ loader }) => isWithoutFiles(loader)).map(({ loader }) => loader.store.store);
  if (slow.length > 0) ports.note(`${slow.join(", ")}: local_infile is off, so rows go there by INSERT.`);
  const migrations = due.map(({ loader }) =>
    ports.migrate(loader).catch((error: unknown) => {
      throw explainStoreError(error, loader.store);
    }),
  );
  const [passwordHash] = await Promise.all([hashPassword(ports.password), ...migrations]);
  const mark = { ...world.options, dataSet: world.id, asOfMs: world.asOfMs, checksum };
  const loaded = await loadAll({ parts, due, world, mark, passwordHash, ports });
  const marks = marksOf(parts);
  for (const { part, rows } of loaded) marks.set(part, { ...mark, rows, state: "complete" });
  return { loaded, marks };
}

/** A MySQL that does not take LOAD DATA LOCAL. */
function isWithoutFiles({ store, method }: PartLoader): boolean {
  return store.kind === "sql" && store.settings.kind === "mysql" && method === "INSERT";
}

/** One for all users of the data set. */
async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  return formatPasswordHash(salt, await derivePasswordKey(password, salt));
}
