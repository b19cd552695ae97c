import type { StreamRecord } from "../../cli/streams/record.js";
import type { Gap, SourceInfo, SourceSink, StartAt, StreamSource } from "../../cli/streams/source.js";

/** What a source has said. */
export interface Collector extends SourceSink {
  readonly records: StreamRecord[];
  readonly gaps: Gap[];
  readonly problems: string[];
  /** How many records there were when the past was through; undefined before. */
  readonly pastCount: number | undefined;
  /** From now on a lane that waits is full, until it is given room. */
  hold(): void;
  giveRoom(): void;
}

export function createCollector(): Collector {
  const records: StreamRecord[] = [];
  const gaps: Gap[] = [];
  const problems: string[] = [];
  let pastCount: number | undefined;
  let room = Promise.resolve();
  let giveRoom = () => {};
  return {
    records,
    gaps,
    problems,
    get pastCount() {
      return pastCount;
    },
    hold: () => {
      room = new Promise((resolve) => {
        giveRoom = resolve;
      });
    },
    giveRoom: () => giveRoom(),
    lane: () => ({
      push: (more) => {
        records.push(...more);
        return room;
      },
      caughtUp: () => {
        pastCount ??= records.length;
      },
      end: () => {},
    }),
    gap: (gap) => gaps.push(gap),
    dropped: () => {},
    problem: (text) => problems.push(text),
  };
}

/** Opened into a collector of its own; whoever asked closes it. */
export async function openInto(
  source: StreamSource,
  start: StartAt,
): Promise<Collector & { info: SourceInfo }> {
  const collector = createCollector();
  const info = await source.open(collector, start, new AbortController().signal);
  return Object.defineProperties(
    { info } as Collector & { info: SourceInfo },
    Object.getOwnPropertyDescriptors(collector),
  );
}
