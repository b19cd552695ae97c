import { setImmediate } from "node:timers/promises";
import { ConsumerList } from "./consumer-list.js";
import { DeadLetters } from "./dead-letters.js";
import { Deadline } from "./deadline.js";
import { findExpiry, isOver, type Limits, readLimits } from "./limits.js";
import type { MessageStore } from "./message-store.js";
import type {
  Consumer,
  DeadLetterReason,
  Delivery,
  Message,
  PublishOptions,
  PublishOutcome,
  Queue,
  QueueArguments,
  QueueDefinition,
  QueueEvents,
  QueueKind,
  Subscription,
} from "./queue.js";
import type { Slot } from "./slot-table.js";

export interface MessageQueueParts {
  readonly definition: QueueDefinition;
  readonly events: QueueEvents;
  readonly store: MessageStore;
  /** From then on dead letters find the exchanges and queues that they go to. */
  readonly started: Promise<void>;
  /** Sees to it that a new queue of the name waits for the old one's files to be gone. */
  retire(removal: () => Promise<void>): Promise<void>;
  log(level: "info" | "warn" | "error", text: string): void;
}

/** Messages that expire in one turn of the event loop. */
const expiredLimit = 256;

/** Classic and quorum queues: a quorum queue keeps every message, counts deliveries and has a delivery limit. */
export class MessageQueue implements Queue {
  readonly name: string;
  readonly kind: QueueKind;
  readonly #durable: boolean;
  readonly #parts: MessageQueueParts;
  readonly #store: MessageStore;
  readonly #consumers = new ConsumerList();
  readonly #deadLetters: DeadLetters;
  readonly #expiry = new Deadline(() => this.#pump());
  readonly #unused = new Deadline(() => this.#parts.events.expired());
  #limits: Limits;
  /** Read from the file for the next delivery: the cache may be too small or too busy to keep it until then. */
  #loaded: { readonly id: number; readonly message: Message } | undefined;
  #pumping = false;
  #loading = false;
  #closed = false;

