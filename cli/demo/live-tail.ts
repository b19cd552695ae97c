import type { CommandRequest } from "../kernel/command.js";
import { openProject, withAllProfiles } from "../stack/open-stack.js";
import { chooseStreams } from "../streams/choose-streams.js";
import { findReach } from "../streams/find-reach.js";
import { openStreams } from "../streams/open-streams.js";
import type { StreamRecord } from "../streams/record.js";
import { type Viewer, watchStreams } from "../streams/watch-streams.js";

/** What passes both brokers from now on, as `tail` reads it: nothing is taken from anyone. */
export interface LiveTail {
  /** Is given each message in the order of their publication; replaced from one phase to the next. */
  take: (record: StreamRecord) => void;
  close(): Promise<void>;
}

/**
 * Resolves when all sources listen.
 * @throws MybrokerError where a broker does not answer, exit 3
 */
export async function openLiveTail(request: CommandRequest, names: readonly string[]): Promise<LiveTail> {
  const { project } = await openProject(withAllProfiles(request), { missingVariables: "empty" });
  const taps = chooseStreams(project, { names, kafka: [], rabbit: [], firehose: false });
  const sources = await openStreams(taps, await findReach(request, project));
  const stop = new AbortController();
  const tail: LiveTail = {
    take: () => {},
    close: async () => {
      stop.abort();
      await watching.catch(() => {});
    },
  };
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const warn = (text: string): void => request.output.warn(text);
  const viewer: Viewer = {
    opened: (outcomes) => {
      for (const outcome of outcomes) if ("failure" in outcome) throw outcome.failure;
      open();
    },
    show: async (records) => {
      for (const record of records) tail.take(record);
    },
    silent: () => {},
    gap: ({ source }) => warn(`${source} was away for a moment: some messages may be missing here`),
    dropped: (count) => warn(`${count} messages are not shown: they come faster than they are read`),
    problem: warn,
  };
  const signal = AbortSignal.any([request.context.signal, stop.signal]);
  const watching = watchStreams(sources, { start: "now", follow: true }, { viewer, signal });
  // A signal ends the watch before it is open: the next word on stage says so.
  await Promise.race([opened, watching]);
  return tail;
}
