import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResultMessage } from "../../../contracts/messages.js";
import type { Money } from "../../../kit/money.js";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";
import { migrate, readMigrations } from "../../../kit/sql/migrate.js";
import { createEngineStore } from "../adapters/engine-store.js";
import { readOrderRow, readResultRow } from "../adapters/rows.js";
import type { EngineSchema } from "../adapters/schema.js";
import type { Wish } from "../app/batch-work.js";
import { Engine, type EngineSettings } from "../app/engine.js";
import type { EngineStore, Told } from "../app/ports.js";
import { hashMarket } from "../app/rebuild-market.js";
import type { Command } from "../domain/commands.js";
import { Market } from "../domain/market.js";
import { testListings } from "../domain/testing/random-commands.js";

export const settings: EngineSettings = {
  listings: testListings,
  mode: "book",
  providerSize: 300,
  session: "always",
};
/** A Monday, 12:00 in São Paulo. */
export const noon = Date.parse("2026-11-23T15:00:00Z");

/** Engines on one database, with a clock that is set by hand and a store that can be made to fail. */
export interface EngineLab {
  readonly database: Database<EngineSchema>;
  now: number;
  /** In place of the next save. */
  failSave: ((save: () => Promise<void>) => Promise<void>) | undefined;
  /** One whose market is built, in place of the one before. */
  start(own?: Partial<EngineSettings>): Promise<Engine>;
  /** Another, that waits for its turn. */
  createSecond(): Engine;
  /** What was put into the outbox, and takes it out. */
  takeSent(): Promise<ResultMessage[]>;
  close(): Promise<void>;
}

/** @param server where the database is; default: a SQLite file of its own */
export async function openEngineLab(server?: DatabaseSettings): Promise<EngineLab> {
  const folder = await mkdtemp(join(tmpdir(), "mybroker-engine-"));
  const database = await openDatabase<EngineSchema>(
    server ?? { kind: "sqlite", path: join(folder, "b3-core-db.sqlite") },
  );
  const migrations = join(import.meta.dirname, "../adapters/migrations");
  await migrate(database, await readMigrations(migrations, database.dialect.kind));
  const engines: Engine[] = [];
  const create = (own: Partial<EngineSettings> = {}) => {
    const engine = new Engine({
      store: mayFail(createEngineStore(database), lab),
      settings: { ...settings, ...own },
      log: { info: () => {}, warn: () => {} },
      now: () => lab.now,
      committed: () => {},
    });
    engines.push(engine);
    return engine;
  };
  const lab: EngineLab = {
    database,
    now: noon,
    failSave: undefined,
    start: async (own) => {
      await Promise.all(engines.splice(0).map((engine) => engine.close()));
      const engine = create(own);
      await engine.ensureReady();
      return engine;
    },
    createSecond: () => create(),
    takeSent: async () => {
      const rows = await database.db.selectFrom("outbox").selectAll().orderBy("id").execute();
      await database.db.deleteFrom("outbox").execute();
      return rows.map(({ payload }) => JSON.parse(payload) as ResultMessage);
    },
    close: async () => {
      await Promise.all(engines.map((engine) => engine.close()));
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
  return lab;
}

function mayFail(store: EngineStore, lab: EngineLab): EngineStore {
  return {
    ...store,
    save: (batch) => {
      const fail = lab.failSave;
      lab.failSave = undefined;
      return fail === undefined ? store.save(batch) : fail(() => store.save(batch));
    },
  };
}

/** "100@10.02" of PETR4 by a limit order for the day. */
export function order(orderId: string, side: "BUY" | "SELL", text: string): Wish {
  const [quantity = 0, price = 0] = text.split("@").map(Number);
  const terms = { ticker: "PETR4", side, type: "LIMIT", timeInForce: "DAY" } as const;
  return {
    ...{ kind: "NEW", orderId },
    terms: { ...terms, quantity, price: Math.round(price * 10_000) as Money },
  };
}

/** Replays all stored commands on an empty market. */
export async function replay({ database }: EngineLab, own: Partial<EngineSettings> = {}) {
  const market = new Market({ ...settings, ...own });
  const seen = new Map<string, Told>();
  const results: Told[] = [];
  for (const command of await readCommands(database)) {
    const past = seen.get("orderId" in command ? command.orderId : "") ?? null;
    const isPast = command.kind === "CANCEL" && !market.resting.has(command.orderId);
    for (const { order, ...result } of market.apply(isPast ? { ...command, past } : command)) {
      const { sequence, at } = command;
      const told: Told = { ...result, orderId: order.orderId, sequence, at };
      seen.set(told.orderId, told);
      results.push(told);
    }
  }
  return { results, hash: hashMarket(market) };
}

async function readCommands({ db }: Database<EngineSchema>): Promise<Command[]> {
  const orders = await db.selectFrom("orders").selectAll().execute();
  const bySequence = new Map(orders.map((row) => [row.sequence, readOrderRow(row)]));
  const rows = await db.selectFrom("commands").selectAll().orderBy("sequence").execute();
  return rows.map(({ sequence, kind, at_ms: at, order_id: orderId, payload }) => {
    const read = payload === null ? undefined : JSON.parse(payload);
    const own: Record<string, object> = {
      NEW: { orderId, ...bySequence.get(sequence)?.terms },
      CANCEL: { orderId, past: null },
      REFUSE: { orderId },
      PRICE: { prices: Object.entries(read ?? {}) },
      SESSION_END: { date: read },
    };
    return { kind, sequence, at, ...own[kind] } as Command;
  });
}

export async function readResults({ database }: EngineLab): Promise<Told[]> {
  const rows = await database.db.selectFrom("results").selectAll().orderBy("id").execute();
  return rows.map(readResultRow);
}