  constructor(parts: MessageQueueParts) {
    const { definition, store } = parts;
    this.name = definition.name;
    this.kind = definition.kind;
    this.#durable = definition.durable;
    this.#parts = parts;
    this.#store = store;
    this.#limits = readLimits(definition.kind, definition.arguments);
    this.#deadLetters = new DeadLetters({
      ...parts,
      onRoom: () => {
        this.#dropOverflow();
        this.#pump();
      },
      onError: (error) => this.#complain(error),
    });
    // Who held these is gone with the process that ended.
    this.requeue(
      [...store.slots.ids("unacked")].sort((a, b) => a - b),
      "lost",
    );
    this.touch();
  }

  get readyCount(): number {
    return this.#store.slots.readyCount;
  }

  get unackedCount(): number {
    return this.#store.slots.unackedCount;
  }

  get consumerCount(): number {
    return this.#consumers.count;
  }

  async publish(message: Message, { persistent, expirationMs }: PublishOptions): Promise<PublishOutcome> {
    if (this.#closed) return "failed";
    if (this.#limits.overflow !== "drop-head" && this.#isOver(1, message.body.length))
      return this.#refuse(message);
    const expiresAt = findExpiry(this.#limits, expirationMs);
    const keep = this.#durable && (persistent || this.kind === "quorum");
    const id = await this.#store.add(message, { persistent: keep, expiresAt });
    if (id === undefined) return "failed";
    // With a time to live of 0 it may still go to a consumer that waits (RabbitMQ docs, "Time-To-Live").
    this.#pump(id);
    this.#dropOverflow();
    return "stored";
  }

  subscribe(consumer: Consumer): Subscription {
    this.#consumers.add(consumer, this.name);
    this.#unused.clear();
    this.#pumpLater();
    return {
      cancel: () => {
        this.#consumers.remove(consumer);
        this.touch();
        this.#pumpLater();
      },
    };
  }

  async get(noAck: boolean): Promise<Delivery | undefined> {
    this.touch();
    while (!this.#closed && this.readyCount > 0) {
      const id = this.#firstUnexpired();
      const message = id === undefined ? undefined : this.#peek(id);
      if (id !== undefined && message) return this.#takeOut(id, message, noAck);
      await (id === undefined ? setImmediate() : this.#load(id));
    }
    return undefined;
  }

  ack(deliveryIds: readonly number[]): void {
    this.#store.remove(this.#unackedOf(deliveryIds));
  }

  reject(deliveryIds: readonly number[]): void {
    for (const id of this.#unackedOf(deliveryIds)) this.#discard(id, "rejected");
  }

  requeue(deliveryIds: readonly number[], cause: "returned" | "lost"): void {
    const limit = this.#limits.deliveryLimit;
    // RabbitMQ docs, "Quorum Queues": back to the head with a delivery limit, to the back without one.
    const atBack = this.kind === "quorum" && limit < 0;
    for (const id of this.#unackedOf(deliveryIds)) {
      const slot = this.#store.slots.get(id) as Slot;
      const deliveryCount = slot.deliveryCount + (this.kind === "quorum" && cause === "lost" ? 1 : 0);
      if (limit >= 0 && deliveryCount > limit) this.#discard(id, "delivery_limit");
      else this.#store.putBack(id, { deliveryCount, atBack });
    }
    this.#dropOverflow();
    this.#pumpLater();
  }

  resume(): void {
    this.#pump();
  }

  touch(): void {
    if (this.#limits.expiresMs === undefined || this.consumerCount > 0 || this.#closed) this.#unused.clear();
    else this.#unused.set(Date.now() + this.#limits.expiresMs);
  }

  async purge(): Promise<number> {
    const ids = [...this.#store.slots.ids("ready")];
    this.#store.remove(ids);
    return ids.length;
  }

  setArguments(effective: QueueArguments): void {
    this.#limits = readLimits(this.kind, effective);
    this.touch();
    this.#dropOverflow();
    this.#pump();
  }

  async delete(): Promise<number> {
    const count = this.readyCount;
    for (const consumer of this.#consumers.takeAll()) consumer.cancelled();
    this.#stop();
    await this.#parts.retire(() => this.#store.destroy());
    return count;
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#store.close();
  }

  #stop(): void {
    this.#closed = true;
    this.#expiry.clear();
    this.#unused.clear();
    this.#deadLetters.stop();
  }

  #unackedOf(ids: readonly number[]): number[] {
    return this.#closed ? [] : ids.filter((id) => this.#store.slots.get(id)?.state === "unacked");
  }

  #isOver(moreCount: number, moreBytes: number): boolean {
    const count = this.readyCount + moreCount + (moreCount > 0 ? this.#store.pendingCount : 0);
    return isOver(this.#limits, { count, bytes: this.#store.slots.readyBytes + moreBytes });
  }

  async #refuse(message: Message): Promise<PublishOutcome> {
    if (this.#limits.overflow === "reject-publish-dlx" && this.#limits.deadLetters) {
      await this.#parts.events.deadLetter(message, "maxlen").catch((error) => this.#complain(error));
    }
    return "rejected";
  }

  #dropOverflow(): void {
    while (this.#limits.overflow === "drop-head" && this.#isOver(0, 0) && this.#deadLetters.hasRoom) {
      const id = this.#store.slots.firstReady();
      if (id === undefined) break;
      this.#discard(id, "maxlen");
    }
  }

  /** Deliveries until nobody can take, nothing waits, or the next message must first be read from its file. */
  #pump(justPublished?: number): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      for (;;) {
        const id = this.#firstUnexpired(justPublished);
        const consumer =
          id === undefined ? undefined : this.#consumers.pick(this.#limits.singleActiveConsumer);
        if (id === undefined || !consumer) break;
        const message = this.#peek(id);
        if (!message) {
          void this.#loadAndPump(id);
          break;
        }
        if (!this.#limits.singleActiveConsumer) this.#consumers.rotate(consumer);
        consumer.deliver(this.#takeOut(id, message, consumer.noAck));
      }
    } finally {
      this.#pumping = false;
    }
    if (justPublished !== undefined) this.#firstUnexpired();
    this.#watchHead();
  }

  #pumpLater(): void {
    void setImmediate().then(() => this.#pump());
  }

  async #loadAndPump(id: number): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    await this.#load(id);
    this.#loading = false;
    this.#pump();
  }

  /** Brings the message into memory. One that cannot be read stays in its file, out of the way of the others. */
  async #load(id: number): Promise<void> {
    try {
      const message = await this.#store.load(id);
      this.#loaded = message && { id, message };
    } catch (error) {
      if (this.#closed) return;
      this.#complain(error);
      this.#store.setAside(id);
    }
  }

  #peek(id: number): Message | undefined {
    return this.#loaded?.id === id ? this.#loaded.message : this.#store.peek(id);
  }

  #takeOut(id: number, message: Message, noAck: boolean): Delivery {
    const { redelivered, deliveryCount } = this.#store.slots.get(id) as Slot;
    this.#loaded = undefined;
    if (noAck) this.#store.remove([id]);
    else this.#store.takeOut(id);
    return { deliveryId: id, message, redelivered, deliveryCount, streamOffset: undefined };
  }

  /** Expired messages leave at the head only, as in RabbitMQ: one behind a longer-lived one waits for it. */
  #firstUnexpired(spared?: number): number | undefined {
    for (let count = 0; count < expiredLimit; count += 1) {
      const id = this.#store.slots.firstReady();
      if (id === undefined || id === spared) return id;
      const expiresAt = this.#store.slots.get(id)?.expiresAt ?? 0;
      if (expiresAt === 0 || expiresAt > Date.now()) return id;
      if (!this.#deadLetters.hasRoom) return undefined;
      this.#discard(id, "expired");
    }
    this.#pumpLater();
    return undefined;
  }

  #watchHead(): void {
    const id = this.#store.slots.firstReady();
    const expiresAt = id === undefined ? 0 : (this.#store.slots.get(id)?.expiresAt ?? 0);
    if (expiresAt === 0 || !this.#deadLetters.hasRoom) this.#expiry.clear();
    else this.#expiry.set(expiresAt);
  }

  #discard(id: number, reason: DeadLetterReason): void {
    if (this.#limits.deadLetters) this.#deadLetters.add(id, reason);
    else this.#store.remove([id]);
  }

  #complain(error: unknown): void {
    if (this.#closed) return;
    this.#parts.log("error", `queue ${this.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
