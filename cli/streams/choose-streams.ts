import {
  auditStream,
  deadLetterExchange,
  deadLetterTopic,
  marketDataTopic,
  orderEventsTopic,
  ordersExchange,
  toBroker,
  toExchange,
  walletEventsTopic,
} from "../../contracts/topology.js";
import type { MybrokerExtension, Project } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";

/** What is to be listened to, as it was typed. */
export interface StreamChoice {
  /** Names of streams; when nothing at all is chosen: orders. */
  readonly names: readonly string[];
  /** Topics, whether a compose file names them or not. */
  readonly kafka: readonly string[];
  /** Exchanges and queues, likewise. */
  readonly rabbit: readonly string[];
  readonly firehose: boolean;
}

export interface TopicTap {
  readonly name: string;
  readonly mayBeMissing?: boolean;
}

/** Messages of an audit stream that went to this exchange, by this key where one is given. */
export interface Way {
  readonly exchange: string;
  readonly routingKey?: string;
}

/** One connection to make: `service` is the broker's name in the compose file. */
export type Tap =
  | { readonly kind: "topics"; readonly service: string; readonly topics: readonly TopicTap[] }
  /** Without `ways`: all of it. */
  | {
      readonly kind: "stream";
      readonly service: string;
      readonly queue: string;
      readonly ways?: readonly Way[];
    }
  | {
      readonly kind: "tap";
      readonly service: string;
      readonly name: string;
      readonly what?: "exchange" | "queue";
    }
  | { readonly kind: "firehose"; readonly service: string };

export interface NamedStream {
  readonly name: string;
  /** For help and completion, in a few words. */
  readonly about: string;
  readonly taps: readonly Tap[];
}

interface Broker extends MybrokerExtension {
  readonly service: string;
}

/** Each name that `tail` takes in this project: ours first, then topics, queues and streams of the compose file. */
export function listStreams(project: Project): NamedStream[] {
  const kafkas = brokersOf(project, "kafka");
  const rabbits = brokersOf(project, "rabbitmq");
  const ours: NamedStream[] = [
    {
      name: "orders",
      about: "orders and their results, both brokers",
      taps: [...topicTaps(kafkas, [orderEventsTopic]), ...exchangeTaps(rabbits, ordersExchange)],
    },
    {
      name: "quotes",
      about: "prices as market data sends them",
      taps: topicTaps(kafkas, [marketDataTopic]),
    },
    {
      name: "wallet",
      about: "what moves on accounts",
      taps: topicTaps(kafkas, [walletEventsTopic]),
    },
    {
      name: "dlq",
      about: "dead letters of both brokers",
      taps: [...kafkas.flatMap(deadLettersOf), ...exchangeTaps(rabbits, deadLetterExchange)],
    },
    {
      name: "all",
      about: "all of these, and what the compose file names besides",
      taps: [...kafkas.flatMap(everyTopic), ...rabbits.flatMap(everythingOf)],
    },
  ];
  const theirs = [
    ...kafkas.flatMap(({ service, topics = [] }) =>
      topics.map((name) => ({ name, about: `topic of ${service}`, taps: topicTaps(kafkas, [name]) })),
    ),
    ...rabbits.flatMap(({ service, queues = [], streams = [] }) => [
      ...queues.map((name) => ({ name, about: `queue of ${service}`, taps: rabbitTaps(rabbits, name) })),
      ...streams.map((name) => ({ name, about: `stream of ${service}`, taps: rabbitTaps(rabbits, name) })),
    ]),
  ];
  const names = new Map<string, NamedStream>();
  for (const stream of [...ours, ...theirs]) {
    const known = names.get(stream.name);
    // One name on two brokers is both; ours hold before a stranger's.
    if (known === undefined) names.set(stream.name, stream);
    else if (!ours.includes(known))
      names.set(stream.name, { ...known, taps: [...known.taps, ...stream.taps] });
  }
  return [...names.values()].filter(({ taps }) => taps.length > 0);
}

/**
 * The connections that a choice needs, one a Kafka and one a RabbitMQ stream however many names ask for it.
 * @throws MybrokerError usage.unknown-stream, tail.no-broker, exit 2
 */
export function chooseStreams(project: Project, choice: StreamChoice): Tap[] {
  const { names, kafka, rabbit, firehose } = choice;
  const nothing = names.length + kafka.length + rabbit.length === 0 && !firehose;
  const streams = listStreams(project);
  const kafkas = brokersOf(project, "kafka");
  const rabbits = brokersOf(project, "rabbitmq");
  if (kafka.length > 0) requireBroker(project, "kafka", kafkas);
  if (rabbit.length > 0 || firehose) requireBroker(project, "rabbitmq", rabbits);
  const taps = [
    ...(nothing ? ["orders"] : names).flatMap((name) => findStream(project, streams, name).taps),
    ...topicTaps(kafkas, kafka),
    ...rabbit.flatMap((name) => rabbitTaps(rabbits, name)),
    ...(firehose ? rabbits.slice(0, 1).map(({ service }) => ({ kind: "firehose" as const, service })) : []),
  ];
  return joinTaps(taps);
}

function brokersOf(project: Project, kind: "kafka" | "rabbitmq"): Broker[] {
  return Object.entries(project.services).flatMap(([service, { "x-mybroker": extension }]) =>
    extension?.kind === kind ? [{ ...extension, service }] : [],
  );
}

