import { type ClusterView, type FetchedPartition, offsetAt } from "./kafka-connection.js";
import { catchUp, type PartitionListener, type Position, type RecordSet } from "./kafka-delivery.js";
import { listBatches } from "./kafka-records.js";
import type { KafkaSession } from "./kafka-session.js";

/** `last`: so many of each partition. */
export type KafkaStart = { readonly last: number } | { readonly sinceMs: number } | "beginning" | "now";

export interface PositionListener {
  /** This partition is read from now on; `isNew`: it, or its topic, came after reading began. */
  partition(topic: string, partition: number, isNew: boolean): PartitionListener;
  problem(text: string): void;
}

const unknownTopic = 3;

/** Where each partition of the topics that are read has got to, whatever becomes of them on the brokers. */
export class KafkaPositions {
  readonly #topics: readonly string[];
  readonly #listener: PositionListener;
  readonly #positions = new Map<string, Position>();
  /** Topics that are waited for. */
  readonly #missing = new Set<string>();

  constructor(topics: readonly string[], listener: PositionListener) {
    this.#topics = topics;
    this.#listener = listener;
  }

  all(): Position[] {
    return [...this.#positions.values()];
  }

  ledBy(leader: number): Position[] {
    return this.all().filter((position) => position.leader === leader);
  }

  /** Places all partitions that there are at the start. @returns how many offsets they hold */
  async begin(session: KafkaSession, view: ClusterView, start: KafkaStart): Promise<number> {
    const partitions = listPartitions(view);
    const found = new Set(listTopics(view));
    for (const topic of this.#topics) if (!found.has(topic)) this.#missing.add(topic);
    const sinceMs = typeof start === "object" && "sinceMs" in start ? start.sinceMs : undefined;
    const [ends, beginnings, since] = await Promise.all([
      session.findOffsets(partitions, offsetAt.end),
      session.findOffsets(partitions, offsetAt.beginning),
      sinceMs === undefined ? undefined : session.findOffsets(partitions, Math.max(0, Math.floor(sinceMs))),
    ]);
    let records = 0;
    for (const { topic, partition, leader } of partitions) {
      const key = keyOf(topic, partition);
      const end = ends.get(key) ?? 0;
      const beginning = beginnings.get(key) ?? 0;
      const at = since?.get(key) ?? -1;
      records += end - beginning;
      this.#place({
        ...{ topic, partition, leader, pastEnd: end, isNew: false },
        next: startOffset(start, { beginning, end, since: at < 0 ? end : at }),
      });
    }
    return records;
  }

  /** Partitions that came, went or moved. */
  async apply(session: KafkaSession, view: ClusterView): Promise<void> {
    for (const topic of view.topics) {
      if (topic.errorCode === unknownTopic) this.#forget(topic.name);
      else if (topic.errorCode === 0 && this.#missing.delete(topic.name)) {
        this.#listener.problem(`kafka: topic ${topic.name} is there now`);
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

  /** Moves the position on; what it fetched is still packed. undefined: nothing new of a partition that is read. */
  accept({ topic, partition, batches: bytes, aborted }: FetchedPartition): RecordSet | undefined {
    const position = this.#positions.get(keyOf(topic, partition));
    if (position === undefined) return undefined;
    const from = position.next;
    const batches = listBatches(bytes).filter(({ lastOffset }) => lastOffset >= from);
    const last = batches.at(-1);
    if (last === undefined) return undefined;
    position.next = last.lastOffset + 1;
    return { position, from, next: position.next, batches, aborted };
  }

  /** Positions that the log has no longer. @returns how many records were missed by that */
  async catchUpWithRetention(session: KafkaSession): Promise<number> {
    const positions = this.all().filter(({ leader }) => leader >= 0);
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
        this.#listener.problem(
          `kafka: ${topic}/${partition} ends at ${end}, before ${next}: it was made anew and is read from its beginning`,
        );
      }
      if (next < beginning || next > end) position.next = beginning;
    }
    return missed;
  }

  /** @throws where a partition that was read is not in the view */
  requireAll(view: ClusterView): void {
    const there = new Set(listPartitions(view).map(({ topic, partition }) => keyOf(topic, partition)));
    for (const key of this.#positions.keys()) if (!there.has(key)) throw new Error(`${key} is not there yet`);
  }

  #place(facts: Omit<Position, "listener" | "isCaughtUp"> & { isNew: boolean }): void {
    const { topic, partition, leader, next, pastEnd, isNew } = facts;
    const listener = this.#listener.partition(topic, partition, isNew);
    const position: Position = { topic, partition, leader, next, pastEnd, listener, isCaughtUp: false };
    this.#positions.set(keyOf(topic, partition), position);
    if (isNew || next >= pastEnd) catchUp(position);
  }

  #forget(topic: string): void {
    if (this.#missing.has(topic)) return;
    this.#missing.add(topic);
    this.#listener.problem(`kafka: topic ${topic} was deleted, waiting for it to come back`);
    for (const [key, position] of this.#positions) {
      if (position.topic !== topic) continue;
      this.#positions.delete(key);
      position.listener.end();
    }
  }
}

function startOffset(start: KafkaStart, at: { beginning: number; end: number; since: number }): number {
  if (start === "beginning") return at.beginning;
  if (start === "now") return at.end;
  return "last" in start ? Math.max(at.beginning, at.end - start.last) : at.since;
}

/** Names of the topics that can be read. */
export function listTopics(view: ClusterView): string[] {
  return view.topics.filter(isReadable).map(({ name }) => name);
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
