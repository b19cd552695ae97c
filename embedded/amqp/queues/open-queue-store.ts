import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readNumber } from "./limits.js";
import { MemoryBudget, MessageCache } from "./message-cache.js";
import { MessageQueue } from "./message-queue.js";
import { MessageStore, type Shared } from "./message-store.js";
import type { Queue, QueueDefinition, QueueEvents, QueueStore, QueueStoreOptions } from "./queue.js";
import type { SegmentLog } from "./segment-log.js";
import { StreamLog } from "./stream-log.js";
import { StreamQueue } from "./stream-queue.js";

/** Smaller ones are for tests. */
export interface QueueStoreSizes {
  readonly segmentBytes: number;
  readonly cacheBytes: number;
  /** Of transient messages, before they go to files as well. */
  readonly transientBytes: number;
}

interface QueueParts {
  readonly definition: QueueDefinition;
  readonly events: QueueEvents;
  readonly folder: string;
  readonly name: string;
  readonly started: Promise<void>;
  retire(removal: () => Promise<void>): Promise<void>;
  log(level: "info" | "warn" | "error", text: string): void;
}

const mebibyte = 1024 * 1024;
const defaultSizes: QueueStoreSizes = {
  segmentBytes: 8 * mebibyte,
  cacheBytes: 8 * mebibyte,
  transientBytes: 16 * mebibyte,
};
const flushIntervalMs = 1000;

/**
 * One folder per durable queue under `durable/`; what transient messages do not fit into memory goes under
 * `transient/`, which is emptied here.
 */
export async function openQueueStore(options: QueueStoreOptions, sizes = defaultSizes): Promise<QueueStore> {
  await mkdir(join(options.folder, "durable"), { recursive: true, mode: 0o700 });
  await rm(join(options.folder, "transient"), { recursive: true, force: true });
  return new FolderQueueStore(options, sizes);
}

class FolderQueueStore implements QueueStore {
  readonly #options: QueueStoreOptions;
  readonly #shared: Shared;
  readonly #queues = new Set<MessageQueue | StreamQueue>();
  readonly #started: Promise<void>;
  #setStarted: () => void = () => {};
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #dirty = new Set<SegmentLog>();
  #flushTimer: NodeJS.Timeout | undefined;
  #openedCount = 0;

  constructor(options: QueueStoreOptions, sizes: QueueStoreSizes) {
    this.#options = options;
    this.#started = new Promise((resolve) => {
      this.#setStarted = resolve;
    });
    this.#shared = {
      cache: new MessageCache(sizes.cacheBytes),
      budget: new MemoryBudget(sizes.transientBytes),
      segmentBytes: sizes.segmentBytes,
      dirty: (log) => this.#flushSoon(log),
      log: (level, text) => options.log(level, text),
    };
  }

  async open(definition: QueueDefinition, events: QueueEvents): Promise<Queue> {
    const number = ++this.#openedCount;
    const place = definition.durable
      ? join("durable", folderName(definition.name))
      : join("transient", String(number));
    await this.#leaving.get(place);
    const parts = {
      definition,
      events,
      folder: join(this.#options.folder, place),
      // The number tells it from an earlier queue of its name.
      name: `${definition.name}#${number}`,
      retire: (removal: () => Promise<void>) => {
        this.#queues.delete(queue);
        const left = removal().finally(() => this.#leaving.delete(place));
        this.#leaving.set(place, left);
        return left;
      },
      started: this.#started,
      log: this.#shared.log,
    };
    const queue =
      definition.kind === "stream" ? await this.#openStream(parts) : await this.#openMessages(parts);
    this.#queues.add(queue);
    return queue;
  }

  start(): void {
    this.#setStarted();
  }

  async keepOnly(names: readonly string[] | undefined): Promise<void> {
    const folder = join(this.#options.folder, "durable");
    const found = await readdir(folder);
    if (names === undefined && found.length > 0) {
      const text = `${folder} holds queues, but the catalog that names them is missing`;
      throw Object.assign(new Error(text), { code: "DATA_DAMAGED" });
    }
    const kept = new Set(names?.map(folderName));
    for (const entry of found) {
      if (!kept.has(entry)) await rm(join(folder, entry), { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const results = await Promise.allSettled([...this.#queues].map((queue) => queue.close()));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #openMessages(parts: QueueParts): Promise<MessageQueue> {
    const store = await MessageStore.open({ ...parts, shared: this.#shared });
    return new MessageQueue({ ...parts, store });
  }

  async #openStream(parts: QueueParts): Promise<StreamQueue> {
    const wishedBytes = readNumber(parts.definition.arguments["x-stream-max-segment-size-bytes"]);
    const segmentBytes = Math.min(wishedBytes ?? this.#shared.segmentBytes, this.#shared.segmentBytes);
    const stream = new StreamLog({ ...this.#shared, ...parts, segmentBytes });
    await stream.recover();
    return new StreamQueue({ ...parts.definition, ...parts, name: parts.definition.name, stream });
  }

  #flushSoon(log: SegmentLog): void {
    this.#dirty.add(log);
    if (this.#flushTimer) return;
    this.#flushTimer = setTimeout(() => void this.#flush(), flushIntervalMs);
    this.#flushTimer.unref();
  }

  async #flush(): Promise<void> {
    const logs = [...this.#dirty];
    this.#dirty.clear();
    this.#flushTimer = undefined;
    for (const log of logs) {
      await log.flush().catch((error) => this.#options.log("error", `flush failed: ${String(error)}`));
    }
  }
}

/** Readable, and apart also where the file system does not tell capitals. */
function folderName(queueName: string): string {
  const readable = queueName.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 60);
  return `${readable}-${createHash("sha256").update(queueName).digest("hex").slice(0, 16)}`;
}
