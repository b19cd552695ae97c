import { createSerial } from "../../../kit/serial.js";
import type { Broker } from "../broker.js";
import { KafkaError } from "../errors.js";
import type { PartitionLog } from "../log/partition-log.js";
import type { Reader } from "../protocol/reader.js";
import type { Writer } from "../protocol/writer.js";
import { unknownTopic } from "../topics/topic-registry.js";

/** The shape that most requests and answers about partitions share. */
export interface TopicList<P> {
  readonly name: string;
  readonly partitions: readonly P[];
}

export function readTopicList<P>(reader: Reader, readPartition: () => P): TopicList<P>[] {
  return reader.array(() => readTopic(reader, readPartition));
}

export function readTopic<P>(reader: Reader, readPartition: () => P): TopicList<P> {
  return { name: reader.string(), partitions: reader.array(readPartition) };
}

export function writeTopicList<P>(
  writer: Writer,
  topics: readonly TopicList<P>[],
  writePartition: (partition: P) => void,
): Writer {
  return writer.array(topics, ({ name, partitions }) =>
    writer.string(name).array(partitions, writePartition),
  );
}

interface PartitionAnswers<P, R> {
  readonly answer: (partition: PartitionLog, wanted: P) => Promise<R>;
  /** What stands beside the error. */
  readonly failed: R;
  /** Without, one after the other: a request may name one partition thousands of times. */
  readonly atOnce?: boolean;
}

/** Answers each partition of each topic, in the order of the request. */
export function answerPartitions<P extends { readonly index: number }, R>(
  broker: Broker,
  topics: readonly TopicList<P>[],
  { answer, failed, atOnce = false }: PartitionAnswers<P, R>,
): Promise<TopicList<R & { index: number; error: KafkaError | null }>[]> {
  const inTurn = createSerial();
  const answerOne = async (topic: string, wanted: P) => {
    const { index } = wanted;
    try {
      return { ...(await answer(broker.topics.requirePartition(topic, index), wanted)), index, error: null };
    } catch (error) {
      return { ...failed, index, error: explainPartitionError(broker, { topic, index, error }) };
    }
  };
  const answerTopic = async ({ name, partitions }: TopicList<P>) => {
    const answers = partitions.map((wanted) =>
      atOnce ? answerOne(name, wanted) : inTurn(() => answerOne(name, wanted)),
    );
    return { name, partitions: await Promise.all(answers) };
  };
  return Promise.all(topics.map(answerTopic));
}

/** Partitions with their topic's name, as the group coordinator has them, grouped again for the answer. */
export function groupByTopic<P extends { readonly topic: string }>(partitions: readonly P[]): TopicList<P>[] {
  const topics = new Map<string, P[]>();
  for (const partition of partitions) {
    const group = topics.get(partition.topic);
    if (group === undefined) topics.set(partition.topic, [partition]);
    else group.push(partition);
  }
  return [...topics].map(([name, group]) => ({ name, partitions: group }));
}

/** As {@link explainError}, for a partition: it may have been deleted meanwhile, and that is no fault of its files. */
export function explainPartitionError(
  broker: Broker,
  { topic, index, error }: { topic: string; index: number; error: unknown },
): KafkaError {
  return broker.topics.partition(topic, index) === undefined ? unknownTopic() : explainError(error, broker);
}

/** What a client is told about an error; what is not its fault is logged as well. */
export function explainError(error: unknown, broker: Broker): KafkaError {
  if (error instanceof KafkaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  broker.report("files", `kafka: ${message}`);
  return new KafkaError("KAFKA_STORAGE_ERROR", "The broker could not read or write its files.");
}
