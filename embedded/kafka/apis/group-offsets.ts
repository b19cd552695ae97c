import type { Handler } from "../broker.js";
import { kafkaErrors } from "../errors.js";
import { readMember } from "./groups.js";
import { groupByTopic, readTopicList, type TopicList, writeTopicList } from "./topic-lists.js";

/** OffsetCommit. */
export const offsetCommit: Handler = async (broker, { version, reader, writer }) => {
  const member = readMember(reader, version >= 7);
  // Retention of the offsets, which is the broker's affair since version 5.
  if (version <= 4) reader.int64();
  const wanted = flatten(
    readTopicList(reader, () => ({
      partition: reader.int32(),
      offset: reader.int64(),
      leaderEpoch: version >= 6 ? reader.int32() : -1,
      metadata: reader.nullableString(),
    })),
  );
  const isKnown = ({ topic, partition }: { topic: string; partition: number }) =>
    broker.topics.partition(topic, partition) !== undefined;
  const committed = await broker.groups.commitOffsets({ ...member, offsets: wanted.filter(isKnown) });
  const unknown = wanted
    .filter((each) => !isKnown(each))
    .map((each) => ({ ...each, errorCode: kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION }));
  return writeTopicList(writer, groupByTopic([...committed, ...unknown]), ({ partition, errorCode }) =>
    writer.int32(partition).int16(errorCode),
  );
};

/** OffsetFetch. */
export const offsetFetch: Handler = (broker, { version, reader, writer }) => {
  const groupId = reader.string();
  const topics = reader.nullableArray(() => ({
    name: reader.string(),
    partitions: reader.array(() => ({ partition: reader.int32() })),
  }));
  const offsets = broker.groups.fetchOffsets(groupId, topics === null ? null : flatten(topics));
  writeTopicList(writer, groupByTopic(offsets), ({ partition, offset, leaderEpoch, metadata }) => {
    writer.int32(partition).int64(offset);
    if (version >= 5) writer.int32(leaderEpoch);
    writer.nullableString(metadata).int16(kafkaErrors.NONE);
  });
  return version >= 2 ? writer.int16(kafkaErrors.NONE) : writer;
};

/** OffsetDelete. */
export const offsetDelete: Handler = async (broker, { reader, writer }) => {
  const groupId = reader.string();
  const partitions = flatten(readTopicList(reader, () => ({ partition: reader.int32() })));
  const result = await broker.groups.deleteOffsets(groupId, partitions);
  writer.int16(result.errorCode).int32(0);
  return writeTopicList(writer, groupByTopic(result.partitions), ({ partition, errorCode }) =>
    writer.int32(partition).int16(errorCode),
  );
};

function flatten<P>(topics: readonly TopicList<P>[]): (P & { topic: string })[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ ...partition, topic: name })),
  );
}
