import { type Broker, type Handler, nodeId } from "../broker.js";
import { codeOf, KafkaError } from "../errors.js";
import type { Reader } from "../protocol/reader.js";
import type { Writer } from "../protocol/writer.js";
import { type ConfigValues, checkConfigs } from "../topics/topic-configs.js";
import { collide, isTopicName } from "../topics/topic-names.js";
import { alreadyExists } from "../topics/topic-registry.js";
import { explainError } from "./topic-lists.js";

/** num.partitions of docker-compose.yml. */
export const defaultPartitionCount = 3;

interface NewTopic {
  readonly name: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly assignments: readonly Assignment[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

interface Assignment {
  readonly index: number;
  readonly replicas: readonly number[];
}

/** CreateTopics. */
export const createTopics: Handler = async (broker, { reader, writer }) => {
  const topics = reader.array(() => readNewTopic(reader));
  reader.int32();
  const validateOnly = reader.boolean();
  return writeResults(
    writer,
    await forEachName(broker, topics, async (topic) => {
      const configs = planConfigs(topic);
      const partitionCount = planPartitionCount(topic);
      checkName(broker, topic.name);
      if (validateOnly) broker.topics.checkRoom(partitionCount);
      else await broker.topics.create(topic.name, partitionCount, configs);
    }),
  );
};

/** DeleteTopics. */
export const deleteTopics: Handler = async (broker, { reader, writer }) => {
  const topics = reader.array(() => ({ name: reader.string() }));
  reader.int32();
  const results = await forEachName(broker, topics, async ({ name }) => {
    await broker.topics.delete(name);
    await broker.groups.topicDeleted(name);
  });
  return writer.array(results, ({ name, error }) => writer.string(name).int16(codeOf(error)));
};

/** CreatePartitions. */
export const createPartitions: Handler = async (broker, { reader, writer }) => {
  const topics = reader.array(() => ({
    name: reader.string(),
    count: reader.int32(),
    assignments: reader.nullableArray(() => reader.array(() => reader.int32())),
  }));
  reader.int32();
  const validateOnly = reader.boolean();
  const results = await forEachName(broker, topics, async ({ name, count, assignments }) => {
    const before = broker.topics.require(name).partitions.length;
    const added = count - before;
    if (added <= 0) {
      const text = `Topic currently has ${before} partitions, which is not less than ${count}.`;
      throw new KafkaError("INVALID_PARTITIONS", text);
    }
    if (assignments !== null) checkReplicas(assignments, added);
    if (validateOnly) broker.topics.checkRoom(added);
    else await broker.topics.grow(name, count);
  });
  return writeResults(writer, results);
};

interface Result {
  readonly name: string;
  readonly error: KafkaError | null;
}

/** One after the other; a name that comes twice is refused, as nobody could tell which was meant. */
async function forEachName<T extends { readonly name: string }>(
  broker: Broker,
  topics: readonly T[],
  work: (topic: T) => Promise<void>,
): Promise<Result[]> {
  const counts = new Map<string, number>();
  for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const results: Result[] = [];
  for (const topic of new Map(topics.map((each) => [each.name, each])).values()) {
    try {
      if (counts.get(topic.name) !== 1) throw new KafkaError("INVALID_REQUEST", "Duplicate topic name.");
      await work(topic);
      results.push({ name: topic.name, error: null });
    } catch (error) {
      results.push({ name: topic.name, error: explainError(error, broker) });
    }
  }
  return results;
}

function writeResults(writer: Writer, results: readonly Result[]): Writer {
  return writer.array(results, ({ name, error }) => {
    writer
      .string(name)
      .int16(codeOf(error))
      .nullableString(error?.message ?? null);
  });
}

function readNewTopic(reader: Reader): NewTopic {
  return {
    name: reader.string(),
    partitionCount: reader.int32(),
    replicationFactor: reader.int16(),
    assignments: reader.array(() => ({
      index: reader.int32(),
      replicas: reader.array(() => reader.int32()),
    })),
    configs: reader.array(() => ({ name: reader.string(), value: reader.nullableString() })),
  };
}

function checkName(broker: Broker, name: string): void {
  if (!isTopicName(name)) throw new KafkaError("INVALID_TOPIC_EXCEPTION", "Topic name is invalid.");
  if (broker.topics.get(name) !== undefined) throw alreadyExists(name);
  const other = broker.topics.all().find((topic) => collide(topic.name, name));
  if (other !== undefined) {
    const text = `Topic '${name}' collides with existing topics: ${other.name}`;
    throw new KafkaError("INVALID_TOPIC_EXCEPTION", text);
  }
}

function planConfigs({ configs }: NewTopic): ConfigValues {
  const missing = configs.find(({ value }) => value === null);
  if (missing !== undefined) throw new KafkaError("INVALID_CONFIG", "A config without a value.");
  const values = Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ""]));
  checkConfigs(values);
  return values;
}

/**
 * -1 partitions or replicas are the broker's default: in version 4 (KIP-464) by the letter, but brokers take it in
 * older ones too, and kafkajs sends it there.
 * @throws KafkaError
 */
function planPartitionCount(topic: NewTopic): number {
  const { partitionCount, replicationFactor, assignments } = topic;
  if (assignments.length > 0) {
    if (partitionCount !== -1 || replicationFactor !== -1) {
      const text = "Both a count of partitions or replicas and an assignment of replicas were given.";
      throw new KafkaError("INVALID_REQUEST", text);
    }
    const ordered = [...assignments].sort((one, other) => one.index - other.index);
    if (ordered.some(({ index }, position) => index !== position)) {
      throw new KafkaError("INVALID_REPLICA_ASSIGNMENT", "Partitions are not numbered from 0 without gaps.");
    }
    checkReplicas(
      ordered.map(({ replicas }) => replicas),
      ordered.length,
    );
    return assignments.length;
  }
  if (partitionCount < 1 && partitionCount !== -1) {
    throw new KafkaError("INVALID_PARTITIONS", "Number of partitions must be larger than 0.");
  }
  if (replicationFactor !== 1 && replicationFactor !== -1) {
    const text = `Replication factor ${replicationFactor}: there is one broker.`;
    throw new KafkaError("INVALID_REPLICATION_FACTOR", text);
  }
  return partitionCount === -1 ? defaultPartitionCount : partitionCount;
}

function checkReplicas(assignments: readonly (readonly number[])[], count: number): void {
  if (assignments.length === count && assignments.every((each) => each.length === 1 && each[0] === nodeId))
    return;
  const text = `Each of the ${count} partitions must be assigned to node ${nodeId} alone.`;
  throw new KafkaError("INVALID_REPLICA_ASSIGNMENT", text);
}
