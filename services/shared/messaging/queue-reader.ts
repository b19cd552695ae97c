import type { TSchema } from "typebox";
import { messageHeaders } from "../../../contracts/message-headers.js";
import { deadLetterExchange, toBroker, toExchange } from "../../../contracts/topology.js";
import { addDeadLettersTotal } from "../metrics.js";
import { type Checked, compile } from "../validate.js";
import { handleBatch, waitUntilUp } from "./handle-batch.js";
import { createBackOff, type LinkContext, pause, readJson, readMessage, toReason } from "./messages.js";
import type { QueueConsumer, QueueMessage } from "./rabbitmq-link.js";
import type { Connection, Envelope, Session } from "./rabbitmq-session.js";

type Channel = Awaited<ReturnType<Connection["createChannel"]>>;
type Delivery = NonNullable<Parameters<Parameters<Channel["consume"]>[1]>[0]>;

interface ReaderContext extends LinkContext {
  publish(envelope: Envelope): Promise<void>;
}

/** A channel while it is read. */
interface Reading {
  readonly channel: Channel;
  readonly inbox: Delivery[];
  /** False when the channel is gone: what it held comes again. */
  isOpen: boolean;
  /** Read no more, close the channel. */
  isOver: boolean;
  /** Resolves the wait for deliveries. */
  wake(): void;
  /** What is down, where that is why it is over. */
  down?: unknown;
  /** Runs while messages that failed alone are kept; closing the channel gives them back and counts a delivery. */
  givingBack?: NodeJS.Timeout;
}

const retryMs = 1_000;

/** Takes the messages of one queue, from session to session. */
export class QueueReader {
  readonly #options: QueueConsumer<TSchema>;
  readonly #context: ReaderContext;
  readonly #check: (value: unknown) => Checked<unknown>;
  readonly #deadLetters: ReturnType<typeof addDeadLettersTotal>;
  readonly #closing = new AbortController();
  readonly #nextDelayMs = createBackOff();
  #running: Promise<void> = Promise.resolve();

  constructor(options: QueueConsumer<TSchema>, context: ReaderContext) {
    this.#options = options;
    this.#context = context;
    this.#deadLetters = addDeadLettersTotal(context.metrics);
    this.#check = compile(options.schema);
  }

  /** Reads until the session ends. */
  start(session: Session): void {
    this.#running = this.#running.then(() => this.#run(session));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run({ connection, ended }: Session): Promise<void> {
    const { log } = this.#context;
    const { queue, probe } = this.#options;
    const stop = AbortSignal.any([ended, this.#closing.signal]);
    while (!stop.aborted) {
      try {
        const { down } = await this.#read(await connection.createChannel(), stop);
        if (down === undefined) continue;
        log.warn({ queue, reason: toReason(down) }, "paused: a dependency is down");
        await waitUntilUp(probe, stop);
        log.info({ queue }, "resumed");
      } catch (error) {
        if (stop.aborted) return;
        log.warn({ queue, reason: toReason(error) }, "the queue cannot be read");
        await pause(retryMs, stop);
      }
    }
  }

  /** One channel, from its opening to its end. */
  async #read(channel: Channel, stop: AbortSignal): Promise<Reading> {
    const reading: Reading = { channel, inbox: [], isOpen: true, isOver: false, wake: () => {} };
    const finish = () => finishReading(reading);
    channel.on("error", (error) => this.#context.log.warn({ reason: toReason(error) }, "channel error"));
    channel.once("close", () => {
      reading.isOpen = false;
      finish();
    });
    stop.addEventListener("abort", finish);
    try {
      await channel.prefetch(this.#options.prefetch ?? 200);
      await channel.consume(this.#options.queue, (delivery) => {
        // null: the queue was deleted.
        if (delivery === null) return finish();
        reading.inbox.push(delivery);
        reading.wake();
      });
      while (!reading.isOver && !stop.aborted) {
        if (reading.inbox.length > 0) await this.#take(reading);
        else {
          await new Promise<void>((resolve) => {
            reading.wake = resolve;
          });
        }
      }
      return reading;
    } finally {
      stop.removeEventListener("abort", finish);
      clearTimeout(reading.givingBack);
      // Closed already where the broker or the session ended it.
      await channel.close().catch(() => {});
    }
  }

  async #take(reading: Reading): Promise<void> {
    const messages = new Map<QueueMessage<unknown>, Delivery>();
    for (const delivery of reading.inbox.splice(0, this.#options.maxBatch ?? 100)) {
      const read = readMessage(delivery.content, this.#check);
      if (read.ok) {
        messages.set(toMessage(delivery, read.value), delivery);
        continue;
      }
      await this.#putAside(delivery, read.reason);
      if (reading.isOpen) reading.channel.ack(delivery);
    }
    const { done, failed, down } = await handleBatch([...messages.keys()], {
      handle: (batch) => this.#options.handle(batch),
      probe: () => this.#options.probe(),
      putAside: (message, reason) => this.#putAside(messages.get(message) as Delivery, reason),
      inOrder: false,
    });
    if (!reading.isOpen) return;
    for (const { message, error } of failed) {
      const fields = { queue: this.#options.queue, messageId: message.messageId, error };
      this.#context.log.error(fields, "a message failed alone and will go back to its queue");
    }
    // The others go on meanwhile.
    if (failed.length > 0)
      reading.givingBack ??= setTimeout(finishReading, this.#nextDelayMs(), reading).unref();
    // After that: while a message is kept, no acknowledgement may include those before it.
    acknowledge(
      reading,
      [...messages].filter(([message]) => done.includes(message)).map(([, delivery]) => delivery),
    );
    if (down === undefined) return;
    reading.down = down;
    finishReading(reading);
  }

  async #putAside(delivery: Delivery, reason: string): Promise<void> {
    const { queue, onInvalid } = this.#options;
    const { messageId, headers = {} } = delivery.properties;
    await onInvalid?.call(
      this.#options,
      { body: readJson(delivery.content).body, messageId, headers },
      reason,
    );
    const route = [toExchange, toBroker].find((known) => known.queue === queue);
    await this.#context.publish({
      exchange: deadLetterExchange,
      // Not always that of the message: who publishes to the queue itself uses the queue's name.
      routingKey: route?.routingKey ?? delivery.fields.routingKey,
      messageId,
      content: delivery.content,
      headers: { ...headers, [messageHeaders.reason]: toReason(reason) },
    });
    this.#deadLetters.inc({ source: queue });
    this.#context.log.warn({ queue, messageId, reason }, "dead letter");
  }
}

function toMessage(delivery: Delivery, body: unknown): QueueMessage<unknown> {
  const { messageId, headers = {} } = delivery.properties;
  return { body, messageId, headers, redelivered: delivery.fields.redelivered };
}

function finishReading(reading: Reading): void {
  reading.isOver = true;
  reading.wake();
}

/** In one frame where nothing before the last is to be kept. */
function acknowledge({ channel, givingBack }: Reading, deliveries: readonly Delivery[]): void {
  const [first, last] = [deliveries[0], deliveries.at(-1)];
  if (first === undefined || last === undefined) return;
  const areAll = last.fields.deliveryTag - first.fields.deliveryTag === deliveries.length - 1;
  if (areAll && givingBack === undefined) channel.ack(last, true);
  else for (const delivery of deliveries) channel.ack(delivery);
}
