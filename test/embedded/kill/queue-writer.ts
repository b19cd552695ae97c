import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import { expect } from "vitest";
import type { RuntimeProcess } from "../support/runtime-process.js";
import { waitUntil } from "../support/wait-until.js";
import { openChannels, publishNumbered, readAll, type Session } from "./amqp-session.js";
import type { Writer } from "./writer.js";

interface QueueWriterOptions {
  readonly queue: string;
  readonly type: "classic" | "quorum";
  readonly bodyBytes: (random: () => number) => number;
  readonly random: () => number;
}

/** A message is published after so many acknowledgements: its confirm says that they are in the same file. */
const settleEvery = 25;
const keepLimit = 200;
const waitingLimit = 600;
/** Numbers of those messages; between two channels there is no order. */
const firstMark = 1_000_000_000;

/**
 * Publishes numbered messages with confirms while it consumes and acknowledges most of them. What was confirmed and not
 * acknowledged has to be there, once and in order; what was acknowledged before a round trip and a message that was confirmed must not.
 */
export class QueueWriter implements Writer {
  readonly #options: QueueWriterOptions;
  readonly #confirmed = new Set<number>();
  readonly #acknowledged = new Set<number>();
  readonly #settled = new Set<number>();
  /** Unacknowledged on purpose. */
  readonly #kept = new Set<number>();
  #next = 0;
  #nextMark = firstMark;

  constructor(options: QueueWriterOptions) {
    this.#options = options;
  }

  get confirmedCount(): number {
    return this.#confirmed.size + this.#settled.size;
  }

  async write(runtime: RuntimeProcess): Promise<void> {
    const { queue, type, bodyBytes, random } = this.#options;
    const session = await openChannels(runtime);
    if (session === undefined) return;
    const { publisher, ended } = session;
    // Each kill is one more delivery of what is kept, and a quorum queue drops it after twenty.
    const unlimited = type === "quorum" ? { "x-delivery-limit": 1_000_000 } : {};
    try {
      await publisher.assertQueue(queue, {
        durable: true,
        arguments: { "x-queue-type": type, ...unlimited },
      });
      await Promise.all([
        this.#consume(session),
        publishNumbered(publisher, {
          queue,
          ended,
          isFull: () => this.#next - this.#acknowledged.size > waitingLimit,
          next: () => this.#next++,
          bodyBytes: () => bodyBytes(random),
          confirmed: (number) => this.#confirmed.add(number),
        }),
      ]);
    } catch (error) {
      await ended;
      if (!/closed|ended|ECONN/i.test(String(error))) throw error;
    }
  }

  async verify(runtime: RuntimeProcess): Promise<void> {
    const { queue } = this.#options;
    if (this.confirmedCount === 0) return;
    const found = (await readAll(runtime, queue)).map(({ number }) => number);
    const present = new Set(found);
    expect(present.size).toBe(found.length);
    for (const isMark of [true, false]) {
      const inOrder = found.filter((number) => number >= firstMark === isMark);
      expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    }
    const lost = [...this.#confirmed].filter(
      (number) => !this.#acknowledged.has(number) && !present.has(number),
    );
    expect(lost).toEqual([]);
    expect([...this.#settled].filter((number) => present.has(number))).toEqual([]);
    expect(found.filter((number) => number >= this.#next && number < firstMark)).toEqual([]);
    // An acknowledgement whose fate was open is decided now.
    for (const number of found) this.#acknowledged.delete(number);
  }

  async #consume({ consumer, ended }: Session): Promise<void> {
    await consumer.prefetch(keepLimit + 50);
    let acknowledged: number[] = [];
    const take = (message: ConsumeMessage | null): void => {
      if (message === null) return;
      const number = message.content.readUInt32BE(0);
      if (this.#kept.has(number)) return;
      if (this.#kept.size < keepLimit && this.#options.random() < 0.1) {
        this.#kept.add(number);
        return;
      }
      this.#acknowledged.add(number);
      consumer.ack(message);
      acknowledged.push(number);
      if (acknowledged.length < settleEvery) return;
      void this.#settle(consumer, acknowledged);
      acknowledged = [];
    };
    await consumer.consume(this.#options.queue, take);
    await ended;
  }

  async #settle(channel: ConfirmChannel, acknowledged: readonly number[]): Promise<void> {
    // What comes in one packet with them may be stored before them.
    const answered = await channel.checkQueue(this.#options.queue).catch(() => undefined);
    if (answered === undefined) return;
    const number = this.#nextMark++;
    const body = Buffer.alloc(4);
    body.writeUInt32BE(number);
    const take = (error: unknown): void => {
      if (error !== null && error !== undefined) return;
      this.#confirmed.add(number);
      for (const each of acknowledged) this.#settled.add(each);
    };
    try {
      channel.publish("", this.#options.queue, body, { persistent: true }, take);
    } catch {
      // The channel ended meanwhile: nothing was confirmed.
    }
  }
}

/** For a test: waits for the first confirmed thing of each. */
export async function waitForFirst(writers: readonly Writer[], before: readonly number[]): Promise<void> {
  await waitUntil(() => writers.every(({ confirmedCount }, at) => confirmedCount > (before[at] ?? 0)), {
    what: "a confirmation of each writer",
  });
}
