import { setTimeout as pause } from "node:timers/promises";
import type { RabbitBroker } from "./rabbit-broker.js";
import { RabbitLink } from "./rabbit-link.js";
import { Past } from "./rabbit-past.js";
import { offsetOf, toRecord } from "./rabbit-record.js";
import type { Message, RabbitSession } from "./rabbit-session.js";
import {
  type Begin,
  chooseBegin,
  describeHistory,
  findFrom,
  findStreamEnds,
  type StreamEnds,
} from "./rabbit-stream-ends.js";
import type { StreamRecord } from "./record.js";
import type { Lane, SourceInfo, SourceSink, StartAt, StreamSource } from "./source.js";

/** Unacknowledged at most: what is in memory while the sink is slow. */
const prefetch = 1_000;
/** A stream without anything since the time that was asked for says so by its silence; a busy broker is silent too. */
const silenceMs = 1_000;
/** Where its last message is younger than that time nothing but a wrong clock explains a silence. */
const wrongClockMs = 10_000;

/** Reads a stream queue at a place of its own, with acknowledgements that only give credit. */
export class RabbitStream implements StreamSource {
  readonly name: string;
  readonly #broker: RabbitBroker;
  readonly #queue: string;
  #link: RabbitLink | undefined;
  #lane: Lane | undefined;
  #begin: Begin = "first";
  /** The offset after the last one seen. */
  #next: number | undefined;
  #past: Past | undefined;
  /** When the last one seen was published. */
  #lastMs: number | undefined;
  #taking: Promise<void> = Promise.resolve();

  constructor(broker: RabbitBroker, queue: string) {
    this.name = `rabbitmq ${queue}`;
    this.#broker = broker;
    this.#queue = queue;
  }

  async open(sink: SourceSink, start: StartAt, signal: AbortSignal): Promise<SourceInfo> {
    let history: SourceInfo["history"] = "all";
    this.#link = new RabbitLink({
      broker: this.#broker,
      name: this.name,
      sink,
      signal,
      attach: async (session, again) => {
        if (again) return this.#goOn(session);
        const ends = await findStreamEnds(session, this.#queue);
        history = describeHistory(ends);
        this.#lane = sink.lane();
        await this.#begins(session, start, ends);
        return 0;
      },
    });
    await this.#link.start();
    return { name: this.name, history, describe: `${this.name} (stream)` };
  }

  async close(): Promise<void> {
    await this.#link?.close();
    this.#lane?.end();
  }

  async #begins(session: RabbitSession, start: StartAt, ends: StreamEnds): Promise<void> {
    this.#begin = chooseBegin(start, ends);
    if (ends.lastChunk === undefined) this.#lane?.caughtUp();
    else this.#past = new Past(start, ends.lastChunk);
    await this.#consume(session, this.#begin);
    if (typeof start !== "object" || !("sinceMs" in start) || ends.lastChunk === undefined) return;
    await session.channel.checkQueue(this.#queue);
    const mustCome = (ends.lastMs ?? 0) >= start.sinceMs;
    void pause(mustCome ? wrongClockMs : silenceMs, undefined, { ref: false }).then(() =>
      this.#next === undefined ? this.#catchUp() : undefined,
    );
  }

  /** Where it was: the last one seen is asked for once more, to see whether the stream still has it. */
  async #goOn(session: RabbitSession): Promise<number | "unknown"> {
    await this.#taking;
    if (this.#next === undefined) {
      await this.#consume(session, this.#begin);
      return 0;
    }
    const found = await findFrom(session, this.#queue, this.#next - 1);
    if (found === undefined) {
      // Shorter than what was read of it: it has been made anew.
      this.#next = undefined;
      await this.#consume(session, "first");
      return "unknown";
    }
    const missed = Math.max(0, (offsetOf(found) ?? 0) - this.#next);
    await this.#consume(session, this.#next);
    return missed;
  }

  async #consume(session: RabbitSession, begin: Begin): Promise<void> {
    const { channel } = session;
    const waiting: Message[] = [];
    let busy = false;
    const onMessage = (message: Message | null) => {
      // The queue is gone; it may come back.
      if (message === null) return session.destroy();
      waiting.push(message);
      if (busy) return;
      busy = true;
      this.#taking = new Promise((resolve) => setImmediate(resolve))
        .then(() => this.#take(session, waiting))
        .catch(() => session.destroy())
        .finally(() => {
          busy = false;
        });
    };
    await channel.prefetch(prefetch);
    await channel.consume(this.#queue, onMessage, { arguments: { "x-stream-offset": begin } });
  }

  async #take(session: RabbitSession, waiting: Message[]): Promise<void> {
    while (waiting.length > 0 && !session.ended.aborted) {
      const batch = waiting.splice(0);
      await this.#lane?.push(this.#choose(batch));
      const last = batch.at(-1);
      if (last !== undefined && !session.ended.aborted) session.channel.ack(last, true);
      if (waiting.length === 0) await this.#lookForEnd(session, waiting);
    }
  }

  #choose(batch: readonly Message[]): readonly StreamRecord[] {
    const records: StreamRecord[] = [];
    for (const message of batch) {
      const offset = offsetOf(message) ?? 0;
      if (this.#next !== undefined && offset < this.#next) continue;
      this.#next = offset + 1;
      // A message of the past that has no time came after the one before it; a live one comes now.
      const elseMs = this.#past === undefined ? undefined : this.#lastMs;
      const record = toRecord(message, { stream: this.#queue, kind: "stream", elseMs });
      this.#lastMs = record.publishedMs;
      if (this.#past?.isWanted(message) !== false) records.push(record);
    }
    return this.#past?.add(records) ?? records;
  }

  /** RabbitMQ answers on this channel after what it had to deliver: none came before the answer, so that was all. */
  async #lookForEnd({ channel }: RabbitSession, waiting: readonly Message[]): Promise<void> {
    const reached = this.#past?.reached(this.#next ?? 0) ?? "no";
    if (reached === "near") await channel.checkQueue(this.#queue);
    if (reached === "yes" || (reached === "near" && waiting.length === 0)) await this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const past = this.#past;
    this.#past = undefined;
    if (past === undefined) return;
    await this.#lane?.push(past.rest());
    this.#lane?.caughtUp();
  }
}
