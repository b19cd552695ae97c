import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createSerial } from "../../../kit/serial.js";
import { readJsonFile, writeJsonFile } from "../../storage/json-file.js";
import { KafkaError } from "../errors.js";
import { PartitionLog } from "../log/partition-log.js";
import { type Log, limitLog } from "../server/limit-log.js";
import { type ConfigValues, checkConfigs, readLogConfig } from "./topic-configs.js";

const fileVersion = 1;
/** Of all topics together: each has open files and a place in memory. */
export const partitionLimit = 1000;

export interface Topic {
  readonly name: string;
  readonly configs: ConfigValues;
  readonly partitions: readonly PartitionLog[];
}

interface OpenTopic extends Topic {
  /** A topic that has the name of a deleted one is another: the number keeps their folders apart. */
  readonly id: number;
  configs: ConfigValues;
  partitions: PartitionLog[];
}

interface SavedTopics {
  readonly nextId: number;
  readonly topics: readonly { id: number; name: string; partitions: number; configs: ConfigValues }[];
}

/**
 * The topics and their partitions. topics.json is the truth: a partition is created before it is named there and
 * removed after it is not named any more, and folders that it does not name are removed at start.
 */
export class TopicRegistry {
  readonly #file: string;
  readonly #folder: string;
  readonly #log: Log;
  /** Of what fails in one partition after the other, once a second. */
  readonly #report: (kind: string, text: string) => void;
  readonly #topics = new Map<string, OpenTopic>();
  #nextId = 1;
  /** One change at a time, each on what the one before it left. */
  readonly #change = createSerial();

  private constructor(dataFolder: string, log: Log) {
    this.#file = join(dataFolder, "topics.json");
    this.#folder = join(dataFolder, "topics");
    this.#log = log;
    this.#report = limitLog(log, "error");
  }

  /** @throws Error with code "DATA_DAMAGED" or "DATA_NEWER", or what the file system says */
  static async open(dataFolder: string, log: Log): Promise<TopicRegistry> {
    const registry = new TopicRegistry(dataFolder, log);
    try {
      await registry.#load();
      return registry;
    } catch (error) {
      await registry.close().catch(() => {});
      throw error;
    }
  }

