/** Exit codes of the CLI (docs/exit-codes.md). */
export const exitCodes = {
  done: 0,
  /** It ran and the answer is no. */
  no: 1,
  /** Wrong usage, or a file of the user's is wrong. */
  usage: 2,
  /** The machine: engine, permission, port, disk, registry. */
  machine: 3,
  /** Our bug. */
  bug: 70,
} as const;

export interface ErrorFacts {
  /** Stable, `area.thing`: "engine.absent", "compose.unknown-key". */
  readonly code: string;
  /** One sentence: what happened, with the offending value. */
  readonly message: string;
  /** What to type next; commands spelled with {mybroker}, which the renderer replaces by this run's spelling. */
  readonly hint?: string;
  readonly exitCode: number;
  /** Machine-readable facts for the JSON document; never a secret. */
  readonly details?: unknown;
  /** More lines for the screen, below the message. */
  readonly lines?: readonly string[];
  readonly cause?: unknown;
}

/** An error meant for the user. Anything else that reaches the top is our bug and exits with 70. */
export class MybrokerError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly details: unknown;
  readonly lines: readonly string[];

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "MybrokerError";
    this.code = facts.code;
    this.hint = facts.hint;
    this.exitCode = facts.exitCode;
    this.details = facts.details;
    this.lines = facts.lines ?? [];
  }
}
