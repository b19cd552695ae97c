import { createSerial } from "../../../kit/serial.js";
import type { Log } from "../../shared/log.js";
import type { Command } from "../domain/commands.js";
import type { Market, MarketSettings } from "../domain/market.js";
import { type SessionKind, sessionAt } from "../domain/session.js";
import { BatchWork, type Wish } from "./batch-work.js";
import type { EngineStore, Told } from "./ports.js";
import { hashMarket, rebuildMarket } from "./rebuild-market.js";

export interface EngineSettings extends MarketSettings {
  readonly session: SessionKind;
}

export interface EngineOptions {
  readonly store: EngineStore;
  readonly settings: EngineSettings;
  readonly log: Pick<Log, "info" | "warn">;
  /** Unix time in ms. */
  readonly now: () => number;
  /** Called after each commit. */
  readonly committed: (commands: readonly Command[], results: readonly Told[]) => void;
}

/** The engine has no market at hand: it waits for the database, or for another engine to end. */
export class EngineNotReady extends Error {}

const pricesKeptMs = 24 * 3_600_000;

/**
 * The market and its store, always as one: what a batch did to the market is stored in one transaction, and where
 * nobody knows whether that succeeded the market is thrown away and built again from the store.
 */
export class Engine {
  readonly #options: EngineOptions;
  #market: Market | undefined;
  #lock: Awaited<ReturnType<EngineStore["tryLock"]>>;
  #closed = false;
  #lastAt = 0;
  #sessionSeen = "";
  #forgetDue = false;
  readonly #serial = createSerial();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** To be read only. undefined: not ready. */
  get market(): Market | undefined {
    return this.#market;
  }

  /** Resolves with the market built and this the only engine. @throws EngineNotReady, or the store's error */
  ensureReady(): Promise<void> {
    return this.#serial(async () => {
      if (this.#market !== undefined) return;
      if (this.#closed) throw new EngineNotReady("the engine is closed");
      const { store, settings, log } = this.#options;
      await this.#takeLock();
      const market = rebuildMarket(settings, await store.load());
      this.#sessionSeen = "";
      this.#market = market;
      const { sequence, resting } = market;
      const stateHash = hashMarket(market);
      log.info({ sequence, restingOrders: resting.size, stateHash }, "the market is built");
    });
  }

  /**
   * Does all of the wishes, in one transaction. @throws EngineNotReady or the store's error: all are to be wished again
   */
  run(wishes: readonly Wish[]): Promise<void> {
    return this.#serial(async () => {
      const market = this.#market;
      if (market === undefined) throw new EngineNotReady("the engine is not ready");
      const at = Math.max(this.#options.now(), this.#lastAt);
      const known = await this.#options.store.findResults(
        wishes.flatMap((wish) => (wish.kind === "PRICE" ? [] : [wish.orderId])),
      );
      const work = new BatchWork(market, known, at);
      try {
        this.#endSessions(work, at);
        const { date, open } = sessionAt(this.#options.settings.session, at);
        for (const wish of wishes) work.do(wish, open ? date : null);
        if (work.isEmpty) return;
        if (this.#market !== market) throw new EngineNotReady("another engine may be at work");
        const forgetPricesBefore = this.#forgetDue ? at - pricesKeptMs : undefined;
        await this.#options.store.save({ ...work.toBatch(), forgetPricesBefore });
        this.#lastAt = at;
        this.#forgetDue = false;
      } catch (error) {
        this.#market = undefined;
        throw error;
      }
      this.#options.committed(work.commands, work.results);
    });
  }

  /** Lets the batch at hand end. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#serial(async () => {
      this.#market = undefined;
      await this.#lock?.release();
      this.#lock = undefined;
    });
  }

  async #takeLock(): Promise<void> {
    if (this.#lock !== undefined) return;
    const lock = await this.#options.store.tryLock();
    if (lock === undefined) throw new EngineNotReady("another engine has the lock");
    this.#lock = lock;
    lock.lost.addEventListener("abort", () => {
      this.#options.log.warn("the engine's lock is lost");
      this.#lock = undefined;
      this.#market = undefined;
    });
  }

  /** Ends the session of every order that rests from one that is over; looks only when a session began or ended. */
  #endSessions(work: BatchWork, at: number): void {
    const { date, ended } = sessionAt(this.#options.settings.session, at);
    const seen = `${date} ${ended}`;
    if (seen === this.#sessionSeen) return;
    const dates = new Set<string>();
    for (const { order } of work.market.resting.values()) {
      const came = order.terms?.sessionDate;
      if (came != null && (came < date || (ended && came === date))) dates.add(came);
    }
    for (const past of [...dates].sort()) work.apply({ kind: "SESSION_END", date: past });
    this.#sessionSeen = seen;
    this.#forgetDue = true;
  }
}
