import { cp, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openQueueStore, type QueueStoreSizes } from "../open-queue-store.js";
import type { Consumer, Delivery, Message, Queue, QueueDefinition, QueueStore } from "../queue.js";

export function messageOf(body: string): Message {
  return {
    exchange: "e",
    routingKey: "k",
    propertyBytes: Buffer.from([0x10, 0, 2]),
    body: Buffer.from(body),
  };
}

/** Everything small, so that a few messages fill segments, cache and memory. */
export const smallSizes: QueueStoreSizes = { segmentBytes: 600, cacheBytes: 2000, transientBytes: 1500 };

/** A store on a temporary folder, what it logged, and what its queues dead-lettered as "body reason". */
export class Bench {
  readonly logged: string[] = [];
  deadLetters: string[] = [];
  readonly expired: string[] = [];
  folder: string;
  store!: QueueStore;
  readonly #folders: string[] = [];
  readonly #sizes: QueueStoreSizes;

  private constructor(folder: string, sizes: QueueStoreSizes) {
    this.folder = folder;
    this.#folders.push(folder);
    this.#sizes = sizes;
  }

  static async create(sizes = smallSizes): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), "queues-")), sizes);
    await bench.start();
    return bench;
  }

  async start(starts = true): Promise<void> {
    this.store = await openQueueStore(
      { folder: this.folder, log: (level, text) => this.logged.push(`${level} ${text}`) },
      this.#sizes,
    );
    if (starts) this.store.start();
  }

  open(definition: Partial<QueueDefinition>): Promise<Queue> {
    const name = definition.name ?? "q";
    return this.store.open(
      { name, kind: "classic", durable: true, arguments: {}, ...definition },
      {
        deadLetter: async (message, reason) => {
          this.deadLetters.push(`${message.body} ${reason}`);
        },
        expired: () => this.expired.push(name),
      },
    );
  }

  async restart(): Promise<void> {
    await this.store.close();
    await this.start();
  }

  /** Goes on with what the files hold now, as after kill -9; the store before is closed later. */
  async killAndStart(): Promise<void> {
    const copy = await mkdtemp(join(tmpdir(), "queues-"));
    this.#folders.push(copy);
    // A copy takes one file after the other, a kill takes all at once: they must not have changed meanwhile.
    for (let before = "", after = await this.#look(); before !== after; after = await this.#look()) {
      before = after;
      await rm(copy, { recursive: true, force: true });
      await cp(this.folder, copy, { recursive: true }).catch(() => {
        before = "";
      });
    }
    await this.store.close();
    this.folder = copy;
    await this.start();
  }

  async #look(): Promise<string> {
    const entries = await readdir(this.folder, { recursive: true });
    const sizes = entries.sort().map(async (entry) => {
      const found = await stat(join(this.folder, entry)).catch(() => undefined);
      return `${entry} ${found?.size}`;
    });
    return (await Promise.all(sizes)).join();
  }

  async dispose(): Promise<void> {
    await this.store.close();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }
}

/** Keeps what it gets, up to `credit` unacked ones. */
export class TestConsumer implements Consumer {
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: Consumer["arguments"];
  readonly got: Delivery[] = [];
  credit: number;
  isCancelled = false;

  constructor({ credit = 1000, noAck = false, exclusive = false, given = {} } = {}) {
    this.credit = credit;
    this.noAck = noAck;
    this.exclusive = exclusive;
    this.arguments = given;
  }

  get bodies(): string[] {
    return this.got.map(({ message }) => message.body.toString());
  }

  canTake(): boolean {
    return this.credit > 0;
  }

  deliver(delivery: Delivery): void {
    this.credit -= 1;
    this.got.push(delivery);
  }

  cancelled(): void {
    this.isCancelled = true;
  }
}
