import type { Logger } from "pino";
import type { Registry } from "prom-client";

/** What a link needs of its service. */
export interface LinkContext {
  /** The service's: it becomes the name of the connection and the client. */
  readonly name: string;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  readonly metrics: { readonly registry: Registry };
}

/**
 * Thrown by a consumer's handle for one message of its batch that can never be valid: it is dead-lettered with the
 * reason, and handle is called again with the others.
 */
export class InvalidMessage extends Error {
  readonly invalid: object;

  /** @param invalid the message, as handle was given it */
  constructor(invalid: object, reason: string) {
    super(reason);
    this.invalid = invalid;
  }
}

/** Takes messages until it is closed. */
export interface Consumer {
  /** Lets the batch at hand end and takes no more. */
  close(): Promise<void>;
}
