import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currentTrace, nextTraceparent, readTrace, runTraced } from "./trace.js";

const wellFormed = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const requestIds = /^[\w.:-]{1,128}$/;

describe("a trace", () => {
  it("is well formed whatever was sent", () => {
    const sent = fc.oneof(
      fc.string(),
      fc.constant(undefined),
      fc.array(fc.string()),
      fc.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
    );
    fc.assert(
      fc.property(sent, sent, (requestId, traceparent) => {
        const trace = readTrace({ requestId, traceparent });
        expect(trace.traceparent).toMatch(wellFormed);
        expect(trace.requestId).toMatch(requestIds);
        if (typeof traceparent === "string" && wellFormed.test(traceparent)) {
          expect(trace.traceparent.slice(0, 36)).toBe(traceparent.slice(0, 36));
          expect(trace.traceparent.slice(52)).toBe(traceparent.slice(52));
        }
      }),
    );
  });

  it("follows the work that it was begun for, and no other", async () => {
    const work = (requestId: string) =>
      runTraced({ requestId }, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        const trace = currentTrace();
        expect(nextTraceparent().slice(0, 36)).toBe(trace?.traceparent.slice(0, 36));
        return trace?.requestId;
      });
    expect(await Promise.all([work("a"), work("b")])).toEqual(["a", "b"]);
    expect(currentTrace()).toBeUndefined();
    expect(nextTraceparent()).toMatch(wellFormed);
  });
});
