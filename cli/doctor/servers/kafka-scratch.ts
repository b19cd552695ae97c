import { listBatches } from "../../../kit/kafka-records.js";
import type { ProbeTarget } from "../../ready/probe.js";
import type { LoginSession } from "../../ready/servers/login-session.js";
import { type Finding, fine } from "../check.js";
import { isAlone, type KafkaLink, openKafkaClient } from "./kafka-link.js";
import { isLeftOver, makeScratchName } from "./scratch-name.js";

/**
 * A record through a topic of its own, at the address that Kafka tells clients: nothing less shows that it still
 * writes, and a record in a topic of anybody's would be read by its consumers. The topic is deleted at once; one that
 * a killed run left is deleted by the next.
 */
export async function produceAndConsume(
  target: ProbeTarget,
  session: LoginSession,
  link: KafkaLink,
): Promise<readonly Finding[]> {
  const startedMs = performance.now();
  const kafka = await openKafkaClient(target, session);
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  session.onClose(() => Promise.all([admin.disconnect(), producer.disconnect()]));
  await Promise.all([admin.connect(), producer.connect()]);
  const old = link.view.topics.map(({ name }) => name).filter((name) => isLeftOver(name));
  const topic = makeScratchName();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    await producer.send({ topic, messages: [{ value: topic }] });
    if (isAlone(link)) await readBack(link, topic);
  } finally {
    await admin.deleteTopics({ topics: [topic, ...old] }).catch(() => {});
  }
  const tookMs = Math.round(performance.now() - startedMs);
  const { service } = target;
  return [fine("kafka.works", service, `a record produced and consumed, ${tookMs} ms`)];
}

async function readBack({ connection }: KafkaLink, topic: string): Promise<void> {
  const [found] = await connection.fetch([{ topic, partition: 0, next: 0 }], { maxWaitMs: 500 });
  if (found === undefined || listBatches(found.batches).length === 0)
    throw new Error("it did not give back what was just produced");
}
