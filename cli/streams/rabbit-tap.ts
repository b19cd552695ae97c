import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import { countOf } from "../output/units.js";
import { explainRabbitFailure, managementOf, type RabbitBroker } from "./rabbit-broker.js";
import { RabbitLink } from "./rabbit-link.js";
import { leaveQueue, listenPrivately, waitingLimit } from "./rabbit-private-queue.js";
import { toRecord } from "./rabbit-record.js";
import {
  type BrokerFacts,
  compareRoutes,
  findRoutes,
  isTappable,
  privateQueuePrefix,
  type TapTarget,
} from "./rabbit-routes.js";
import type { RabbitSession } from "./rabbit-session.js";
import { RabbitStream } from "./rabbit-stream.js";
import type { Lane, SourceInfo, SourceSink, StartAt, StreamSource } from "./source.js";

export interface RabbitTapOptions {
  readonly broker: RabbitBroker;
  /** An exchange or a queue; where both have the name, `what` decides (default: the exchange). */
  readonly name: string;
  readonly what?: "exchange" | "queue";
}

const refreshMs = 3_000;

/** Listens to an exchange, or to what goes to a queue, through a private queue with bindings of its own. */
export class RabbitTap implements StreamSource {
  readonly name: string;
  readonly #options: RabbitTapOptions;
  #inner: StreamSource | undefined;
  #link: RabbitLink | undefined;
  #lane: Lane | undefined;
  #queue: string | undefined;
  #refresh: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RabbitTapOptions) {
    this.name = `rabbitmq ${options.name}`;
    this.#options = options;
  }

  async open(sink: SourceSink, start: StartAt, signal: AbortSignal): Promise<SourceInfo> {
    const { broker, name } = this.#options;
    const facts = await readFacts(broker).catch((error) => {
      throw explainRabbitFailure(broker, error);
    });
    const target = findTarget(facts, this.#options);
    if (
      target.what === "queue" &&
      facts.queues.some((queue) => queue.name === name && queue.type === "stream")
    ) {
      this.#inner = new RabbitStream(broker, name);
      return this.#inner.open(sink, start, signal);
    }
    this.#link = new RabbitLink({
      broker,
      name: this.name,
      sink,
      signal,
      attach: async (session) => {
        this.#lane ??= sink.lane({ live: true, whenFull: "drop" });
        await this.#listen(session, target, sink);
        return "unknown";
      },
      detach: (session) => leaveQueue(session, this.#queue),
    });
    await this.#link.start();
    return { name: this.name, history: "none", describe: describeTap(facts, target) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refresh);
    await this.#inner?.close();
    await this.#link?.close();
    this.#lane?.end();
  }

  async #listen(session: RabbitSession, target: TapTarget, sink: SourceSink): Promise<void> {
    const of = { stream: target.name, kind: target.what };
    this.#queue = await listenPrivately(session, (messages) => {
      void this.#lane?.push(messages.map((message) => toRecord(message, of)));
    });
    await this.#bind(session, target);
    this.#bindLater(session, target, sink);
  }

  /** Others come and go. */
  #bindLater(session: RabbitSession, target: TapTarget, sink: SourceSink): void {
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(async () => {
      if (this.#closed || session.ended.aborted) return;
      // First: what waits in the broker is on its way from here on.
      await this.#lookForOverflow(session, sink).catch(() => {});
      await this.#bind(session, target).catch(() => {});
      if (!this.#closed && !session.ended.aborted) this.#bindLater(session, target, sink);
    }, refreshMs).unref();
  }

  async #bind({ channel, ended }: RabbitSession, target: TapTarget): Promise<void> {
    const queue = this.#queue;
    const facts = await readFacts(this.#options.broker);
    if (queue === undefined || ended.aborted) return;
    const { add, remove } = compareRoutes(facts, { queue, wanted: findRoutes(facts, target) });
    for (const route of add) await channel.bindQueue(queue, route.exchange, route.key, route.arguments);
    for (const route of remove) await channel.unbindQueue(queue, route.exchange, route.key, route.arguments);
  }

  /** Where this process was stopped for a while, the broker dropped what did not fit, and does not say how much. */
  async #lookForOverflow({ channel }: RabbitSession, sink: SourceSink): Promise<void> {
    if (this.#queue === undefined) return;
    const { messageCount } = await channel.checkQueue(this.#queue);
    if (messageCount < 0.9 * waitingLimit) return;
    sink.problem(`${this.name} is faster than this terminal: RabbitMQ drops records, uncounted`);
  }
}

async function readFacts(broker: RabbitBroker): Promise<BrokerFacts> {
  const management = managementOf(broker);
  const [exchanges, queues, bindings] = await Promise.all([
    management.listExchanges(),
    management.listQueues(),
    management.listBindings(),
  ]);
  return { exchanges, queues, bindings };
}

/** @throws MybrokerError rabbitmq.unknown-name or rabbitmq.cannot-tap, exit 2 */
function findTarget(facts: BrokerFacts, { broker, name, what }: RabbitTapOptions): TapTarget {
  const exchange =
    what === "queue" ? undefined : facts.exchanges.find((one) => one.name === name && name !== "");
  if (exchange !== undefined) {
    if (isTappable(exchange)) return { what: "exchange", name };
    throw new MybrokerError({
      code: "rabbitmq.cannot-tap",
      message: `${name} is an exchange of type ${exchange.type}: one more listener would take messages away from the others`,
      hint: `see all that passes ${broker.name}:  {mybroker} tail --firehose`,
      exitCode: exitCodes.usage,
    });
  }
  if (what !== "exchange" && facts.queues.some((queue) => queue.name === name))
    return { what: "queue", name };
  throw unknownName(facts, broker, name);
}

function unknownName({ exchanges, queues }: BrokerFacts, broker: RabbitBroker, name: string): MybrokerError {
  const known = [...exchanges, ...queues]
    .map((one) => one.name)
    .filter((one) => one !== "" && !one.startsWith(privateQueuePrefix));
  const nearest = findNearest(name, known);
  return new MybrokerError({
    code: "rabbitmq.unknown-name",
    message: `${broker.name} has no exchange and no queue ${name}`,
    hint:
      nearest === undefined
        ? `it has ${known.filter((one) => !one.startsWith("amq.")).join(", ")}`
        : `did you mean:  {mybroker} tail --rabbit ${nearest}`,
    exitCode: exitCodes.usage,
    details: { known },
  });
}

function describeTap(facts: BrokerFacts, target: TapTarget): string {
  const routes = findRoutes(facts, target);
  if (target.what === "queue") {
    return routes.length === 0
      ? `rabbitmq ${target.name} (live only; it has no bindings, and what is sent to it by name only --firehose shows)`
      : `rabbitmq ${target.name} (live only, by its ${countOf(routes.length, "binding")}; what is sent to it by name only --firehose shows)`;
  }
  const type = facts.exchanges.find(({ name }) => name === target.name)?.type ?? "";
  return `rabbitmq ${target.name} (${type}, live only${type === "direct" ? `, ${countOf(routes.length, "key")}` : ""})`;
}
