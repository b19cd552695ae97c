import { topics as agreedTopics, deadLetterTopic } from "../../../contracts/topology.js";
import { offsetAt } from "../../../kit/kafka-connection.js";
import { countOf } from "../../output/units.js";
import type { ProbeTarget } from "../../ready/probe.js";
import type { DoctorFacts, Finding, Repair } from "../check.js";
import { isAlone, type KafkaLink, openAdmin, type Topics } from "./kafka-link.js";
import { onceItAnswers, withSession } from "./with-session.js";

export const topicFindings = [
  "kafka.missing-topic",
  "kafka.too-few-partitions",
  "kafka.no-leader",
  "kafka.dead-letters",
];

/** Of a topic that the contracts do not know: any number will do. */
function partitionsOf(name: string): number | undefined {
  return agreedTopics.find((topic) => topic.name === name)?.partitions;
}

/** KAFKA_NUM_PARTITIONS of the compose file, for a topic that nobody says more of. */
const usualPartitions = 3;

/** The topics that x-mybroker names, with as many partitions as their producer makes, and what was put aside of them. */
export async function examineTopics(target: ProbeTarget, link: KafkaLink): Promise<readonly Finding[]> {
  const declared = target.extension.topics ?? [];
  const known = new Map(link.view.topics.map((topic) => [topic.name, topic]));
  const shape = declared.flatMap((name) => judge(target.service, name, known.get(name)));
  return [...shape, ...(await findDeadLetters(target, link))];
}

function judge(service: string, name: string, topic: Topics[number] | undefined): Finding[] {
  const tell = (thing: string, message: string): Finding => {
    const id = `kafka.${thing}`;
    const fix = `{mybroker} doctor --fix ${id}`;
    return { id, subject: service, level: "error", message, fix, repair: makeTopics(service) };
  };
  if (topic === undefined || topic.errorCode !== 0) {
    return [tell("missing-topic", `${service} has no topic ${name}`)];
  }
  const wanted = partitionsOf(name) ?? 1;
  const { length } = topic.partitions;
  if (length < wanted) {
    return [
      tell("too-few-partitions", `${name} has ${countOf(length, "partition")}, and ${wanted} are declared`),
    ];
  }
  const orphans = topic.partitions.filter(({ leader }) => leader < 0);
  if (orphans.length === 0) return [];
  const message = `${countOf(orphans.length, "partition")} of ${name} have no leader: nobody can write there`;
  const { repair: _, ...found } = tell("no-leader", message);
  return [{ ...found, fix: `{mybroker} restart ${service}` }];
}

/** A broker alone can be asked where every partition begins and ends; of a cluster that would be many questions. */
async function findDeadLetters(target: ProbeTarget, link: KafkaLink): Promise<Finding[]> {
  const names = new Set((target.extension.topics ?? []).map(deadLetterTopic));
  const there = link.view.topics.filter(({ name }) => names.has(name));
  if (there.length === 0 || !isAlone(link)) return [];
  const ask = (timestampMs: number) =>
    link.connection.findOffsets(
      there.flatMap(({ name, partitions }) =>
        partitions.map(({ partition }) => ({ topic: name, partition })),
      ),
      timestampMs,
    );
  // One connection answers in order.
  const ends = await ask(offsetAt.end);
  const begins = await ask(offsetAt.beginning);
  const held = (topic: string) =>
    ends
      .filter((end) => end.topic === topic)
      .reduce((sum, { partition, offset }) => {
        const begin = begins.find((each) => each.topic === topic && each.partition === partition);
        return sum + offset - (begin?.offset ?? 0);
      }, 0);
  return there.flatMap(({ name }): Finding[] => {
    const count = held(name);
    if (count === 0) return [];
    const message = `${countOf(count, "dead letter")} in ${name}`;
    const subject = target.service;
    return [{ id: "kafka.dead-letters", subject, level: "warning", message, fix: "{mybroker} tail dlq" }];
  });
}

/** Makes what is missing; a topic never gets fewer partitions by it. */
function makeTopics(service: string): Repair {
  return {
    command: `make the topics and partitions that ${service} lacks`,
    stage: "servers",
    run: (facts) => onceItAnswers(() => completeTopics(facts, service)),
  };
}

async function completeTopics(facts: DoctorFacts, service: string): Promise<void> {
  const target = (await facts.targets()).get(service);
  if (target === undefined) return;
  await withSession(async (session) => {
    const admin = await openAdmin(target, session);
    const existing = new Set(await admin.listTopics());
    const declared = (target.extension.topics ?? []).map((topic) => {
      return { topic, count: partitionsOf(topic) ?? usualPartitions };
    });
    const missing = declared.filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) {
      await admin.createTopics({
        topics: missing.map(({ topic, count }) => ({ topic, numPartitions: count })),
      });
    }
    const present = declared.filter(({ topic }) => existing.has(topic) && partitionsOf(topic) !== undefined);
    if (present.length === 0) return;
    const { topics } = await admin.fetchTopicMetadata({ topics: present.map(({ topic }) => topic) });
    const narrow = present.filter(
      ({ topic, count }) => (topics.find(({ name }) => name === topic)?.partitions.length ?? count) < count,
    );
    if (narrow.length > 0) await admin.createPartitions({ topicPartitions: narrow });
  });
}
