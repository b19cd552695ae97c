import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterView, type FetchedPartition, offsetAt } from "./kafka-connection.js";
import { catchUp, deliver, type PartitionListener, type Position, type RecordSet } from "./kafka-delivery.js";
import { listBatches } from "./kafka-records.js";
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

/** `last`: so many of each partition. */
export type KafkaStart = { readonly last: number } | { readonly sinceMs: number } | "beginning" | "now";

export interface KafkaListener {
  /** This partition is read from now on; `isNew`: it, or its topic, came after reading began. */
  partition(topic: string, partition: number, isNew: boolean): PartitionListener;
  /** The connection is back after so long. Records that retention took meanwhile were missed. */
  gap(facts: { readonly tookMs: number; readonly missed: number }): void;
  problem(text: string): void;
}

export interface KafkaReading {
  readonly partitions: readonly { readonly topic: string; readonly count: number }[];
  /** How many offsets the partitions hold; markers of transactions and compacted records count. */
  readonly records: number;
  /** Resolves when all connections are closed. */
  close(): Promise<void>;
}

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
const unknownTopic = 3;

class Reading implements KafkaReading {
  readonly #options: KafkaReaderOptions;
  readonly #ending = new AbortController();
  readonly #positions = new Map<string, Position>();
  readonly #missing = new Set<string>();
  #session: KafkaSession | undefined;
  #running: Promise<void> = Promise.resolve();
  partitions: { topic: string; count: number }[] = [];
  records = 0;

