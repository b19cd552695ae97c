import type { Static, TSchema } from "typebox";
import type { RabbitmqSettings } from "../../../kit/rabbitmq.js";
import { type Consumer, type LinkContext, pause, toReason, withTrace } from "./messages.js";
import { QueueReader } from "./queue-reader.js";
import { type Envelope, openSession, type Session } from "./rabbitmq-session.js";

export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageId: string;
  /** Sent as JSON; text is JSON already. */
  readonly body: object | string;
  /** Default traceparent: that of the request or message at hand. x-published-at is added. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface QueueMessage<T> {
  readonly body: T;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly redelivered: boolean;
}

/** A message that can never be valid, as far as it could be read. */
export interface RawMessage {
  /** The parsed JSON; undefined where it is none. */
  readonly body: unknown;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface QueueConsumer<T extends TSchema> {
  readonly queue: string;
  readonly schema: T;
  /** Unacknowledged ones at most; default 200. */
  readonly prefetch?: number;
  /** Default 100. */
  readonly maxBatch?: number;
  /**
   * One batch at a time, in the queue's order. Resolved: all are acked. Rejected with InvalidMessage: that one is
   * dead-lettered, the others are handed over again. Rejected otherwise: see probe.
   */
  handle(batch: QueueMessage<Static<T>>[]): Promise<void>;
  /** Before a message is dead-lettered, by schema or by InvalidMessage; may be called twice for one. */
  onInvalid?(raw: RawMessage, reason: string): Promise<void>;
  /**
   * Rejects while what handle depends on is down; asked after each failure of handle. Down: the messages go back and
   * the consumer waits, asking every second. Up: the batch is handed over one by one, and what fails alone goes back
   * after 1 s, doubling to 30 s (the queue's delivery limit ends that).
   */
  probe(): Promise<void>;
}

/** One connection, with a channel for publishing and one a consumer, reconnected for ever (100 ms, doubling to 2 s). */
export interface RabbitmqLink {
  /**
   * Persistent, mandatory, confirmed. @throws Error when it was returned, refused, or not confirmed in 10 s: it may
   * have arrived
   */
  publish(message: OutgoingMessage): Promise<void>;
  /** All at once; the error of each that publish would reject, undefined for the others. Never rejects. */
  publishMany(messages: readonly OutgoingMessage[]): Promise<(Error | undefined)[]>;
  /** Begins as soon as the broker is there. */
  consume<T extends TSchema>(options: QueueConsumer<T>): Consumer;
  /** Rejects when the broker does not answer. */
  ping(): Promise<void>;
  /** Closes the consumers, then the connection. */
  close(): Promise<void>;
}

type Login = Pick<RabbitmqSettings, "host" | "port" | "user" | "password">;

/** Connects in the background: a broker that is away is no failure. */
export function openRabbitmq(login: Login, context: LinkContext): RabbitmqLink {
  return new Link(login, context);
}

const timeoutMs = 3_000;
const firstDelayMs = 100;
const lastDelayMs = 2_000;

class Link implements RabbitmqLink {
  readonly #login: Login;
  readonly #context: LinkContext;
  readonly #closing = new AbortController();
  readonly #readers = new Set<QueueReader>();
  readonly #connecting: Promise<void>;
  #session: Session | undefined;

  constructor(login: Login, context: LinkContext) {
    this.#login = login;
    this.#context = context;
    this.#connecting = this.#stayConnected();
  }

  async publish({ exchange, routingKey, messageId, body, headers }: OutgoingMessage): Promise<void> {
    await this.#send({
      exchange,
      routingKey,
      messageId,
      content: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
      headers: withTrace(headers),
    });
  }

  publishMany(messages: readonly OutgoingMessage[]): Promise<(Error | undefined)[]> {
    return Promise.all(
      messages.map((message) =>
        this.publish(message).then(
          () => undefined,
          (error) => error as Error,
        ),
      ),
    );
  }

  consume<T extends TSchema>(options: QueueConsumer<T>): Consumer {
    const reader = new QueueReader(options as QueueConsumer<TSchema>, {
      ...this.#context,
      publish: (envelope) => this.#send(envelope),
    });
    this.#readers.add(reader);
    if (this.#session !== undefined) reader.start(this.#session);
    return {
      close: async () => {
        await reader.close();
        this.#readers.delete(reader);
      },
    };
  }

  async ping(): Promise<void> {
    const session = this.#mustBeConnected();
    const limit = AbortSignal.any([session.ended, AbortSignal.timeout(timeoutMs)]);
    const late = new Promise<never>((_, reject) => {
      limit.addEventListener("abort", () => reject(new Error("RabbitMQ does not answer")), { once: true });
    });
    await Promise.race([session.connection.createChannel().then((channel) => channel.close()), late]);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
    const session = this.#session;
    const timer = setTimeout(() => session?.destroy(), timeoutMs);
    await session?.connection.close().catch(() => {});
    clearTimeout(timer);
    await this.#connecting;
  }

  async #send(envelope: Envelope): Promise<void> {
    await this.#mustBeConnected().publish(envelope);
  }

  #mustBeConnected(): Session {
    if (this.#session === undefined) throw new Error("RabbitMQ is not connected");
    return this.#session;
  }

  async #stayConnected(): Promise<void> {
    const { name, log } = this.#context;
    let delayMs = firstDelayMs;
    let told = false;
    while (!this.#closing.signal.aborted) {
      try {
        const session = await openSession({ ...this.#login, timeoutMs, connectionName: name });
        const since = Date.now();
        log.info("connected to RabbitMQ");
        told = false;
        await this.#use(session);
        // One that breaks at once is no reason to hurry.
        if (Date.now() - since > lastDelayMs) delayMs = firstDelayMs;
        if (!this.#closing.signal.aborted) log.warn("the connection to RabbitMQ is lost");
      } catch (error) {
        if (!told) log.warn({ reason: toReason(error) }, "RabbitMQ is away");
        told = true;
      }
      await pause(delayMs, this.#closing.signal);
      delayMs = Math.min(delayMs * 2, lastDelayMs);
    }
  }

  /** Until it ends. */
  async #use(session: Session): Promise<void> {
    if (this.#closing.signal.aborted) return session.destroy();
    this.#session = session;
    for (const reader of this.#readers) reader.start(session);
    if (!session.ended.aborted) {
      await new Promise<void>((resolve) =>
        session.ended.addEventListener("abort", () => resolve(), { once: true }),
      );
    }
    this.#session = undefined;
  }
}
