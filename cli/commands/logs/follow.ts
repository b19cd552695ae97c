import type { EngineEvent, LogOptions } from "../../engine/engine.js";
import { containerLabels } from "../../stack/container-state.js";
import type { FoundProject } from "../../stack/find-project.js";
import { LogPosition } from "./log-position.js";
import type { Print } from "./printer.js";
import { type LogSource, readSource, sourceOf } from "./read-source.js";

export interface Following {
  readonly found: FoundProject;
  readonly sources: readonly LogSource[];
  /** How far each container's history was printed, by id. */
  readonly positions: Map<string, LogPosition>;
  /** Starts of the project's containers, subscribed to before they were listed. */
  readonly events: AsyncIterable<EngineEvent>;
  /** For a container of which nothing was printed yet. */
  readonly options: LogOptions;
  readonly print: Print;
  /** Ends every reading, and the events too. */
  readonly stop: AbortController;
  readonly signal: AbortSignal;
  /** Empty: all. */
  readonly services: readonly string[];
}

/** After the last container has ended a restart or a recreation brings one back within this time. */
const restartGraceMs = 3_000;

/**
 * Prints each line as it comes, also of a container that is started, restarted or recreated later; ends when none
 * runs any more and none comes back.
 */
export async function followLogs(following: Following): Promise<void> {
  const { events, positions, options, services, stop, signal } = following;
  const active = new Map<string, { startedAgain: boolean }>();
  let failure: unknown;
  let ending: NodeJS.Timeout | undefined;

  const endLater = (): void => {
    ending = setTimeout(async () => {
      if (await anyRestarting(following).catch(() => false)) endLater();
      else if (active.size === 0) stop.abort();
    }, restartGraceMs);
  };
  const attach = (source: LogSource, first: LogOptions): void => {
    clearTimeout(ending);
    const state = { startedAgain: false };
    active.set(source.id, state);
    const task = async (): Promise<void> => {
      do {
        state.startedAgain = false;
        await followSource(source, { ...following, options: first });
        // Its log ends with each of its runs, and the next run may have begun before we noticed.
      } while (state.startedAgain && !signal.aborted);
    };
    task()
      .catch((error: unknown) => {
        failure ??= error;
        stop.abort();
      })
      .finally(() => {
        active.delete(source.id);
        if (active.size === 0 && !signal.aborted) endLater();
      });
  };

  for (const source of following.sources) attach(source, options);
  for await (const { id, attributes, timeMs } of events) {
    const source = sourceOf({ id, name: attributes.name ?? id, labels: attributes });
    if (services.length > 0 && !services.includes(source.service)) continue;
    const state = active.get(id);
    if (state !== undefined) state.startedAgain = true;
    else if (positions.has(id)) {
      // A container's first lines are a moment older than the event of its start.
      attach(source, { timestamps: true, since: (timeMs / 1000 - 1).toFixed(3) });
    } else {
      positions.set(id, new LogPosition());
      attach(source, { timestamps: true });
    }
  }
  clearTimeout(ending);
  if (failure !== undefined) throw failure;
}

async function followSource(source: LogSource, following: Following): Promise<void> {
  const { found, positions, options, print, signal } = following;
  const position = positions.get(source.id);
  const since = position?.since;
  const wasPrinted = position?.createFilter();
  const { tail: _, ...resumed } = options;
  const reading = since === undefined ? options : { ...resumed, since };
  for await (const line of readSource(found.engine, source, { ...reading, follow: true, signal })) {
    if (wasPrinted?.(line.time)) continue;
    position?.note(line.time);
    await print(line);
  }
}

/** A restart policy may pause for up to a minute between two attempts. */
async function anyRestarting({ found, positions }: Following): Promise<boolean> {
  const containers = await found.engine.listContainers({ labels: containerLabels(found.name), all: true });
  return containers.some((container) => positions.has(container.id) && container.state === "restarting");
}
