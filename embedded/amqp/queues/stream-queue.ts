import { setImmediate } from "node:timers/promises";
import { readNumber } from "./limits.js";
import {
  type Consumer,
  type Message,
  type PublishOutcome,
  type Queue,
  type QueueArguments,
  QueueRefusal,
  type Subscription,
} from "./queue.js";
import type { StreamEntry, StreamLog } from "./stream-log.js";
import { parseInterval, parseStreamOffset } from "./stream-offset.js";

export interface StreamQueueParts {
  readonly name: string;
  readonly arguments: QueueArguments;
  readonly stream: StreamLog;
  retire(removal: () => Promise<void>): Promise<void>;
  log(level: "info" | "warn" | "error", text: string): void;
}

interface Reader {
  readonly consumer: Consumer;
  /** The next one that it gets. */
  offset: number;
  /** Older messages are passed over. */
  sinceMs: number;
  /** Read from the file and not delivered yet. */
  ahead: StreamEntry[];
  loading: boolean;
}

/** A stream: messages by offset, read by any number of consumers, each at its own place; reading takes nothing out. */
export class StreamQueue implements Queue {
  readonly name: string;
  readonly kind = "stream";
  readonly #parts: StreamQueueParts;
  readonly #stream: StreamLog;
  readonly #readers = new Set<Reader>();
  #arguments: QueueArguments;
  #unackedCount = 0;
  #nextDeliveryId = 1;
  #closed = false;

  constructor(parts: StreamQueueParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#stream = parts.stream;
    this.#arguments = parts.arguments;
    void this.#retain();
  }

  get readyCount(): number {
    return this.#stream.messageCount;
  }

  get unackedCount(): number {
    return this.#unackedCount;
  }

  get consumerCount(): number {
    return this.#readers.size;
  }

  async publish(message: Message): Promise<PublishOutcome> {
    if (this.#closed) return "failed";
    try {
      if (await this.#stream.append(message)) void this.#retain();
    } catch (error) {
      this.#complain(error);
      return "failed";
    }
    this.resume();
    return "stored";
  }

  subscribe(consumer: Consumer): Subscription {
    if (consumer.noAck) {
      throw new QueueRefusal(
        "NOT_IMPLEMENTED",
        `automatic acknowledgement not supported by stream queue '${this.name}'`,
      );
    }
    const start = parseStreamOffset(consumer.arguments["x-stream-offset"], Date.now());
    const places = {
      first: () => this.#stream.firstOffset,
      last: () => Math.max(this.#stream.endOffset - 1, this.#stream.firstOffset),
      next: () => this.#stream.endOffset,
      offset: () => (start.from === "offset" ? start.offset : 0),
      time: () => this.#stream.findTime(start.from === "time" ? start.timeMs : 0),
    };
    const sinceMs = start.from === "time" ? start.timeMs : 0;
    const reader = { consumer, offset: places[start.from](), sinceMs, ahead: [], loading: false };
    this.#readers.add(reader);
    void setImmediate().then(() => this.#pump(reader));
    return { cancel: () => void this.#readers.delete(reader) };
  }

  get(): Promise<never> {
    return Promise.reject(
      new QueueRefusal("NOT_IMPLEMENTED", `basic.get not supported by stream queue '${this.name}'`),
    );
  }

  ack(deliveryIds: readonly number[]): void {
    this.#unackedCount = Math.max(0, this.#unackedCount - deliveryIds.length);
  }

  reject(deliveryIds: readonly number[]): void {
    this.ack(deliveryIds);
  }

  requeue(deliveryIds: readonly number[]): void {
    this.ack(deliveryIds);
  }

  resume(): void {
    for (const reader of this.#readers) this.#pump(reader);
  }

  touch(): void {}

  purge(): Promise<never> {
    return Promise.reject(
      new QueueRefusal("NOT_IMPLEMENTED", `purge not supported by stream queue '${this.name}'`),
    );
  }

  setArguments(effective: QueueArguments): void {
    this.#arguments = effective;
    void this.#retain();
  }

  async delete(): Promise<number> {
    const count = this.readyCount;
    this.#closed = true;
    for (const { consumer } of this.#takeReaders()) consumer.cancelled();
    await this.#parts.retire(() => this.#stream.destroy());
    return count;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#takeReaders();
    await this.#stream.close();
  }

  #takeReaders(): Reader[] {
    const readers = [...this.#readers];
    this.#readers.clear();
    return readers;
  }

  #pump(reader: Reader): void {
    while (this.#readers.has(reader) && reader.offset < this.#stream.endOffset && reader.consumer.canTake()) {
      if (reader.ahead.length === 0 && !this.#passBy(reader)) return void this.#load(reader);
      const entry = reader.ahead.shift();
      if (!entry) continue;
      reader.offset = entry.offset + 1;
      if (entry.timeMs >= reader.sinceMs) this.#deliver(reader, entry);
    }
  }

  /** A consumer that keeps up gets what was just published, without a look into the file. */
  #passBy(reader: Reader): boolean {
    const message = reader.sinceMs === 0 ? this.#stream.peek(reader.offset) : undefined;
    if (message) reader.ahead.push({ offset: reader.offset, timeMs: 0, message });
    return message !== undefined;
  }

  #deliver(reader: Reader, { offset, message }: StreamEntry): void {
    this.#unackedCount += 1;
    reader.consumer.deliver({
      deliveryId: this.#nextDeliveryId++,
      message,
      redelivered: false,
      deliveryCount: 0,
      streamOffset: offset,
    });
  }

  async #load(reader: Reader): Promise<void> {
    if (reader.loading) return;
    reader.loading = true;
    try {
      reader.offset = Math.max(reader.offset, this.#stream.firstOffset);
      const asked = reader.offset;
      reader.ahead = await this.#stream.read(asked);
    } catch (error) {
      // The segment may have been dropped while it was read: then there is an older end to go on from.
      if (reader.offset >= this.#stream.firstOffset && !this.#closed) {
        this.#complain(error);
        if (this.#readers.delete(reader)) reader.consumer.cancelled();
      }
    }
    reader.loading = false;
    this.#pump(reader);
  }

  async #retain(): Promise<void> {
    try {
      await this.#stream.retain({
        maxAgeMs: parseInterval(this.#arguments["x-max-age"]) ?? Number.POSITIVE_INFINITY,
        maxBytes: readNumber(this.#arguments["x-max-length-bytes"]) ?? Number.POSITIVE_INFINITY,
      });
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    if (this.#closed) return;
    this.#parts.log(
      "error",
      `stream ${this.name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
