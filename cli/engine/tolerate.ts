import type { Engine, EngineErrorKind } from "./engine.js";
import { EngineError } from "./engine-error.js";

/** Whether the engine itself said so; false of anything else that was thrown. */
export function isEngineError(error: unknown, kind: EngineErrorKind): boolean {
  return error instanceof EngineError && error.kind === kind;
}

/** Stops a container; one that is gone has stopped. */
export async function stopIfThere(
  engine: Engine,
  containerId: string,
  timeoutSeconds: number | undefined,
): Promise<void> {
  try {
    await engine.stopContainer(containerId, timeoutSeconds);
  } catch (error) {
    if (!isEngineError(error, "not-found")) throw error;
  }
}