/** Each topic where it is declared, else on the first Kafka. */
function topicTaps(kafkas: readonly Broker[], names: readonly string[]): Tap[] {
  return names.flatMap((name) => {
    const owner = kafkas.find(({ topics }) => topics?.includes(name)) ?? kafkas[0];
    return owner === undefined ? [] : [{ kind: "topics", service: owner.service, topics: [{ name }] }];
  });
}

function deadLettersOf({ service, topics = [] }: Broker): Tap[] {
  if (topics.length === 0) return [];
  const dead = topics.map((name) => ({ name: deadLetterTopic(name), mayBeMissing: true }));
  return [{ kind: "topics", service, topics: dead }];
}

function everyTopic(kafka: Broker): Tap[] {
  const { service, topics = [] } = kafka;
  return topics.length === 0
    ? []
    : [
        { kind: "topics", service, topics: topics.map((name) => ({ name, mayBeMissing: true })) },
        ...deadLettersOf(kafka),
      ];
}

/** What the audit stream has anyway is not listened to twice. */
function everythingOf(rabbit: Broker): Tap[] {
  const { service, queues = [], streams = [] } = rabbit;
  const audited = streams.includes(auditStream);
  return [
    ...streams.map((queue) => ({ kind: "stream" as const, service, queue })),
    ...queues
      .filter((name) => !audited || auditedWays[name] === undefined)
      .map((name) => ({ kind: "tap" as const, service, name, what: "queue" as const })),
  ];
}

/** What the audit stream knows of an exchange or a queue of ours, so that it has a past. */
const auditedWays: Readonly<Record<string, Way>> = Object.fromEntries([
  ...[ordersExchange, deadLetterExchange].map((exchange) => [exchange, { exchange }]),
  ...[toExchange, toBroker].flatMap(({ queue, deadLetterQueue, routingKey }) => [
    [queue, { exchange: ordersExchange, routingKey }],
    [deadLetterQueue, { exchange: deadLetterExchange, routingKey }],
  ]),
]);

function exchangeTaps(rabbits: readonly Broker[], exchange: string): Tap[] {
  return rabbits.length === 0 ? [] : rabbitTaps(rabbits, exchange);
}

/** An exchange, queue or stream where it is declared, else on the first RabbitMQ. */
function rabbitTaps(rabbits: readonly Broker[], name: string): Tap[] {
  const way = auditedWays[name];
  const auditor = rabbits.find(({ streams }) => streams?.includes(auditStream));
  if (way !== undefined && auditor !== undefined)
    return [{ kind: "stream", service: auditor.service, queue: auditStream, ways: [way] }];
  const asStream = rabbits.find(({ streams }) => streams?.includes(name));
  if (asStream !== undefined) return [{ kind: "stream", service: asStream.service, queue: name }];
  const asQueue = rabbits.find(({ queues }) => queues?.includes(name));
  if (asQueue !== undefined) return [{ kind: "tap", service: asQueue.service, name, what: "queue" }];
  return rabbits.slice(0, 1).map(({ service }) => ({ kind: "tap", service, name }));
}

function joinTaps(taps: readonly Tap[]): Tap[] {
  const joined = new Map<string, Tap>();
  for (const tap of taps) {
    const id = idOf(tap);
    const known = joined.get(id);
    joined.set(id, known === undefined ? tap : joinTwo(known, tap));
  }
  return [...joined.values()];
}

function idOf(tap: Tap): string {
  const name = tap.kind === "stream" ? tap.queue : tap.kind === "tap" ? `${tap.what} ${tap.name}` : "";
  return `${tap.service} ${tap.kind} ${name}`;
}

function joinTwo(left: Tap, right: Tap): Tap {
  if (left.kind === "topics" && right.kind === "topics") {
    const topics = new Map(left.topics.map((topic) => [topic.name, topic]));
    for (const topic of right.topics) {
      // A topic that was asked for by its name has to be there.
      if (topics.get(topic.name)?.mayBeMissing !== undefined || !topics.has(topic.name))
        topics.set(topic.name, topic);
    }
    return { ...left, topics: [...topics.values()] };
  }
  if (left.kind === "stream" && right.kind === "stream") {
    const { ways, ...all } = left;
    if (ways === undefined || right.ways === undefined) return all;
    return { ...left, ways: [...ways, ...right.ways] };
  }
  return left;
}

function requireBroker(project: Project, kind: "kafka" | "rabbitmq", brokers: readonly Broker[]): void {
  if (brokers.length > 0) return;
  throw new MybrokerError({
    code: "tail.no-broker",
    message: `no service of ${project.name} is a ${kind}: the compose file says so with x-mybroker: {kind: ${kind}}`,
    hint: "what there is:  {mybroker} config --services",
    exitCode: exitCodes.usage,
  });
}

function findStream(project: Project, streams: readonly NamedStream[], name: string): NamedStream {
  const found = streams.find((stream) => stream.name === name);
  if (found !== undefined) return found;
  const names = streams.map((stream) => stream.name);
  const nearest = findNearest(name, names);
  const flags = "{mybroker} tail --kafka TOPIC  or  --rabbit EXCHANGE";
  throw new MybrokerError({
    code: "usage.unknown-stream",
    message: `${project.name} has no stream ${name}; it has ${names.join(", ") || "none"}`,
    hint: nearest === undefined ? `Any other:  ${flags}` : `Did you mean:  {mybroker} tail ${nearest}`,
    exitCode: exitCodes.usage,
    details: { stream: name, streams: names },
  });
}
