import { detach, type MemoryBudget, type MessageCache, messageBytes } from "./message-cache.js";
import type { Message } from "./queue.js";

/** Messages of one queue that need not be read from its file: those that are in no file, and those in the cache. */
export class MessageMemory {
  readonly #name: string;
  readonly #cache: MessageCache;
  readonly #budget: MemoryBudget;
  readonly #only = new Map<number, Message>();

  /** @param name of the queue, in the cache that all queues share */
  constructor(name: string, { cache, budget }: { cache: MessageCache; budget: MemoryBudget }) {
    this.#name = name;
    this.#cache = cache;
    this.#budget = budget;
  }

  /** Keeps it here alone, whatever comes into the cache; false where there is no room for that. */
  keep(id: number, message: Message): boolean {
    if (!this.#budget.take(messageBytes(message))) return false;
    this.#only.set(id, detach(message));
    return true;
  }

  /** Keeps it for as long as the cache has room: it can be had from the file. */
  cache(id: number, message: Message): void {
    this.#cache.set(this.#key(id), message);
  }

  peek(id: number): Message | undefined {
    return this.#only.get(id) ?? this.#cache.get(this.#key(id));
  }

  rename(id: number, newId: number): void {
    const message = this.peek(id);
    if (!message) return;
    if (this.#only.delete(id)) this.#only.set(newId, message);
    else {
      this.#cache.delete(this.#key(id));
      this.cache(newId, message);
    }
  }

  release(id: number): void {
    this.#cache.delete(this.#key(id));
    const message = this.#only.get(id);
    if (!message) return;
    this.#only.delete(id);
    this.#budget.give(messageBytes(message));
  }

  /** Gives back the room of those that are in no file. */
  close(): void {
    for (const id of this.#only.keys()) this.release(id);
  }

  #key(id: number): string {
    return `${this.#name}:${id}`;
  }
}