  constructor(options: KafkaReaderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { brokers, topics, signal } = this.#options;
    const session = await KafkaSession.open(brokers, timeoutMs);
    this.#session = session;
    signal.addEventListener("abort", () => this.#end(), { once: true });
    try {
      signal.throwIfAborted();
      const view = await session.describe(topics.map(({ name }) => name));
      const found = new Map(view.topics.filter(isReadable).map((topic) => [topic.name, topic]));
      for (const { name, mayBeMissing } of topics) {
        if (!found.has(name) && mayBeMissing !== true) throw await this.#explainMissing(session, name);
        if (!found.has(name)) this.#missing.add(name);
      }
      this.partitions = [...found.values()].map(({ name, partitions }) => ({
        topic: name,
        count: partitions.length,
      }));
      await this.#begin(session, view);
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

  async #explainMissing(session: KafkaSession, name: string): Promise<Error> {
    const all = await session.describe([]);
    return new UnknownTopicError(
      name,
      all.topics.filter(({ isInternal }) => !isInternal).map((topic) => topic.name),
    );
  }

  /** Places all partitions that there are at the start. */
  async #begin(session: KafkaSession, view: ClusterView): Promise<void> {
    const { start } = this.#options;
    const partitions = listPartitions(view);
    const sinceMs = typeof start === "object" && "sinceMs" in start ? start.sinceMs : undefined;
    const [ends, beginnings, since] = await Promise.all([
      session.findOffsets(partitions, offsetAt.end),
      session.findOffsets(partitions, offsetAt.beginning),
      sinceMs === undefined ? undefined : session.findOffsets(partitions, Math.max(0, Math.floor(sinceMs))),
    ]);
    for (const { topic, partition, leader } of partitions) {
      const key = keyOf(topic, partition);
      const end = ends.get(key) ?? 0;
      const beginning = beginnings.get(key) ?? 0;
      const at = since?.get(key) ?? -1;
      this.records += end - beginning;
      this.#place({
        ...{ topic, partition, leader, pastEnd: end, isNew: false },
        next: startOffset(start, { beginning, end, since: at < 0 ? end : at }),
      });
    }
  }

  #place(facts: Omit<Position, "listener" | "isCaughtUp"> & { isNew: boolean }): void {
    const { topic, partition, leader, next, pastEnd, isNew } = facts;
    const listener = this.#options.listener.partition(topic, partition, isNew);
    const position: Position = { topic, partition, leader, next, pastEnd, listener, isCaughtUp: false };
    this.#positions.set(keyOf(topic, partition), position);
    if (isNew || next >= pastEnd) catchUp(position);
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
      for (const position of this.#positions.values()) catchUp(position);
      session = await this.#reconnect(lostMs);
    }
  }

  /** Resolves with what ended it. */
  async #follow(session: KafkaSession): Promise<unknown> {
    const loops = new Map<number, Promise<void>>();
    return new Promise((resolve) => {
      const startLoops = () => {
        for (const leader of new Set([...this.#positions.values()].map((position) => position.leader))) {
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
        const led = [...this.#positions.values()].filter((position) => position.leader === leader);
        if (led.length === 0) return undefined;
        const ready = led.filter(({ waiting }) => waiting === undefined);
        const someWait = ready.length < led.length;
        const fetched =
          ready.length === 0 ? [] : await connection.fetch(ready, { maxWaitMs: someWait ? 0 : longPollMs });
        if (!someWait || fetched.some(({ batches, errorCode }) => batches.length > 0 || errorCode !== 0)) {
          return fetched;
        }
        const pause = ready.length === 0 ? [] : [sleep(busyPollMs)];
        await Promise.race([...led.flatMap(({ waiting }) => waiting ?? []), ...pause]);
      }
    };
    for (let answer = await ask(); answer !== undefined; ) {
      const sets = answer.flatMap((fetched) => this.#accept(session, fetched));
      // The next answer is on its way while this one is decoded.
      const coming = ask();
      coming.catch(() => {});
      for (const set of sets) deliver(set);
      // A partition that cannot be read answers at once, again and again.
      if (session.isRefreshDue) await sleep(busyPollMs * 10);
      answer = await coming;
    }
  }

  /** Moves the position on; what it fetched is still packed. */
  #accept(session: KafkaSession, fetched: FetchedPartition): RecordSet[] {
    const position = this.#positions.get(keyOf(fetched.topic, fetched.partition));
    if (position === undefined) return [];
    if (fetched.errorCode !== 0) {
      session.outOfRange ||= fetched.errorCode === offsetOutOfRange;
      session.requestRefresh();
      return [];
    }
    const from = position.next;
    const batches = listBatches(fetched.batches).filter(({ lastOffset }) => lastOffset >= from);
    const last = batches.at(-1);
    if (last === undefined) return [];
    position.next = last.lastOffset + 1;
    return [{ position, from, next: position.next, batches, aborted: fetched.aborted }];
  }

  async #refreshForEver(session: KafkaSession, startLoops: () => void): Promise<void> {
    for (;;) {
      await session.waitForRefresh(refreshMs);
      if (session.isClosed) return;
      const view = await session.describe(this.#options.topics.map(({ name }) => name));
      await this.#apply(session, view);
      if (session.outOfRange) {
        session.outOfRange = false;
        const missed = await this.#catchUpWithRetention(session);
        if (missed > 0) this.#options.listener.gap({ tookMs: 0, missed });
      }
      startLoops();
    }
  }

  /** Partitions that came, went or moved. */
  async #apply(session: KafkaSession, view: ClusterView): Promise<void> {
    const { problem } = this.#options.listener;
    for (const topic of view.topics) {
      if (topic.errorCode === unknownTopic) this.#forget(topic.name);
      else if (topic.errorCode === 0 && this.#missing.delete(topic.name)) {
        problem(`kafka: topic ${topic.name} is there now`);
      }
    }
    const partitions = listPartitions(view);
    const added = partitions.filter(({ topic, partition }) => !this.#positions.has(keyOf(topic, partition)));
    const beginnings = await session.findOffsets(added, offsetAt.beginning);
    for (const { topic, partition, leader } of partitions) {
      const key = keyOf(topic, partition);
      const position = this.#positions.get(key);
      const beginning = beginnings.get(key);
      if (position !== undefined) position.leader = leader;
      else if (beginning !== undefined) {
        this.#place({ topic, partition, leader, next: beginning, pastEnd: beginning, isNew: true });
      }
    }
  }

  #forget(topic: string): void {
    if (this.#missing.has(topic)) return;
    this.#missing.add(topic);
    this.#options.listener.problem(`kafka: topic ${topic} was deleted, waiting for it to come back`);
    for (const [key, position] of this.#positions) {
      if (position.topic !== topic) continue;
      this.#positions.delete(key);
      position.listener.end();
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
        const view = await session.describe(this.#options.topics.map(({ name }) => name));
        if (performance.now() - answeredMs < settleMs) this.#requireAll(view);
        await this.#apply(session, view);
        const missed = await this.#catchUpWithRetention(session);
        this.#options.listener.gap({ tookMs: performance.now() - lostMs, missed });
        return session;
      } catch {
        session?.close();
      }
    }
    return undefined;
  }

  #requireAll(view: ClusterView): void {
    const there = new Set(listPartitions(view).map(({ topic, partition }) => keyOf(topic, partition)));
    for (const key of this.#positions.keys()) if (!there.has(key)) throw new Error(`${key} is not there yet`);
  }

  /** Positions that the log has no longer. @returns how many records were missed by that */
  async #catchUpWithRetention(session: KafkaSession): Promise<number> {
    const positions = [...this.#positions.values()].filter(({ leader }) => leader >= 0);
    const [ends, beginnings] = await Promise.all([
      session.findOffsets(positions, offsetAt.end),
      session.findOffsets(positions, offsetAt.beginning),
    ]);
    let missed = 0;
    for (const position of positions) {
      const { topic, partition, next } = position;
      const key = keyOf(topic, partition);
      const beginning = beginnings.get(key);
      const end = ends.get(key);
      if (beginning === undefined || end === undefined) continue;
      if (next < beginning) missed += beginning - next;
      if (next > end) {
        this.#options.listener.problem(
          `kafka: ${topic}/${partition} ends at ${end}, before ${next}: it was made anew and is read from its beginning`,
        );
      }
      if (next < beginning || next > end) position.next = beginning;
    }
    return missed;
  }
}

function startOffset(start: KafkaStart, at: { beginning: number; end: number; since: number }): number {
  if (start === "beginning") return at.beginning;
  if (start === "now") return at.end;
  return "last" in start ? Math.max(at.beginning, at.end - start.last) : at.since;
}

function isReadable({ errorCode }: { readonly errorCode: number }): boolean {
  return errorCode === 0;
}

function listPartitions(view: ClusterView): { topic: string; partition: number; leader: number }[] {
  return view.topics
    .filter(isReadable)
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partition, leader }) => ({ topic: name, partition, leader })),
    );
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function explainLoss(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
