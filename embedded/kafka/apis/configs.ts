import { type ApiRequest, type Broker, type Handler, nodeId } from "../broker.js";
import { codeOf, KafkaError } from "../errors.js";
import { frameLimitBytes } from "../protocol/frames.js";
import type { Reader } from "../protocol/reader.js";
import type { Writer } from "../protocol/writer.js";
import {
  type ConfigDefinition,
  type ConfigValues,
  checkConfigs,
  topicConfigs,
} from "../topics/topic-configs.js";
import { isTopicName } from "../topics/topic-names.js";
import type { Topic } from "../topics/topic-registry.js";
import { explainError } from "./topic-lists.js";
import { defaultPartitionCount } from "./topics.js";

const topicType = 2;
const brokerType = 4;

/** Config sources of DescribeConfigs. */
const setForTopic = 1;
const staticBroker = 4;
const byDefault = 5;

interface Resource {
  readonly type: number;
  readonly name: string;
}

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly source: number;
  readonly isReadOnly: boolean;
  readonly type: ConfigDefinition["type"];
  readonly documentation: string;
}

/** DescribeConfigs, of topics and of the broker. */
export const describeConfigs: Handler = (broker, { version, reader, writer }) => {
  const resources = reader.array(() => ({
    ...readResource(reader),
    names: reader.nullableArray(() => reader.string()),
  }));
  const withSynonyms = reader.boolean();
  const withDocumentation = version >= 3 && reader.boolean();
  return writer.array(resources, ({ type, name, names }) => {
    const { error, entries } = describe(broker, { type, name });
    const wanted = entries.filter((entry) => names === null || names.includes(entry.name));
    writeOutcome(writer, { type, name, error });
    writer.array(wanted, (entry) => {
      writer.string(entry.name).nullableString(entry.value).boolean(entry.isReadOnly).int8(entry.source);
      writer.boolean(false).array(withSynonyms ? [entry] : [], (synonym) => {
        writer.string(synonym.name).nullableString(synonym.value).int8(synonym.source);
      });
      if (version >= 3)
        writer.int8(entry.type).nullableString(withDocumentation ? entry.documentation : null);
    });
  });
};

/** AlterConfigs: what is not named returns to its default. */
export const alterConfigs: Handler = (broker, request) =>
  alter(broker, request, (reader) => {
    const set = reader.array(() => [reader.string(), reader.nullableString()] as const);
    return () => Object.fromEntries(set.map(([name, value]) => [name, requireValue(value)]));
  });

const operations = { set: 0, delete: 1, append: 2, subtract: 3 };

/** IncrementalAlterConfigs (KIP-339): what is not named stays. */
export const incrementalAlterConfigs: Handler = (broker, request) =>
  alter(broker, request, (reader) => {
    const readChange = () => ({
      name: reader.string(),
      operation: reader.int8(),
      value: reader.nullableString(),
    });
    const changes = reader.array(readChange);
    return (before) => applyChanges(before, changes);
  });

function applyChanges(
  before: ConfigValues,
  changes: readonly { name: string; operation: number; value: string | null }[],
): ConfigValues {
  const values = new Map(Object.entries(before));
  for (const { name, operation, value } of changes) {
    if (operation === operations.delete) {
      checkConfigs({ [name]: topicConfigs[name]?.defaultValue ?? "" });
      values.delete(name);
    } else if (operation === operations.set) values.set(name, requireValue(value));
    else if (operation === operations.append || operation === operations.subtract) {
      // The one list, cleanup.policy, has one value that is offered.
      throw new KafkaError("INVALID_CONFIG", `Config ${name.slice(0, 100)} cannot be appended to here.`);
    } else throw new KafkaError("INVALID_REQUEST", `Unknown operation ${operation}.`);
  }
  return Object.fromEntries(values);
}

async function alter(
  broker: Broker,
  { reader, writer }: ApiRequest,
  readPlan: (reader: Reader) => (before: ConfigValues) => ConfigValues,
): Promise<Writer> {
  const resources = reader.array(() => ({ ...readResource(reader), plan: readPlan(reader) }));
  const validateOnly = reader.boolean();
  const outcomes: (Resource & { error: KafkaError | null })[] = [];
  for (const { type, name, plan } of resources) {
    try {
      if (type !== topicType) throw new KafkaError("INVALID_REQUEST", "Only topics can be configured.");
      const { configs } = requireTopic(broker, name);
      if (validateOnly) checkConfigs(plan(configs));
      else await broker.topics.configure(name, plan);
      outcomes.push({ type, name, error: null });
    } catch (error) {
      outcomes.push({ type, name, error: explainError(error, broker) });
    }
  }
  return writer.array(outcomes, (outcome) => writeOutcome(writer, outcome));
}

function describe(broker: Broker, resource: Resource): { error: KafkaError | null; entries: Entry[] } {
  try {
    if (resource.type === topicType)
      return { error: null, entries: describeTopic(requireTopic(broker, resource.name)) };
    if (resource.type !== brokerType) throw new KafkaError("INVALID_REQUEST", "Topics and the broker only.");
    if (resource.name !== "" && resource.name !== String(nodeId)) {
      throw new KafkaError("INVALID_REQUEST", `The only broker has the id ${nodeId}.`);
    }
    return { error: null, entries: describeBroker() };
  } catch (error) {
    return { error: explainError(error, broker), entries: [] };
  }
}

function describeTopic({ configs }: Topic): Entry[] {
  return Object.entries(topicConfigs).map(([name, { defaultValue, type, documentation }]) => ({
    name,
    value: configs[name] ?? defaultValue,
    source: configs[name] === undefined ? byDefault : setForTopic,
    isReadOnly: false,
    type,
    documentation,
  }));
}

/** What is fixed, and what Apache Kafka calls the default of a topic's configuration among the broker's own. */
const brokerConfigs: readonly (readonly [name: string, value: string, type: Entry["type"]])[] = [
  ["auto.create.topics.enable", "false", 2],
  ["default.replication.factor", "1", 3],
  ["node.id", String(nodeId), 3],
  ["num.partitions", String(defaultPartitionCount), 3],
  ["socket.request.max.bytes", String(frameLimitBytes), 3],
  ...["cleanup.policy", "retention.bytes", "retention.ms", "segment.bytes"].map((name) =>
    inherit(`log.${name}`, name),
  ),
  inherit("message.max.bytes", "max.message.bytes"),
  inherit("min.insync.replicas", "min.insync.replicas"),
];

function inherit(name: string, topicConfig: string): [string, string, Entry["type"]] {
  const { defaultValue = "", type = 2 } = topicConfigs[topicConfig] ?? {};
  return [name, defaultValue, type];
}

function describeBroker(): Entry[] {
  const rest = { source: staticBroker, isReadOnly: true, documentation: "Fixed in the embedded broker." };
  return brokerConfigs.map(([name, value, type]) => ({ name, value, type, ...rest }));
}

function readResource(reader: Reader): Resource {
  return { type: reader.int8(), name: reader.string() };
}

function writeOutcome(writer: Writer, { type, name, error }: Resource & { error: KafkaError | null }): void {
  writer
    .int16(codeOf(error))
    .nullableString(error?.message ?? null)
    .int8(type)
    .string(name);
}

function requireTopic(broker: Broker, name: string): Topic {
  if (!isTopicName(name)) throw new KafkaError("INVALID_TOPIC_EXCEPTION", "Topic name is invalid.");
  return broker.topics.require(name);
}

function requireValue(value: string | null): string {
  if (value !== null) return value;
  throw new KafkaError("INVALID_REQUEST", "A config without a value.");
}
