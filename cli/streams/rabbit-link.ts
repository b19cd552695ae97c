import { setTimeout as pause } from "node:timers/promises";
import { within } from "../../kit/within.js";
import { explainRabbitFailure, type RabbitBroker } from "./rabbit-broker.js";
import { openRabbitSession, type RabbitSession } from "./rabbit-session.js";
import type { SourceSink } from "./source.js";

export interface RabbitLinkOptions {
  readonly broker: RabbitBroker;
  /** Of the source, in gaps. */
  readonly name: string;
  readonly sink: SourceSink;
  readonly signal: AbortSignal;
  /** Begins to read; `again`: goes on after a loss, and says how many records went by meanwhile. */
  attach(session: RabbitSession, again: boolean): Promise<number | "unknown">;
  /** Takes away what attach has made, before the connection is closed in order. */
  detach?(session: RabbitSession): Promise<void>;
}

const firstDelayMs = 100;
const lastDelayMs = 2_000;
const tidyTimeoutMs = 2_000;
/** After so long it is said why it does not come back. */
const patienceMs = 10_000;

/** Keeps a source attached to its broker: connects, and after each loss again, for ever. */
export class RabbitLink {
  readonly #options: RabbitLinkOptions;
  readonly #closing = new AbortController();
  readonly #stop: AbortSignal;
  #session: RabbitSession | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(options: RabbitLinkOptions) {
    this.#options = options;
    this.#stop = AbortSignal.any([options.signal, this.#closing.signal]);
  }

  /**
   * Resolves when it is attached.
   * @throws MybrokerError rabbitmq.unreachable or rabbitmq.refused, or what attach throws
   */
  async start(): Promise<void> {
    try {
      const { session } = await this.#attach(false);
      this.#running = this.#stay(session);
    } catch (error) {
      await this.close();
      this.#options.signal.throwIfAborted();
      throw explainRabbitFailure(this.#options.broker, error);
    }
    const { signal } = this.#options;
    signal.addEventListener("abort", () => void this.close(), { once: true });
    if (signal.aborted) void this.close();
  }

  close(): Promise<void> {
    this.#closed ??= this.#leave();
    return this.#closed;
  }

  async #leave(): Promise<void> {
    this.#closing.abort();
    // A broker that hangs answers nothing, and is not waited for.
    const isIdle = await inTime(this.#running);
    const session = this.#session;
    if (session === undefined) return;
    const { detach } = this.#options;
    if (isIdle && !session.ended.aborted && detach !== undefined) await inTime(detach(session));
    await session.close();
    session.destroy();
  }

  async #attach(again: boolean): Promise<{ session: RabbitSession; missed: number | "unknown" }> {
    const session = await openRabbitSession(this.#options.broker, this.#stop);
    this.#session = session;
    try {
      return { session, missed: await this.#options.attach(session, again) };
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #stay(first: RabbitSession): Promise<void> {
    let session: RabbitSession | undefined = first;
    while (session !== undefined) {
      await waitUntilAborted(AbortSignal.any([session.ended, this.#stop]));
      session = this.#stop.aborted ? undefined : await this.#reattach(Date.now());
    }
  }

  async #reattach(lostMs: number): Promise<RabbitSession | undefined> {
    const { name, sink } = this.#options;
    let told = false;
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, lastDelayMs)) {
      await pause(delayMs, undefined, { signal: this.#stop }).catch(() => {});
      if (this.#stop.aborted) return undefined;
      try {
        const { session, missed } = await this.#attach(true);
        sink.gap({ source: name, tookMs: Date.now() - lostMs, missed });
        return session;
      } catch (error) {
        if (told || Date.now() - lostMs < patienceMs) continue;
        told = true;
        sink.problem(explainRabbitFailure(this.#options.broker, error).message);
      }
    }
  }
}

/** Whether the work was done by then, well or not. */
function inTime(work: Promise<void>): Promise<boolean> {
  return within(work, tidyTimeoutMs).then(
    () => true,
    () => false,
  );
}

function waitUntilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
