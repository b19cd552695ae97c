import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { explainRabbitFailure, managementOf } from "./rabbit-broker.js";
import { RabbitLink } from "./rabbit-link.js";
import { leaveQueue, listenPrivately } from "./rabbit-private-queue.js";
import { RabbitRecord } from "./rabbit-record.js";
import { privateQueuePrefix } from "./rabbit-routes.js";
import type { Message } from "./rabbit-session.js";
import { type FirehoseOptions, holdTracing, releaseTracing } from "./rabbit-tracing.js";
import type { StreamRecord } from "./record.js";
import type { Lane, SourceInfo, SourceSink, StartAt, StreamSource } from "./source.js";

/** Where RabbitMQ publishes a copy of everything while a virtual host is traced (RabbitMQ docs, "Firehose Tracer"). */
const traceExchange = "amq.rabbitmq.trace";

/** All that is published and delivered. */
export class Firehose implements StreamSource {
  readonly name: string;
  readonly #options: FirehoseOptions;
  #link: RabbitLink | undefined;
  #lane: Lane | undefined;
  #queue: string | undefined;
  #held = false;
  #sink: SourceSink | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: FirehoseOptions) {
    this.name = `rabbitmq firehose of ${options.broker.name}`;
    this.#options = options;
  }

  async open(sink: SourceSink, _start: StartAt, signal: AbortSignal): Promise<SourceInfo> {
    const { broker } = this.#options;
    managementOf(broker);
    this.#sink = sink;
    this.#link = new RabbitLink({
      broker,
      name: this.name,
      sink,
      signal,
      attach: async (session) => {
        this.#lane ??= sink.lane({ live: true, whenFull: "drop" });
        this.#queue = await listenPrivately(session, (messages) => {
          const records = messages.map(toTraceRecord).filter((record) => record !== undefined);
          void this.#lane?.push(records);
        });
        await session.channel.bindQueue(this.#queue, traceExchange, "#");
        await this.#hold();
        return "unknown";
      },
      detach: async (session) => {
        await this.#release();
        await leaveQueue(session, this.#queue);
      },
    });
    try {
      await this.#link.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    return {
      name: this.name,
      history: "none",
      describe: `${this.name} (live only; tracing is on meanwhile)`,
    };
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#link?.close();
      // Where the connection was lost, nothing was detached.
      await this.#release().catch(() => this.#sink?.problem(this.#describeLeft()));
      this.#lane?.end();
    })();
    return this.#closed;
  }

  /** Also after each restart of the broker, which forgets that it traced. */
  async #hold(): Promise<void> {
    this.#held = true;
    await holdTracing(this.#options).catch((error) => {
      throw explainTracingFailure(this.#options, error);
    });
  }

  #describeLeft(): string {
    return `the tracing of ${this.#options.broker.name} is still on, as it does not answer: the next tail switches it off`;
  }

  async #release(): Promise<void> {
    if (!this.#held) return;
    await releaseTracing(this.#options);
    this.#held = false;
  }
}

function explainTracingFailure({ broker }: FirehoseOptions, error: unknown): unknown {
  const { status } = error as { status?: unknown };
  if (status !== 401 && status !== 403) return explainRabbitFailure(broker, error);
  return new MybrokerError({
    code: "rabbitmq.refused",
    message: `${broker.user} may not switch on the firehose of ${broker.name}`,
    hint: `give it the tag:  {mybroker} exec ${broker.name} rabbitmqctl set_user_tags ${broker.user} administrator`,
    exitCode: exitCodes.machine,
    cause: error,
  });
}

/** "publish.EXCHANGE" with the queues that it went to, or "deliver.QUEUE"; undefined for what goes to a `tail`. */
function toTraceRecord({ content, fields, properties }: Message): StreamRecord | undefined {
  const [, event = "", place = ""] = /^(publish|deliver)\.(.*)$/s.exec(fields.routingKey) ?? [];
  if (event === "deliver" && place.startsWith(privateQueuePrefix)) return undefined;
  const trace = { ...properties.headers } as Record<string, unknown>;
  const sent = { ...(trace.properties as object | undefined) } as Record<string, unknown>;
  const queues = asTexts(trace.routed_queues).filter((queue) => !queue.startsWith(privateQueuePrefix));
  const exchange = String(trace.exchange_name ?? "");
  return new RabbitRecord({
    stream: place,
    kind: "firehose",
    key: asTexts(trace.routing_keys)[0] ?? "",
    exchange,
    bytes: content,
    values: { ...(sent.headers as object | undefined) },
    messageId: sent.message_id,
    timestamp: sent.timestamp,
    note:
      event === "publish"
        ? `published${queues.length === 0 ? ", to no queue" : ` to ${queues.join(", ")}`}`
        : `delivered from ${place}`,
  });
}

function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
