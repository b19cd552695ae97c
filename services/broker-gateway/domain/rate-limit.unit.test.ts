import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRateLimit } from "./rate-limit.js";

describe("a rate limit", () => {
  it("never lets more pass in any stretch of time than the burst and the rate allow", () => {
    const settings = fc.record({
      perSecond: fc.integer({ min: 1, max: 100 }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    const steps = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 });
    fc.assert(
      fc.property(settings, steps, ({ perSecond, burst }, waitsMs) => {
        const limit = createRateLimit({ perSecond, burst });
        const passed: number[] = [];
        let nowMs = 0;
        for (const waitMs of waitsMs) {
          nowMs += waitMs;
          if (limit.take("a", nowMs) === 0) passed.push(nowMs);
        }
        for (const [first, from] of passed.entries()) {
          for (const [last, to] of passed.entries()) {
            if (last < first) continue;
            expect(last - first + 1).toBeLessThanOrEqual(burst + ((to - from) * perSecond) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });

  it("lets pass whoever waits as long as it says", () => {
    const limit = createRateLimit({ perSecond: 2, burst: 3 });
    expect([limit.take("a", 0), limit.take("a", 0), limit.take("a", 0)]).toEqual([0, 0, 0]);
    const wait = limit.take("a", 0);
    expect(wait).toBe(1);
    expect(limit.take("b", 0)).toBe(0);
    expect(limit.take("a", wait * 1_000)).toBe(0);
  });

  it("remembers no more keys than it may", () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1 });
    for (let key = 0; key < 25_000; key += 1) expect(limit.take(`key ${key}`, key)).toBe(0);
    expect(limit.take("key 24999", 25_000)).toBe(1);
    // None is full again: all are forgotten, rather than one more remembered.
    const atOnce = createRateLimit({ perSecond: 1, burst: 1 });
    for (let key = 0; key <= 10_000; key += 1) atOnce.take(`key ${key}`, 0);
    expect([atOnce.take("key 0", 0), atOnce.take("key 10000", 0)]).toEqual([0, 1]);
  });
});
