import type { Broker, Handler } from "../broker.js";
import { codeOf, KafkaError } from "../errors.js";
import { answerPartitions, readTopicList, writeTopicList } from "./topic-lists.js";

/** Produce. With one node acks 1 and -1 are the same: the answer goes out once the bytes are in the file. */
export const produce: Handler = async (broker, { version, reader, writer }) => {
  const transactionalId = reader.nullableString();
  const acks = reader.int16();
  reader.int32();
  const topics = readTopicList(reader, () => ({ index: reader.int32(), records: reader.nullableBytes() }));
  const checked = checkRequest(broker, transactionalId, acks);
  // A request may name no partition that would hear of it.
  checked.catch(() => {});
  const answers = await answerPartitions(broker, topics, {
    atOnce: true,
    failed: { baseOffset: -1, logStartOffset: -1 },
    async answer(partition, { records }) {
      await checked;
      if (records === null) throw new KafkaError("INVALID_RECORD", "A request without a record batch.");
      return partition.append(records);
    },
  });
  if (acks === 0) {
    const failed = answers.flatMap(({ partitions }) => partitions).find(({ error }) => error !== null);
    // The only way to tell a producer that awaits no answer; Apache Kafka does the same.
    if (failed?.error) throw failed.error;
    return undefined;
  }
  writeTopicList(writer, answers, ({ index, error, baseOffset, logStartOffset }) => {
    writer.int32(index).int16(codeOf(error)).int64(baseOffset);
    // Log append time: timestamps are the producer's (CreateTime).
    writer.int64(-1);
    if (version >= 5) writer.int64(logStartOffset);
    if (version >= 8) writer.array([], () => {}).nullableString(error?.message ?? null);
  });
  return writer.int32(0);
};

/** What is wrong with the request as a whole; each partition is answered with it. @throws KafkaError */
async function checkRequest(broker: Broker, transactionalId: string | null, acks: number): Promise<void> {
  if (transactionalId !== null) throw transactionsRefused();
  if (acks < -1 || acks > 1) throw new KafkaError("INVALID_REQUIRED_ACKS", `acks ${acks}: -1, 0 or 1`);
  if (await broker.isDiskLow()) throw new KafkaError("KAFKA_STORAGE_ERROR", "The disk is almost full.");
}

export function transactionsRefused(): KafkaError {
  const text = "Transactions are not offered by the embedded broker.";
  return new KafkaError("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", text);
}
