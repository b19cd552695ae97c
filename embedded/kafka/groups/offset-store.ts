import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createSerial } from "../../../kit/serial.js";
import { type AppendFile, openAppendFile } from "../../storage/append-file.js";
import type { Log } from "../server/limit-log.js";
import type { CommittedOffset, TopicPartition } from "./group-types.js";
import { encodeFrame, readFrames } from "./offset-frames.js";

export interface OffsetStoreOptions {
  /** Created when it is not there. */
  readonly folder: string;
  /** One line when a torn tail was cut off. */
  readonly log: Log;
}

/** [topic, partition, offset, leader epoch, metadata] */
type OffsetEntry = readonly [string, number, number, number, string];

/** What is known of a group apart from its members. */
interface GroupFacts {
  readonly protocolType: string;
  /** Milliseconds since 1970; null while it has members. */
  readonly idleSinceMs: number | null;
}

interface StoredGroup {
  facts: GroupFacts;
  /** By topic and partition. */
  readonly offsets: Map<string, CommittedOffset>;
}

/** One line of the file; exactly one of the optional parts. */
interface OffsetRecord {
  readonly groupId?: string;
  readonly facts?: GroupFacts;
  readonly offsets?: readonly OffsetEntry[];
  /** null: the whole group. */
  readonly forget?: readonly (readonly [string, number])[] | null;
  /** A topic that is gone, in all groups. */
  readonly topic?: string;
}

const compactAboveBytes = 256 * 1024;
const compactFactor = 4;

/** Committed offsets: in memory, and in one file of changes that is written anew when most of it is outdated. */
export class OffsetStore {
  readonly #path: string;
  readonly #groups = new Map<string, StoredGroup>();
  readonly #serial = createSerial();
  #file: AppendFile;
  #liveBytes = 0;

  /** @throws DataDamagedError */
  static async open({ folder, log }: OffsetStoreOptions): Promise<OffsetStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, "offsets");
    await rm(`${path}.new`, { force: true });
    const file = await openAppendFile(path);
    try {
      const store = new OffsetStore(path, file);
      const bytes = await readFile(path);
      const end = readFrames(path, bytes, (record) => store.#apply(record as OffsetRecord));
      if (end < bytes.length) {
        log("warn", `${path}: cut off ${bytes.length - end} bytes of an unfinished write`);
        await file.truncate(end);
      }
      store.#liveBytes = store.#encodeAll().length;
      await store.#compactIfWorthwhile();
      return store;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private constructor(path: string, file: AppendFile) {
    this.#path = path;
    this.#file = file;
  }

  get groupIds(): string[] {
    return [...this.#groups.keys()];
  }

  /** Those that a group has offsets of. */
  topics(): Set<string> {
    const offsets = [...this.#groups.values()].flatMap((group) => [...group.offsets.values()]);
    return new Set(offsets.map(({ topic }) => topic));
  }

  factsOf(groupId: string): GroupFacts | undefined {
    return this.#groups.get(groupId)?.facts;
  }

  find(groupId: string, { topic, partition }: TopicPartition): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.offsets.get(keyOf(topic, partition));
  }

  all(groupId: string): CommittedOffset[] {
    return [...(this.#groups.get(groupId)?.offsets.values() ?? [])];
  }

  /** Resolves once they are in the file. */
  commit(groupId: string, facts: GroupFacts, offsets: readonly CommittedOffset[]): Promise<void> {
    return this.#write({ groupId, facts, offsets: offsets.map(toEntry) });
  }

  /** Only of groups that have offsets; of the others nothing outlives the process. */
  noteFacts(groupId: string, facts: GroupFacts): Promise<void> {
    return this.#write({ groupId, facts }, () => this.#groups.has(groupId));
  }

  /** Null: all that it has. */
  forget(groupId: string, partitions: readonly TopicPartition[] | null): Promise<void> {
    const forget = partitions?.map(({ topic, partition }) => [topic, partition] as const) ?? null;
    return this.#write({ groupId, forget }, () => this.#groups.has(groupId));
  }

  forgetTopic(topic: string): Promise<void> {
    return this.#write({ topic });
  }

  flush(): Promise<void> {
    return this.#serial(() => this.#file.flush());
  }

  close(): Promise<void> {
    return this.#serial(() => this.#file.close());
  }

  /** @param isWanted asked when all that was to be written before is in the file */
  #write(record: OffsetRecord, isWanted = () => true): Promise<void> {
    return this.#serial(async () => {
      if (!isWanted()) return;
      await this.#file.append([encodeFrame(record)]);
      this.#apply(record);
      await this.#compactIfWorthwhile();
    });
  }

  #apply({ groupId, facts, offsets, forget, topic }: OffsetRecord): void {
    if (topic !== undefined) {
      for (const id of this.groupIds) this.#drop(id, (committed) => committed.topic === topic);
    }
    if (groupId === undefined) return;
    if (facts) {
      const group = this.#groups.get(groupId) ?? { facts, offsets: new Map() };
      group.facts = facts;
      for (const [topicName, partition, offset, leaderEpoch, metadata] of offsets ?? []) {
        const committed = { topic: topicName, partition, offset, leaderEpoch, metadata };
        group.offsets.set(keyOf(topicName, partition), committed);
      }
      this.#groups.set(groupId, group);
    }
    if (forget === undefined) return;
    const keys = forget?.map(([name, partition]) => keyOf(name, partition));
    this.#drop(groupId, ({ topic: name, partition }) => keys?.includes(keyOf(name, partition)) ?? true);
  }

  /** A group without offsets is none any more. */
  #drop(groupId: string, isOver: (committed: CommittedOffset) => boolean): void {
    const group = this.#groups.get(groupId);
    for (const [key, committed] of group?.offsets ?? []) if (isOver(committed)) group?.offsets.delete(key);
    if (group?.offsets.size === 0) this.#groups.delete(groupId);
  }

  #encodeAll(): Buffer {
    return Buffer.concat(
      [...this.#groups].map(([groupId, { facts, offsets }]) =>
        encodeFrame({ groupId, facts, offsets: [...offsets.values()].map(toEntry) }),
      ),
    );
  }

  /** A failure leaves the old file in use: it holds all that the new one would. */
  async #compactIfWorthwhile(): Promise<void> {
    const { sizeBytes } = this.#file;
    if (sizeBytes < compactAboveBytes || sizeBytes < compactFactor * this.#liveBytes) return;
    const bytes = this.#encodeAll();
    this.#liveBytes = bytes.length;
    const old = this.#file;
    try {
      const next = await openAppendFile(`${this.#path}.new`);
      try {
        await next.truncate(0);
        await next.append([bytes]);
        await next.flush();
        await rename(next.path, this.#path);
        this.#file = next;
      } finally {
        await (this.#file === next ? old : next).close();
      }
    } catch {
      // What was to be written is in one of the two files; the next change tries again.
    }
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function toEntry({ topic, partition, offset, leaderEpoch, metadata }: CommittedOffset): OffsetEntry {
  return [topic, partition, offset, leaderEpoch, metadata];
}
