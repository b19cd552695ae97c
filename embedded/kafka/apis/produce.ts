import type { Api, Broker } from "../broker.js";
import { KafkaError, kafkaErrors } from "../errors.js";
import { Writer } from "../protocol/writer.js";
import { explainPartitionError, mapPartitions, readTopicList, writeTopicList } from "./topic-lists.js";

interface PartitionRecords {
  readonly index: number;
  readonly records: Buffer | null;
}

interface PartitionAnswer {
  readonly index: number;
  readonly error: KafkaError | null;
  readonly baseOffset: number;
  readonly logStartOffset: number;
}

/** Produce. With one node acks 1 and -1 are the same: the answer goes out once the bytes are in the file. */
export const produce: Api = {
  key: 0,
  min: 3,
  max: 8,
  async handle(broker, { version, reader }) {
    const transactionalId = reader.nullableString();
    const acks = reader.int16();
    reader.int32();
    const topics = readTopicList(reader, () => ({ index: reader.int32(), records: reader.nullableBytes() }));
    const checked = checkRequest(broker, transactionalId, acks);
    // A request may name no partition that would hear of it.
    checked.catch(() => {});
    const answers = await mapPartitions(topics, (topic, partition) =>
      append(broker, topic, { ...partition, checked }),
    );
    if (acks === 0) {
      const failed = answers.flatMap(({ partitions }) => partitions).find(({ error }) => error !== null);
      // The only way to tell a producer that awaits no answer; Apache Kafka does the same.
      if (failed?.error) throw failed.error;
      return undefined;
    }
    const writer = new Writer();
    writeTopicList(writer, answers, ({ index, error, baseOffset, logStartOffset }) => {
      writer
        .int32(index)
        .int16(error?.code ?? kafkaErrors.NONE)
        .int64(baseOffset)
        .int64(-1);
      if (version >= 5) writer.int64(logStartOffset);
      if (version >= 8) writer.array([], () => {}).nullableString(error?.message ?? null);
    });
    return writer.int32(0);
  },
};

/** What is wrong with the request as a whole; each partition is answered with it. @throws KafkaError */
async function checkRequest(broker: Broker, transactionalId: string | null, acks: number): Promise<void> {
  if (transactionalId !== null) throw transactionsRefused();
  if (acks < -1 || acks > 1) throw new KafkaError("INVALID_REQUIRED_ACKS", `acks ${acks}: -1, 0 or 1`);
  if (await broker.isDiskLow()) throw new KafkaError("KAFKA_STORAGE_ERROR", "The disk is almost full.");
}

export function transactionsRefused(): KafkaError {
  return new KafkaError(
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "Transactions are not offered by the embedded broker.",
  );
}

async function append(
  broker: Broker,
  topic: string,
  { index, records, checked }: PartitionRecords & { readonly checked: Promise<void> },
): Promise<PartitionAnswer> {
  try {
    await checked;
    const partition = broker.topics.requirePartition(topic, index);
    if (records === null) throw new KafkaError("INVALID_RECORD", "A request without a record batch.");
    return { index, error: null, ...(await partition.append(records)) };
  } catch (thrown) {
    const error = explainPartitionError(broker, { topic, index, error: thrown });
    return { index, error, baseOffset: -1, logStartOffset: -1 };
  }
}
