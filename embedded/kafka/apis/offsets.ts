import { type Api, leaderEpoch } from "../broker.js";
import { KafkaError, kafkaErrors } from "../errors.js";
import type { PartitionLog } from "../log/partition-log.js";
import { Writer } from "../protocol/writer.js";
import { checkLeaderEpoch } from "./fetch.js";
import { explainPartitionError, mapPartitions, readTopicList, writeTopicList } from "./topic-lists.js";

const latest = -1;
const earliest = -2;

/** ListOffsets: the ends of a partition, and the first record at or after a time. */
export const listOffsets: Api = {
  key: 2,
  min: 1,
  max: 5,
  async handle(broker, { version, reader }) {
    reader.int32();
    if (version >= 2) reader.int8();
    const topics = readTopicList(reader, () => ({
      index: reader.int32(),
      leaderEpoch: version >= 4 ? reader.int32() : -1,
      timestampMs: reader.int64(),
    }));
    const answers = await mapPartitions(topics, async (topic, wanted) => {
      try {
        checkLeaderEpoch(wanted.leaderEpoch);
        const found = await findOffset(
          broker.topics.requirePartition(topic, wanted.index),
          wanted.timestampMs,
        );
        return { index: wanted.index, errorCode: kafkaErrors.NONE, ...found };
      } catch (error) {
        const errorCode = explainPartitionError(broker, { topic, index: wanted.index, error }).code;
        return { index: wanted.index, errorCode, offset: -1, timestampMs: -1 };
      }
    });
    const writer = new Writer();
    if (version >= 2) writer.int32(0);
    return writeTopicList(writer, answers, ({ index, errorCode, offset, timestampMs }) => {
      writer.int32(index).int16(errorCode).int64(timestampMs).int64(offset);
      if (version >= 4) writer.int32(offset === -1 ? -1 : leaderEpoch);
    });
  },
};

async function findOffset(
  partition: PartitionLog,
  timestampMs: number,
): Promise<{ offset: number; timestampMs: number }> {
  if (timestampMs === latest) return { offset: partition.endOffset, timestampMs: -1 };
  if (timestampMs === earliest) return { offset: partition.startOffset, timestampMs: -1 };
  // The largest timestamp (-3) and others came with later versions of the request.
  if (timestampMs < 0) throw new KafkaError("UNSUPPORTED_VERSION", `Timestamp ${timestampMs}.`);
  return (await partition.offsetAtTime(timestampMs)) ?? { offset: -1, timestampMs: -1 };
}

/** DeleteRecords: nothing before the offset can be read any more. */
export const deleteRecords: Api = {
  key: 21,
  min: 0,
  max: 1,
  async handle(broker, { reader }) {
    const topics = readTopicList(reader, () => ({ index: reader.int32(), offset: reader.int64() }));
    const answers = await mapPartitions(topics, async (topic, { index, offset }) => {
      try {
        const partition = broker.topics.requirePartition(topic, index);
        return {
          index,
          lowWatermark: await partition.deleteRecordsBefore(offset),
          errorCode: kafkaErrors.NONE,
        };
      } catch (error) {
        return {
          index,
          lowWatermark: -1,
          errorCode: explainPartitionError(broker, { topic, index, error }).code,
        };
      }
    });
    const writer = new Writer().int32(0);
    return writeTopicList(writer, answers, ({ index, lowWatermark, errorCode }) =>
      writer.int32(index).int64(lowWatermark).int16(errorCode),
    );
  },
};

/** OffsetForLeaderEpoch: where an epoch ended, by which clients notice lost records. There is one epoch. */
export const offsetForLeaderEpoch: Api = {
  key: 23,
  min: 2,
  max: 3,
  async handle(broker, { version, reader }) {
    if (version >= 3) reader.int32();
    const topics = readTopicList(reader, () => ({
      index: reader.int32(),
      currentEpoch: reader.int32(),
      wantedEpoch: reader.int32(),
    }));
    const answers = await mapPartitions(topics, async (topic, { index, currentEpoch, wantedEpoch }) => {
      try {
        checkLeaderEpoch(currentEpoch);
        const { endOffset } = broker.topics.requirePartition(topic, index);
        const isKnown = wantedEpoch === leaderEpoch;
        return {
          index,
          errorCode: kafkaErrors.NONE,
          epoch: isKnown ? leaderEpoch : -1,
          offset: isKnown ? endOffset : -1,
        };
      } catch (error) {
        return {
          index,
          errorCode: explainPartitionError(broker, { topic, index, error }).code,
          epoch: -1,
          offset: -1,
        };
      }
    });
    const writer = new Writer().int32(0);
    return writeTopicList(writer, answers, ({ index, errorCode, epoch, offset }) =>
      writer.int16(errorCode).int32(index).int32(epoch).int64(offset),
    );
  },
};
