import type { PublishOutcome } from "../queues/queue.js";
import { AmqpError } from "../wire/amqp-error.js";
import type { FramePump } from "./frame-pump.js";

/** Published and not yet stored; beyond it the connection is not read. */
const unstoredLimitBytes = 8 * 1024 * 1024;
/** What one of them takes beside its bytes. */
const publishOverheadBytes = 512;
/** Of all connections together; those that have little of it go on. */
const partialContentLimitBytes = 128 * 1024 * 1024;
const smallPartialContentBytes = 256 * 1024;

/** Of contents that are not complete, of all connections. */
export interface PartialContent {
  sizeBytes: number;
}

/** How much of a connection's messages may be in memory before they are complete, and before they are stored. */
export class InputLimits {
  readonly #pump: FramePump;
  readonly #partialOfAll: PartialContent;
  #unstoredBytes = 0;
  #partialBytes = 0;

  constructor(pump: FramePump, partialOfAll: PartialContent) {
    this.#pump = pump;
    this.#partialOfAll = partialOfAll;
  }

  /** Until its outcome is known. */
  trackPublish(sizeBytes: number, outcome: Promise<PublishOutcome>): void {
    this.#unstoredBytes += sizeBytes + publishOverheadBytes;
    if (this.#unstoredBytes > unstoredLimitBytes) this.#pump.hold("publishes");
    void outcome.then(() => {
      this.#unstoredBytes -= sizeBytes + publishOverheadBytes;
      if (this.#unstoredBytes <= unstoredLimitBytes / 2) this.#pump.release("publishes");
    });
  }

  /** @param bytes below 0 where a content has become complete, or was given up. @throws AmqpError with the code 506 */
  countPartialContent(bytes: number): void {
    this.#partialBytes += bytes;
    this.#partialOfAll.sizeBytes += bytes;
    if (bytes <= 0 || this.#partialBytes <= smallPartialContentBytes) return;
    if (this.#partialOfAll.sizeBytes > partialContentLimitBytes) {
      throw new AmqpError(506, "too many messages are sent at once, none of them completely");
    }
  }

  /** No content of the connection will become complete. */
  close(): void {
    this.countPartialContent(-this.#partialBytes);
  }
}
