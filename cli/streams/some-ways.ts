import type { Way } from "./choose-streams.js";
import type { StreamRecord } from "./record.js";
import type { Lane, SourceSink, StreamSource } from "./source.js";

/** Where only some of a source's records are wanted, this many at most are read to find the last of them. */
export const readBackMost = 10_000;

/** A source of which only the messages that went these ways are taken. */
export function takeWays(source: StreamSource, ways: readonly Way[]): StreamSource {
  const isWanted = ({ exchange, key }: StreamRecord): boolean =>
    ways.some((way) => way.exchange === exchange && (way.routingKey ?? key) === key);
  return {
    name: source.name,
    open: (sink, start, signal) => {
      const further = typeof start === "object" && "last" in start && start.last > 0;
      const from = further ? { last: Math.max(start.last, readBackMost) } : start;
      return source.open(withLanes(sink, isWanted), from, signal);
    },
    close: () => source.close(),
  };
}

function withLanes(sink: SourceSink, isWanted: (record: StreamRecord) => boolean): SourceSink {
  return {
    gap: (gap) => sink.gap(gap),
    dropped: (count) => sink.dropped(count),
    problem: (text) => sink.problem(text),
    lane: (options): Lane => {
      const lane = sink.lane(options);
      return {
        caughtUp: () => lane.caughtUp(),
        end: () => lane.end(),
        push: (records) => lane.push(records.filter(isWanted)),
      };
    },
  };
}
