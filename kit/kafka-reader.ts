import { setTimeout as sleep } from "node:timers/promises";
import type { FetchedPartition } from "./kafka-connection.js";
import { catchUp, deliver, type RecordSet } from "./kafka-delivery.js";
import { KafkaPositions, type KafkaStart, listTopics, type PositionListener } from "./kafka-positions.js";
import { KafkaSession } from "./kafka-session.js";

export interface KafkaReaderOptions {
  /** "host:port" each; the first that answers is asked for the others. */
  readonly brokers: readonly string[];
  readonly topics: readonly { readonly name: string; readonly mayBeMissing?: boolean }[];
  readonly start: KafkaStart;
  readonly listener: KafkaListener;
  /** Ends reading at once. */
  readonly signal: AbortSignal;
}

export interface KafkaListener extends PositionListener {
  /** The connection is back after so long. Records that retention took meanwhile were missed. */
  gap(facts: { readonly tookMs: number; readonly missed: number }): void;
}

export interface KafkaReading {
  readonly partitions: readonly { readonly topic: string; readonly count: number }[];
  /** How many offsets the partitions hold; markers of transactions and compacted records count. */
  readonly records: number;
  /** Resolves when all connections are closed. */
  close(): Promise<void>;
}

/** `known`: the topics that there are, but for the broker's own. */
export class UnknownTopicError extends Error {
  readonly topic: string;
  readonly known: readonly string[];

  constructor(topic: string, known: readonly string[]) {
    super(`there is no topic ${topic}`);
    this.name = "UnknownTopicError";
    this.topic = topic;
    this.known = known;
  }
}

/**
 * Reads topics without a consumer group, from offsets that it asks for, over and over until it is closed: it
 * reconnects for ever and goes on where it was. Nothing of it stays on the broker.
 * @throws UnknownTopicError; Error with the system's words when no broker answers within 5 s
 */
export async function openKafkaReader(options: KafkaReaderOptions): Promise<KafkaReading> {
  const reading = new Reading(options);
  await reading.open();
  return reading;
}

const timeoutMs = 5_000;
/** How long a broker waits for something to say; also how soon a partition that has just come is read. */
const longPollMs = 1_000;
/** While a partition waits for its listener: the pause between looks at the others. */
const busyPollMs = 10;
const refreshMs = 2_000;
const retryMs = { first: 100, last: 2_000 } as const;
/** A broker that has just started may not know its topics yet. */
const settleMs = 10_000;
const offsetOutOfRange = 1;

class Reading implements KafkaReading {
  readonly #options: KafkaReaderOptions;
  readonly #names: readonly string[];
  readonly #ending = new AbortController();
  readonly #positions: KafkaPositions;
  #session: KafkaSession | undefined;
  #running: Promise<void> = Promise.resolve();
  partitions: { topic: string; count: number }[] = [];
  records = 0;

  constructor(options: KafkaReaderOptions) {
    this.#options = options;
    this.#names = options.topics.map(({ name }) => name);
    this.#positions = new KafkaPositions(this.#names, options.listener);
  }

