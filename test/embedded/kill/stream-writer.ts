import { expect } from "vitest";
import type { RuntimeProcess } from "../support/runtime-process.js";
import { openChannels, publishNumbered, readAll } from "./amqp-session.js";
import type { Writer } from "./writer.js";

interface StreamWriterOptions {
  readonly queue: string;
  /** Without it everything stays. */
  readonly maxBytes?: number;
  readonly random: () => number;
}

const segmentBytes = 20_000;

/** Publishes numbered messages with confirms to a stream of small segments; what was confirmed has to stay in order. */
export class StreamWriter implements Writer {
  readonly #options: StreamWriterOptions;
  readonly #confirmed = new Set<number>();
  #next = 0;

  constructor(options: StreamWriterOptions) {
    this.#options = options;
  }

  get confirmedCount(): number {
    return this.#confirmed.size;
  }

  async write(runtime: RuntimeProcess): Promise<void> {
    const { queue, maxBytes, random } = this.#options;
    const session = await openChannels(runtime);
    if (session === undefined) return;
    const { publisher, ended } = session;
    const limit = maxBytes === undefined ? {} : { "x-max-length-bytes": maxBytes };
    const streamArguments = { "x-queue-type": "stream", "x-stream-max-segment-size-bytes": segmentBytes };
    try {
      await publisher.assertQueue(queue, { durable: true, arguments: { ...streamArguments, ...limit } });
      await publishNumbered(publisher, {
        queue,
        ended,
        isFull: () => false,
        next: () => this.#next++,
        bodyBytes: () => Math.floor(random() * 400),
        confirmed: (number) => this.#confirmed.add(number),
      });
    } catch (error) {
      await ended;
      if (!/closed|ended|ECONN/i.test(String(error))) throw error;
    }
  }

  async verify(runtime: RuntimeProcess): Promise<void> {
    if (this.#confirmed.size === 0) return;
    const { queue, maxBytes } = this.#options;
    const found = await readAll(runtime, queue);
    const numbers = found.map(({ number }) => number);
    const [first = 0] = maxBytes === undefined ? [] : numbers;
    const present = new Set(numbers);
    expect(numbers).toEqual([...present].sort((a, b) => a - b));
    expect([...this.#confirmed].filter((number) => number >= first && !present.has(number))).toEqual([]);
    const [start = 0] = found.map(({ offset }) => offset);
    expect(found.map(({ offset }) => offset)).toEqual(found.map((_, at) => start + at));
    const lastConfirmed = [...this.#confirmed].reduce((last, number) => Math.max(last, number), -1);
    expect(numbers.at(-1)).toBeGreaterThanOrEqual(lastConfirmed);
  }
}
