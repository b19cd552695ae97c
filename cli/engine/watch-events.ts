import type { EngineEvent, EventFilter } from "./engine.js";
import { type EventLine, toEngineEvent } from "./engine-answers.js";
import { EngineError } from "./engine-error.js";
import { readNdjson } from "./ndjson.js";
import { readUntilAborted } from "./read-stream.js";
import type { Transport } from "./transport.js";

/**
 * Subscribes, then resolves. The stream ends when the signal is aborted; an engine that goes away is an
 * EngineError of kind "connection", after which the caller subscribes anew and looks at everything again.
 */
export async function watchEvents(
  transport: Transport,
  filter: EventFilter,
  signal: AbortSignal,
): Promise<AsyncIterable<EngineEvent>> {
  // The engine sends its headers a moment before it subscribes; asking from now on replays what falls in between.
  const sinceMs = filter.sinceMs ?? Date.now();
  const source = await transport.stream({
    path: "/events",
    query: {
      since: (sinceMs / 1000).toFixed(3),
      filters: {
        ...(filter.labels && { label: filter.labels }),
        ...(filter.types && { type: filter.types }),
        ...(filter.actions && { event: filter.actions }),
      },
    },
    signal,
  });
  async function* events(): AsyncGenerator<EngineEvent> {
    for await (const line of readNdjson<EventLine>(source)) yield toEngineEvent(line);
    if (!signal.aborted)
      throw new EngineError({ kind: "connection", message: "the engine ended its event stream" });
  }
  return readUntilAborted(events(), source, signal);
}
