import { type Handler, leaderEpoch } from "../broker.js";
import { codeOf, KafkaError } from "../errors.js";
import type { PartitionLog } from "../log/partition-log.js";
import { checkLeaderEpoch } from "./fetch.js";
import { answerPartitions, readTopicList, writeTopicList } from "./topic-lists.js";

const latest = -1;
const earliest = -2;
const notFound = { offset: -1, timestampMs: -1 };

/** ListOffsets: the ends of a partition, and the first record at or after a time. */
export const listOffsets: Handler = async (broker, { version, reader, writer }) => {
  reader.int32();
  if (version >= 2) reader.int8();
  const topics = readTopicList(reader, () => ({
    index: reader.int32(),
    leaderEpoch: version >= 4 ? reader.int32() : -1,
    timestampMs: reader.int64(),
  }));
  const answers = await answerPartitions(broker, topics, {
    failed: notFound,
    answer(partition, wanted) {
      checkLeaderEpoch(wanted.leaderEpoch);
      return findOffset(partition, wanted.timestampMs);
    },
  });
  return writeTopicList(writer, answers, ({ index, error, offset, timestampMs }) => {
    writer.int32(index).int16(codeOf(error));
    writer.int64(timestampMs).int64(offset);
    if (version >= 4) writer.int32(offset === -1 ? -1 : leaderEpoch);
  });
};

async function findOffset(partition: PartitionLog, timestampMs: number): Promise<typeof notFound> {
  if (timestampMs === latest) return { offset: partition.endOffset, timestampMs: -1 };
  if (timestampMs === earliest) return { offset: partition.startOffset, timestampMs: -1 };
  // The largest timestamp (-3) and others came with later versions of the request.
  if (timestampMs < 0) throw new KafkaError("UNSUPPORTED_VERSION", `Timestamp ${timestampMs}.`);
  return (await partition.offsetAtTime(timestampMs)) ?? notFound;
}

/** DeleteRecords: nothing before the offset can be read any more. */
export const deleteRecords: Handler = async (broker, { reader, writer }) => {
  const topics = readTopicList(reader, () => ({ index: reader.int32(), offset: reader.int64() }));
  const answers = await answerPartitions(broker, topics, {
    failed: { startOffset: -1 },
    answer: async (partition, { offset }) => ({ startOffset: await partition.deleteRecordsBefore(offset) }),
  });
  return writeTopicList(writer, answers, ({ index, error, startOffset }) =>
    writer.int32(index).int64(startOffset).int16(codeOf(error)),
  );
};

/** OffsetForLeaderEpoch: where an epoch ended, by which clients notice lost records. There is one epoch. */
export const offsetForLeaderEpoch: Handler = async (broker, { version, reader, writer }) => {
  if (version >= 3) reader.int32();
  const topics = readTopicList(reader, () => ({
    index: reader.int32(),
    currentEpoch: reader.int32(),
    wantedEpoch: reader.int32(),
  }));
  const unknown = { epoch: -1, offset: -1 };
  const answers = await answerPartitions(broker, topics, {
    failed: unknown,
    async answer({ endOffset }, { currentEpoch, wantedEpoch }) {
      checkLeaderEpoch(currentEpoch);
      return wantedEpoch === leaderEpoch ? { epoch: leaderEpoch, offset: endOffset } : unknown;
    },
  });
  return writeTopicList(writer, answers, ({ index, error, epoch, offset }) =>
    writer.int16(codeOf(error)).int32(index).int32(epoch).int64(offset),
  );
};
