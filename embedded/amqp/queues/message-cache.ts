import type { Message } from "./queue.js";

/** What an entry costs beside its bytes. */
const overheadBytes = 400;

/** What a message takes in memory. */
export function messageBytes(message: Message): number {
  return message.body.length + message.propertyBytes.length + overheadBytes;
}

/** Bodies of recent messages, of all queues together; the oldest go first. */
export class MessageCache {
  readonly #limitBytes: number;
  readonly #entries = new Map<string, Message>();
  #sizeBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(key: string): Message | undefined {
    return this.#entries.get(key);
  }

  set(key: string, message: Message): void {
    this.delete(key);
    this.#entries.set(key, detach(message));
    this.#sizeBytes += messageBytes(message);
    for (const oldest of this.#entries.keys()) {
      if (this.#sizeBytes <= this.#limitBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const message = this.#entries.get(key);
    if (!message) return;
    this.#entries.delete(key);
    this.#sizeBytes -= messageBytes(message);
  }
}

/** Bytes that may be held by what is in memory alone; what does not fit goes to a file. */
export class MemoryBudget {
  #freeBytes: number;

  constructor(limitBytes: number) {
    this.#freeBytes = limitBytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#freeBytes) return false;
    this.#freeBytes -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#freeBytes += bytes;
  }
}

/** A few bytes of a message would otherwise keep all that was read from the socket or file with them. */
export function detach(message: Message): Message {
  return { ...message, propertyBytes: own(message.propertyBytes), body: own(message.body) };
}

function own(bytes: Buffer): Buffer {
  return bytes.buffer.byteLength <= 2 * bytes.length ? bytes : Buffer.from(bytes);
}