  /** In the order of their names. */
  all(): Topic[] {
    return [...this.#topics.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  require(name: string): Topic {
    return this.#require(name);
  }

  partition(topic: string, index: number): PartitionLog | undefined {
    return this.#topics.get(topic)?.partitions[index];
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  requirePartition(topic: string, index: number): PartitionLog {
    const partition = this.partition(topic, index);
    if (partition === undefined) throw unknownTopic();
    return partition;
  }

  /** @throws KafkaError TOPIC_ALREADY_EXISTS, POLICY_VIOLATION */
  create(name: string, partitionCount: number, configs: ConfigValues): Promise<void> {
    return this.#change(async () => {
      if (this.#topics.has(name)) throw alreadyExists(name);
      this.checkRoom(partitionCount);
      const topic: OpenTopic = { id: this.#nextId, name, configs, partitions: [] };
      this.#nextId += 1;
      const work = async () => {
        await this.#addPartitions(topic, partitionCount);
        this.#topics.set(name, topic);
      };
      await this.#saveAfter(work, async () => {
        this.#topics.delete(name);
        await this.#remove(topic);
      });
    });
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
  delete(name: string): Promise<void> {
    return this.#change(async () => {
      const topic = this.#require(name);
      await this.#saveAfter(
        () => this.#topics.delete(name),
        () => this.#topics.set(name, topic),
      );
      await this.#remove(topic);
    });
  }

  /** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION, POLICY_VIOLATION */
  grow(name: string, partitionCount: number): Promise<void> {
    return this.#change(async () => {
      const topic = this.#require(name);
      const before = topic.partitions;
      this.checkRoom(partitionCount - before.length);
      await this.#saveAfter(
        () => this.#addPartitions(topic, partitionCount),
        async () => {
          const added = topic.partitions.slice(before.length);
          topic.partitions = before;
          await Promise.allSettled(added.map((partition) => partition.delete()));
        },
      );
    });
  }

  /**
   * @param plan makes the new values from what is set when all changes before it are made
   * @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION, INVALID_CONFIG
   */
  configure(name: string, plan: (before: ConfigValues) => ConfigValues): Promise<void> {
    return this.#change(async () => {
      const topic = this.#require(name);
      const before = topic.configs;
      const configs = plan(before);
      checkConfigs(configs);
      const set = (values: ConfigValues) => {
        topic.configs = values;
      };
      await this.#saveAfter(
        () => set(configs),
        () => set(before),
      );
      for (const partition of topic.partitions) partition.configure(readLogConfig(configs));
    });
  }

  /** @throws KafkaError POLICY_VIOLATION when so many more would be too many */
  checkRoom(partitionCount: number): void {
    const count = this.all().reduce((total, { partitions }) => total + partitions.length, partitionCount);
    if (count <= partitionLimit) return;
    throw new KafkaError("POLICY_VIOLATION", `At most ${partitionLimit} partitions in all.`);
  }

  /** Does it for each partition, one after the other; what fails is logged. */
  async forEachPartition(work: (partition: PartitionLog) => Promise<unknown>): Promise<void> {
    for (const { name, partitions } of this.all()) {
      for (const [index, partition] of partitions.entries()) {
        await work(partition).catch((error: Error) => {
          // Deleted meanwhile.
          if (this.partition(name, index) !== partition) return;
          this.#report("partition", `kafka: partition ${name}-${index}: ${error.message}`);
        });
      }
    }
  }

  async close(): Promise<void> {
    await this.#change(async () => {
      const partitions = this.all().flatMap((topic) => topic.partitions);
      const closed = await Promise.allSettled(partitions.map((partition) => partition.close()));
      throwFirst(closed);
    });
  }

  async #load(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const folders = await readdir(this.#folder);
    const saved = (await readJsonFile(this.#file, fileVersion)) as SavedTopics | undefined;
    if (saved === undefined ? folders.length > 0 : !isSavedTopics(saved)) {
      const problem =
        saved === undefined ? "is missing, but there are topics" : "is damaged: no list of topics";
      throw Object.assign(new Error(`${this.#file} ${problem}`), { code: "DATA_DAMAGED" });
    }
    this.#nextId = saved?.nextId ?? 1;
    const known = new Set<string>();
    for (const { id, name, partitions, configs } of saved?.topics ?? []) {
      const topic: OpenTopic = { id, name, configs, partitions: [] };
      await this.#addPartitions(topic, partitions);
      this.#topics.set(name, topic);
      known.add(folderOf(topic));
    }
    for (const folder of folders.filter((entry) => !known.has(entry))) {
      await rm(join(this.#folder, folder), { recursive: true, force: true });
    }
    if (saved === undefined) await this.#save();
  }

  /** It is not in the list any more: files that cannot be removed now, the next start removes. */
  async #remove(topic: OpenTopic): Promise<void> {
    const removed = await Promise.allSettled(topic.partitions.map((partition) => partition.delete()));
    const rest = rm(this.#pathOf(topic), { recursive: true, force: true });
    await rest
      .then(() => throwFirst(removed))
      .catch((error: Error) => {
        this.#report("remove", `kafka: files of topic ${topic.name}: ${error.message}`);
      });
  }

  async #addPartitions(topic: OpenTopic, count: number): Promise<void> {
    const config = readLogConfig(topic.configs);
    const indexes = Array.from({ length: count }, (_, index) => index).slice(topic.partitions.length);
    const opening = await Promise.allSettled(
      indexes.map((index) =>
        PartitionLog.open({ folder: join(this.#pathOf(topic), String(index)), config, log: this.#log }),
      ),
    );
    const opened = opening.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    try {
      throwFirst(opening);
    } catch (error) {
      // They would keep their files open, and new ones their folders.
      await Promise.allSettled(opened.map((partition) => partition.close()));
      throw error;
    }
    topic.partitions = [...topic.partitions, ...opened];
  }

  /** Does it and writes the list of topics; undoes it where either fails. */
  async #saveAfter(work: () => unknown, undo: () => unknown): Promise<void> {
    try {
      await work();
      await this.#save();
    } catch (error) {
      await undo();
      throw error;
    }
  }

  async #save(): Promise<void> {
    const topics = this.all().map(({ name }) => {
      const { id, configs, partitions } = this.#require(name);
      return { id, name, partitions: partitions.length, configs };
    });
    await writeJsonFile(this.#file, { version: fileVersion, nextId: this.#nextId, topics });
  }

  #require(name: string): OpenTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw unknownTopic();
    return topic;
  }

  #pathOf(topic: OpenTopic): string {
    return join(this.#folder, folderOf(topic));
  }
}

function folderOf({ id, name }: OpenTopic): string {
  // The name is for people; cut, as some file systems allow 255 bytes.
  return `${id}-${name.slice(0, 200)}`;
}

export function unknownTopic(): KafkaError {
  return new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", "This topic or partition does not exist.");
}

export function alreadyExists(name: string): KafkaError {
  return new KafkaError("TOPIC_ALREADY_EXISTS", `Topic '${name}' already exists.`);
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

function isSavedTopics(saved: SavedTopics): boolean {
  return (
    Number.isSafeInteger(saved.nextId) &&
    Array.isArray(saved.topics) &&
    saved.topics.every(
      ({ id, name, partitions, configs }) =>
        Number.isSafeInteger(id) &&
        typeof name === "string" &&
        Number.isSafeInteger(partitions) &&
        typeof configs === "object",
    )
  );
}
