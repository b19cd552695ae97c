import type { RuntimeProcess } from "../support/runtime-process.js";

/** Writes until its broker is gone, and knows what was confirmed to it. */
export interface Writer {
  /** Resolves when the connection has ended. Called again after each restart, with what it knows kept. */
  write(runtime: RuntimeProcess): Promise<void>;
  /** Held against the broker after a restart. @throws AssertionError */
  verify(runtime: RuntimeProcess): Promise<void>;
  /** Things that were confirmed so far. */
  readonly confirmedCount: number;
}
