import { demultiplex, rawOutput } from "./demultiplex.js";
import type { LogChunk, LogOptions } from "./engine.js";
import { toEngineTime } from "./log-time.js";
import { readUntilAborted } from "./read-stream.js";
import type { Transport } from "./transport.js";

/** A container's log; with `follow` until the container ends or the signal is aborted. */
export async function* readLogs(
  transport: Transport,
  id: string,
  options: LogOptions,
): AsyncGenerator<LogChunk> {
  const { signal } = options;
  if (signal?.aborted) return;
  const nowMs = Date.now();
  // The engine's header says nothing of the framing before API 1.42 and proxies drop it: only inspect knows.
  const { Config } = await transport.json<{ Config: { Tty: boolean } }>({
    path: `/containers/${id}/json`,
    signal,
  });
  const source = await transport.stream({
    path: `/containers/${id}/logs`,
    query: {
      stdout: true,
      stderr: true,
      follow: options.follow ?? false,
      timestamps: options.timestamps ?? false,
      tail: options.tail ?? "all",
      since: options.since === undefined ? undefined : toEngineTime(options.since, nowMs),
      until: options.until === undefined ? undefined : toEngineTime(options.until, nowMs),
    },
    signal,
  });
  yield* readUntilAborted(Config.Tty ? rawOutput(source) : demultiplex(source), source, signal);
}
