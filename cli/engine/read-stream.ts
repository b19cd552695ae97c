import type { Readable } from "node:stream";
import { EngineError } from "./engine-error.js";
import { normaliseEngineError } from "./normalise-engine-error.js";

/**
 * The items of a stream; ends quietly once the signal is aborted, throws EngineError on every other failure.
 * Leaving the loop closes the connection.
 */
export async function* readUntilAborted<T>(
  items: AsyncIterable<T>,
  source: Readable,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  try {
    for await (const item of items) {
      if (signal?.aborted) return;
      yield item;
    }
  } catch (error) {
    if (signal?.aborted) return;
    throw brokenStream(error);
  } finally {
    source.destroy();
  }
}

function brokenStream(error: unknown): EngineError {
  const { code, message } = error as NodeJS.ErrnoException;
  // Node's words for a peer that left in the middle of a body.
  if (code !== "ECONNRESET" && message !== "aborted") return normaliseEngineError(error);
  return new EngineError({ kind: "connection", message: "the engine closed the connection", cause: error });
}
