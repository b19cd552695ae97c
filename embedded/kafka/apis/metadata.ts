import { type ApiRequest, type Broker, type Handler, leaderEpoch, nodeId } from "../broker.js";
import { kafkaErrors } from "../errors.js";
import type { Writer } from "../protocol/writer.js";
import { isTopicName } from "../topics/topic-names.js";
import type { Topic } from "../topics/topic-registry.js";
import { clusterOperations, notAsked, topicOperations } from "./operations.js";

/** Metadata. Topics are never created by asking for them. */
export const metadata: Handler = (broker, request) => {
  const { version, reader, writer } = request;
  const names = reader.nullableArray(() => reader.string());
  if (version >= 4) reader.boolean();
  const withClusterOperations = version >= 8 && reader.boolean();
  const withTopicOperations = version >= 8 && reader.boolean();

  writer.array([broker], ({ host, port }) => {
    writer.int32(nodeId).string(host).int32(port);
    if (version >= 1) writer.nullableString(null);
  });
  if (version >= 2) writer.nullableString(broker.clusterId);
  if (version >= 1) writer.int32(nodeId);
  // Version 0 has no null and says all by none.
  const all = names === null || (version === 0 && names.length === 0);
  const wanted = all ? broker.topics.all().map(({ name }) => name) : [...new Set(names)];
  const operations = withTopicOperations ? topicOperations : notAsked;
  writer.array(wanted, (name) => writeTopic(writer, { broker, request, name, operations }));
  if (version >= 8) writer.int32(withClusterOperations ? clusterOperations : notAsked);
  return writer;
};

interface Wanted {
  readonly broker: Broker;
  readonly request: ApiRequest;
  readonly name: string;
  readonly operations: number;
}

function writeTopic(writer: Writer, { broker, request: { version }, name, operations }: Wanted): void {
  const topic = broker.topics.get(name);
  writer.int16(errorOf(name, topic)).string(name);
  if (version >= 1) writer.boolean(false);
  writer.array([...(topic?.partitions.keys() ?? [])], (index) => {
    writer.int16(kafkaErrors.NONE).int32(index).int32(nodeId);
    if (version >= 7) writer.int32(leaderEpoch);
    writer.array([nodeId], (id) => writer.int32(id)).array([nodeId], (id) => writer.int32(id));
    if (version >= 5) writer.array([], () => {});
  });
  if (version >= 8) writer.int32(operations);
}

function errorOf(name: string, topic: Topic | undefined): number {
  if (topic !== undefined) return kafkaErrors.NONE;
  return isTopicName(name) ? kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION : kafkaErrors.INVALID_TOPIC_EXCEPTION;
}
