import { openKafkaTopics, type TopicChoice } from "../../../cli/streams/kafka-source.js";
import { createMerge, type MergeOptions } from "../../../cli/streams/merge.js";
import type { StreamRecord } from "../../../cli/streams/record.js";
import type { Gap, SourceInfo, StartAt } from "../../../cli/streams/source.js";

/** What a tail of Kafka alone would print, as it comes. */
export interface Followed {
  readonly info: SourceInfo;
  readonly records: StreamRecord[];
  readonly gaps: Gap[];
  readonly problems: string[];
  /** Resolves when the past has been given out. */
  readonly caughtUp: Promise<void>;
  /** The payloads as text, as they came. */
  values(): (string | null)[];
  close(): Promise<void>;
}

export interface FollowOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly (string | TopicChoice)[];
  readonly start: StartAt;
  /** Instead of taking everything at once. */
  readonly emit?: MergeOptions["emit"];
}

export async function follow({ brokers, topics, start, emit }: FollowOptions): Promise<Followed> {
  const records: StreamRecord[] = [];
  const gaps: Gap[] = [];
  const problems: string[] = [];
  const merge = createMerge({
    start,
    emit: (given) => {
      records.push(...given);
      return emit?.(given);
    },
    gap: (gap) => void gaps.push(gap),
    problem: (text) => void problems.push(text),
  });
  const choices = topics.map((topic) => (typeof topic === "string" ? { name: topic } : topic));
  const source = openKafkaTopics({ brokers, topics: choices });
  const info = await merge.add(source, new AbortController().signal);
  const values = () =>
    records.map(({ bytes }) => (bytes === null ? null : Buffer.from(bytes).toString("utf8")));
  return { info, records, gaps, problems, caughtUp: merge.caughtUp, values, close: () => source.close() };
}
