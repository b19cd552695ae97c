import type { MessageStore } from "./message-store.js";
import type { DeadLetterReason, Message, QueueEvents } from "./queue.js";

export interface DeadLettersOptions {
  readonly store: MessageStore;
  readonly events: QueueEvents;
  /** Nothing leaves before it. */
  readonly started: Promise<void>;
  /** Some have left. */
  onRoom(): void;
  onError(error: unknown): void;
}

interface DeadLetter {
  readonly id: number;
  readonly reason: DeadLetterReason;
}

/** How many are under way at once, and wait for that. */
const batchLimit = 256;

/**
 * What leaves a queue for its dead letter exchange: in order, some at a time; originals go once they are kept there.
 */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  #waiting: DeadLetter[] = [];
  #sending = false;
  #stopped = false;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** Who can leave messages in the queue leaves them there as long as this is not so. */
  get hasRoom(): boolean {
    return this.#waiting.length < batchLimit;
  }

  add(id: number, reason: DeadLetterReason): void {
    this.#options.store.setAside(id);
    this.#waiting.push({ id, reason });
    if (!this.#sending) void this.#send();
  }

  /** What has not left stays in the file. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
  }

  async #send(): Promise<void> {
    const { store, started, onRoom, onError } = this.#options;
    this.#sending = true;
    await started;
    while (this.#waiting.length > 0) {
      const sent: Promise<void>[] = [];
      for (const letter of this.#waiting.splice(0, batchLimit)) {
        const message = store.peek(letter.id) ?? (await store.load(letter.id).catch(onError));
        if (message && !this.#stopped) sent.push(this.#sendOne(letter, message));
      }
      await Promise.all(sent);
      onRoom();
    }
    this.#sending = false;
  }

  async #sendOne({ id, reason }: DeadLetter, message: Message): Promise<void> {
    const { store, events, onError } = this.#options;
    try {
      await events.deadLetter(message, reason);
      if (!this.#stopped) store.remove([id]);
    } catch (error) {
      onError(error);
    }
  }
}