  async open(): Promise<void> {
    const { brokers, topics, start, signal } = this.#options;
    const session = await KafkaSession.open(brokers, timeoutMs);
    this.#session = session;
    signal.addEventListener("abort", () => this.#end(), { once: true });
    try {
      signal.throwIfAborted();
      const view = await session.describe(this.#names);
      const found = listTopics(view);
      const unknown = topics.find(({ name, mayBeMissing }) => mayBeMissing !== true && !found.includes(name));
      if (unknown !== undefined) throw await explainMissing(session, unknown.name);
      this.partitions = view.topics
        .filter(({ name }) => found.includes(name))
        .map(({ name, partitions }) => ({ topic: name, count: partitions.length }));
      this.records = await this.#positions.begin(session, view, start);
      signal.throwIfAborted();
    } catch (error) {
      session.close();
      throw error;
    }
    this.#running = this.#run(session);
  }

  async close(): Promise<void> {
    this.#end();
    await this.#running;
  }

  #end(): void {
    this.#ending.abort();
    this.#session?.close();
  }

  async #run(first: KafkaSession): Promise<void> {
    const { signal } = this.#ending;
    for (let session: KafkaSession | undefined = first; session !== undefined; ) {
      const reason = await this.#follow(session);
      session.close();
      if (signal.aborted) return;
      const lostMs = performance.now();
      this.#options.listener.problem(`kafka: connection lost (${explainLoss(reason)}), trying again`);
      // Others are not kept waiting for a past that nobody can read now.
      for (const position of this.#positions.all()) catchUp(position);
      session = await this.#reconnect(lostMs);
    }
  }

  /** Resolves with what ended it. */
  async #follow(session: KafkaSession): Promise<unknown> {
    const loops = new Map<number, Promise<void>>();
    return new Promise((resolve) => {
      const startLoops = () => {
        for (const leader of new Set(this.#positions.all().map((position) => position.leader))) {
          if (leader < 0 || loops.has(leader)) continue;
          const loop = this.#fetchFrom(session, leader).finally(() => loops.delete(leader));
          loops.set(leader, loop);
          loop.catch(resolve);
        }
      };
      startLoops();
      this.#refreshForEver(session, startLoops).then(resolve, resolve);
    });
  }

  /** @throws what ended the connection; resolves when no partition is led by this broker any more */
  async #fetchFrom(session: KafkaSession, leader: number): Promise<void> {
    const connection = await session.connectTo(leader);
    const ask = async (): Promise<FetchedPartition[] | undefined> => {
      for (;;) {
        const led = this.#positions.ledBy(leader);
        if (led.length === 0) return undefined;
        const ready = led.filter(({ waiting }) => waiting === undefined);
        const someWait = ready.length < led.length;
        const fetched =
          ready.length === 0 ? [] : await connection.fetch(ready, { maxWaitMs: someWait ? 0 : longPollMs });
        if (!someWait || fetched.some(({ batches, errorCode }) => batches.length > 0 || errorCode !== 0)) {
          return fetched;
        }
        // No race of both: each would stay with a promise that is open for as long as a terminal is stopped.
        await (ready.length === 0
          ? Promise.race(led.flatMap(({ waiting }) => waiting ?? []))
          : sleep(busyPollMs));
      }
    };
    for (let answer = await ask(); answer !== undefined; ) {
      const sets = answer.flatMap((fetched) => this.#accept(session, fetched) ?? []);
      // The next answer is on its way while this one is decoded.
      const coming = ask();
      coming.catch(() => {});
      for (const set of sets) deliver(set);
      // A partition that cannot be read answers at once, again and again.
      if (session.isRefreshDue) await sleep(busyPollMs * 10);
      answer = await coming;
    }
  }

  #accept(session: KafkaSession, fetched: FetchedPartition): RecordSet | undefined {
    if (fetched.errorCode === 0) return this.#positions.accept(fetched);
    session.outOfRange ||= fetched.errorCode === offsetOutOfRange;
    session.requestRefresh();
    return undefined;
  }

  async #refreshForEver(session: KafkaSession, startLoops: () => void): Promise<void> {
    for (;;) {
      await session.waitForRefresh(refreshMs);
      if (session.isClosed) return;
      await this.#positions.apply(session, await session.describe(this.#names));
      if (session.outOfRange) {
        session.outOfRange = false;
        const missed = await this.#positions.catchUpWithRetention(session);
        if (missed > 0) this.#options.listener.gap({ tookMs: 0, missed });
      }
      startLoops();
    }
  }

  /** @returns undefined when reading ends meanwhile */
  async #reconnect(lostMs: number): Promise<KafkaSession | undefined> {
    const { signal } = this.#ending;
    let answeredMs: number | undefined;
    for (
      let pauseMs: number = retryMs.first;
      !signal.aborted;
      pauseMs = Math.min(pauseMs * 2, retryMs.last)
    ) {
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return undefined;
      let session: KafkaSession | undefined;
      try {
        session = await KafkaSession.open(this.#options.brokers, timeoutMs);
        this.#session = session;
        answeredMs ??= performance.now();
        const view = await session.describe(this.#names);
        if (performance.now() - answeredMs < settleMs) this.#positions.requireAll(view);
        await this.#positions.apply(session, view);
        const missed = await this.#positions.catchUpWithRetention(session);
        this.#options.listener.gap({ tookMs: performance.now() - lostMs, missed });
        return session;
      } catch {
        session?.close();
      }
    }
    return undefined;
  }
}

async function explainMissing(session: KafkaSession, name: string): Promise<Error> {
  const all = await session.describe([]);
  return new UnknownTopicError(
    name,
    all.topics.filter(({ isInternal }) => !isInternal).map((topic) => topic.name),
  );
}

function explainLoss(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
