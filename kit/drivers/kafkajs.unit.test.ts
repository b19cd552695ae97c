import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "./kafkajs.js";

type Queue = typeof RequestQueue.prototype & { pending: unknown[]; checkPendingRequests(): void };

function queueWith(state: Partial<Queue>): Queue {
  const queue = Object.create(RequestQueue.prototype) as Queue;
  return Object.assign(queue, { throttledUntil: -1, throttleCheckTimeoutId: null, pending: [], ...state });
}

describe("kafkajs's request queue", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("sets no timer while nothing waits", () => {
    queueWith({}).scheduleCheckPendingRequests();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("checks again while requests wait, and when a throttle ends", () => {
    const check = vi.fn();
    queueWith({ pending: [{}], checkPendingRequests: check }).scheduleCheckPendingRequests();
    queueWith({
      throttledUntil: Date.now() + 500,
      checkPendingRequests: check,
    }).scheduleCheckPendingRequests();
    vi.advanceTimersByTime(499);
    expect(check).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(check).toHaveBeenCalledTimes(2);
  });
});
