import type { EngineErrorKind } from "./engine.js";

/** A failure of the Docker Engine, normalised at the edge by status code and known message, never shown raw. */
export class EngineError extends Error {
  readonly kind: EngineErrorKind;
  readonly statusCode: number | undefined;

  constructor(facts: { kind: EngineErrorKind; message: string; statusCode?: number; cause?: unknown }) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "EngineError";
    this.kind = facts.kind;
    this.statusCode = facts.statusCode;
  }
}
