import { createKafka } from "../../kit/kafka.js";
import { within } from "../../kit/within.js";
import { ask } from "../brokerage/rest.js";
import { countOf, formatDuration } from "../output/units.js";
import type { SqlPart } from "../seed/world/parts.js";
import { openRabbitSession } from "../streams/rabbit-session.js";
import type { Facts, MessageFacts } from "./facts.js";
import { knownOr, textOf } from "./facts.js";
import type { Hop } from "./hop.js";
import { type Step, stepOf } from "./steps.js";
import type { Brokers } from "./trace-messages.js";
import type { TraceStores } from "./trace-stores.js";

/** Whom to ask why something has not happened. */
export interface CauseGround {
  readonly stores: TraceStores;
  readonly brokers: Brokers;
  /** Of a service, as this machine reaches it; undefined where it has no port. */
  urlOf(service: string): string | undefined;
  readonly signal: AbortSignal;
}

const askLimitMs = 1_000;

/** The likely causes of a hop's being missing, the most telling first: "consumer lag 1". */
export async function findCause(hop: Hop, facts: Facts, ground: CauseGround): Promise<string> {
  const step = stepOf(hop.step);
  const answers = await Promise.all(
    [
      askOf(() => findDeadLetter(hop, step, facts)),
      askOf(() => describeService(step.by, ground)),
      askOf(() => describeOutbox(step, facts, ground)),
      askOf(() => describeQueue(step, ground)),
      askOf(() => describeLag(step, facts, ground)),
      askOf(() => hop.note),
    ].map((answer) => answer.catch(() => undefined)),
  );
  const causes = answers.filter((answer) => answer !== undefined);
  return causes.length > 0 ? causes.join("; ") : `${step.by} is ready, and nothing waits for it`;
}

async function askOf(
  question: () => Promise<string | undefined> | string | undefined,
): Promise<string | undefined> {
  return within(Promise.resolve(question()), askLimitMs);
}

/** A message that led to this hop was put aside. */
function findDeadLetter({ step, id }: Hop, { queue, topic }: Step, facts: Facts): string | undefined {
  const key = id.slice(step.length + 1);
  const isOf = ({ value }: MessageFacts) =>
    queue !== undefined ||
    key.startsWith("REFUND") ||
    [value.executionId, value.status].some((of) => textOf(of) === key);
  const dead = [
    ...knownOr(facts.audited, []).filter((message) => message.key === queue?.routingKey),
    ...knownOr(facts.orderEvents, []).filter(({ stream }) => topic !== undefined && stream.startsWith(topic)),
  ].findLast((message) => message.reason !== undefined && isOf(message));
  return dead === undefined ? undefined : `dead letter at ${dead.place}: ${dead.reason}`;
}

async function describeService(service: string, { urlOf, signal }: CauseGround): Promise<string | undefined> {
  const url = urlOf(service);
  if (url === undefined) return undefined;
  try {
    const { status } = await within(
      ask({ method: "GET", url: `${url}/health/ready`, signal }),
      askLimitMs / 2,
    );
    return status === 503 ? `${service} is not ready` : undefined;
  } catch {
    return `${service} does not answer`;
  }
}

async function describeOutbox({ outbox }: Step, { orderId, nowMs }: Facts, { stores }: CauseGround) {
  if (outbox === undefined) return undefined;
  const { part, channel } = outbox;
  const createdMs = await stores.findWaiting(part as SqlPart, channel, orderId);
  if (createdMs === undefined) return undefined;
  const waits = formatDuration(Math.max(0, nowMs - createdMs));
  return `its row waits in the outbox of ${stores.nameOf(part)} for ${waits}, to go to ${channel}`;
}

/** By a look that takes and makes nothing. */
async function describeQueue({ queue }: Step, { brokers, signal }: CauseGround): Promise<string | undefined> {
  if (queue === undefined) return undefined;
  const session = await openRabbitSession(brokers.rabbitmq, signal).catch(() => undefined);
  if (session === undefined) return `${brokers.rabbitmq.name} does not answer`;
  try {
    const { messageCount, consumerCount } = await session.channel.checkQueue(queue.queue);
    if (messageCount === 0 && consumerCount > 0) return undefined;
    const reader = consumerCount === 0 ? `, and nobody reads it` : "";
    return `${countOf(messageCount, "message")} in ${queue.queue}${reader}`;
  } catch {
    return `there is no queue ${queue.queue}`;
  } finally {
    void session.close();
  }
}

/** Groups are named after the service that they belong to. */
async function describeLag(
  { by, topic }: Step,
  facts: Facts,
  { brokers }: CauseGround,
): Promise<string | undefined> {
  if (topic === undefined) return undefined;
  const kafka = await createKafka({
    ...{ clientId: "mybroker-trace", brokers: brokers.kafka, timeoutMs: askLimitMs, retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    // Before it has asked for the brokers it cannot look for the one that keeps a group.
    await admin.describeCluster();
    const [[committed], ends] = await Promise.all([
      admin.fetchOffsets({ groupId: by, topics: [topic] }),
      admin.fetchTopicOffsets(topic),
    ]);
    const used = new Set(knownOr(facts.orderEvents, []).map(({ partition }) => partition));
    const lag = ends.reduce((sum, { partition, high }) => {
      if (used.size > 0 && !used.has(partition)) return sum;
      const offset = committed?.partitions.find((one) => one.partition === partition)?.offset;
      // Nothing is committed before the first batch.
      return sum + Math.max(0, Number(high) - Math.max(0, Number(offset ?? 0)));
    }, 0);
    return lag === 0 ? undefined : `consumer lag ${lag} of ${by} on ${topic}`;
  } finally {
    void admin.disconnect().catch(() => {});
  }
}
