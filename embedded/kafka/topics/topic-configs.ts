import { KafkaError } from "../errors.js";
import { defaultLogConfig, type LogConfig } from "../log/log-options.js";

/** What was set for a topic; the rest has its default. */
export type ConfigValues = Readonly<Record<string, string>>;

export interface ConfigDefinition {
  readonly defaultValue: string;
  /** ConfigDef types of the protocol (DescribeConfigs 3). */
  readonly type: 2 | 3 | 5 | 7;
  readonly documentation: string;
  readonly isValid: (value: string) => boolean;
}

const int32Limit = 2 ** 31 - 1;
/** Rounded up: Java's largest long, which tools send for "for ever", is among them. */
const int64Limit = 2 ** 63;

/** Kafka's topic configurations that are obeyed here; all others are unknown. */
export const topicConfigs: Readonly<Record<string, ConfigDefinition>> = {
  "cleanup.policy": oneOf("delete", 7, "Old segments are deleted; compaction is not offered."),
  "compression.type": oneOf("producer", 2, "Batches stay as they were sent."),
  "max.message.bytes": number(defaultLogConfig.maxMessageBytes, [0, int32Limit], "Largest batch."),
  "message.timestamp.type": oneOf("CreateTime", 2, "Timestamps are the producer's."),
  "min.insync.replicas": oneOf("1", 3, "There is one node."),
  "retention.bytes": number(defaultLogConfig.retentionBytes, [-1, int64Limit], "Of a partition."),
  "retention.ms": number(defaultLogConfig.retentionMs, [-1, int64Limit], "Age of old segments."),
  "segment.bytes": number(defaultLogConfig.segmentBytes, [1024 * 1024, int32Limit], "Of one file."),
  "segment.ms": number(defaultLogConfig.segmentMs, [1, int64Limit], "Age at which a file is closed."),
};

/** @throws KafkaError INVALID_CONFIG, naming what is wrong */
export function checkConfigs(values: ConfigValues): void {
  for (const [name, value] of Object.entries(values)) {
    const definition = Object.hasOwn(topicConfigs, name) ? topicConfigs[name] : undefined;
    if (definition === undefined) {
      throw new KafkaError("INVALID_CONFIG", `Unknown topic config name: ${name.slice(0, 100)}`);
    }
    if (!definition.isValid(value)) {
      throw new KafkaError(
        "INVALID_CONFIG",
        `Invalid value ${value.slice(0, 100)} for configuration ${name}`,
      );
    }
  }
}

/** What a partition obeys: the values that were set, the defaults otherwise. */
export function readLogConfig(values: ConfigValues): LogConfig {
  const read = (name: string) => Number(values[name] ?? topicConfigs[name]?.defaultValue);
  return {
    maxMessageBytes: read("max.message.bytes"),
    segmentBytes: read("segment.bytes"),
    segmentMs: read("segment.ms"),
    retentionMs: read("retention.ms"),
    retentionBytes: read("retention.bytes"),
  };
}

function oneOf(only: string, type: ConfigDefinition["type"], documentation: string): ConfigDefinition {
  return { defaultValue: only, type, documentation, isValid: (value) => value === only };
}

function number(
  defaultValue: number,
  [low, high]: [number, number],
  documentation: string,
): ConfigDefinition {
  return {
    defaultValue: String(defaultValue),
    type: high === int32Limit ? 3 : 5,
    documentation,
    isValid: (value) => /^-?\d{1,19}$/.test(value) && Number(value) >= low && Number(value) <= high,
  };
}
