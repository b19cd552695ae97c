import { beforeEach, describe, expect, it } from "vitest";
import { MemoryBudget, MessageCache, messageBytes } from "./message-cache.js";
import { MessageMemory } from "./message-memory.js";
import type { Message } from "./queue.js";

const message: Message = {
  exchange: "",
  routingKey: "q",
  propertyBytes: Buffer.alloc(0),
  body: Buffer.from("text"),
};
let shared: { cache: MessageCache; budget: MemoryBudget };
let memory: MessageMemory;

/** Room for two that are in no file, and for one in the cache. */
beforeEach(() => {
  shared = {
    cache: new MessageCache(messageBytes(message)),
    budget: new MemoryBudget(2 * messageBytes(message)),
  };
  memory = new MessageMemory("q#1", shared);
});

describe("messages in memory alone", () => {
  const fill = () => [memory.keep(1, message), memory.keep(2, message), memory.keep(3, message)];

  it("are as many as there is room for, which each gives back", () => {
    expect(fill()).toEqual([true, true, false]);
    memory.release(1);
    memory.release(1);
    expect([memory.keep(3, message), memory.keep(4, message)]).toEqual([true, false]);
    expect([1, 2, 3, 4].map((id) => memory.peek(id)?.body.toString())).toEqual([
      undefined,
      "text",
      "text",
      undefined,
    ]);
  });

  it("stay whatever comes into the cache, also under another number", () => {
    memory.keep(1, message);
    memory.cache(2, message);
    memory.rename(1, 9);
    memory.rename(2, 8);
    expect([1, 2, 8, 9].map((id) => memory.peek(id) !== undefined)).toEqual([false, false, true, true]);
    memory.cache(3, message);
    expect([3, 8, 9].map((id) => memory.peek(id) !== undefined)).toEqual([true, false, true]);
    memory.release(3);
    expect(memory.peek(3)).toBeUndefined();
  });

  it("leave their room to other queues when theirs is closed", () => {
    fill();
    memory.close();
    const other = new MessageMemory("q#2", shared);
    expect([other.keep(1, message), other.keep(2, message)]).toEqual([true, true]);
    expect(memory.peek(1)).toBeUndefined();
  });
});
