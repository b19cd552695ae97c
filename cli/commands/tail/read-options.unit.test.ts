import { describe, expect, it } from "vitest";
import type { CommandRequest } from "../../kernel/command.js";
import { readTailOptions } from "./read-options.js";

const nowMs = Date.parse("2026-01-23T12:00:00Z");

function read(options: Readonly<Record<string, unknown>>) {
  const request = { options, args: [], globals: {}, context: { now: () => nowMs } };
  return readTailOptions(request as unknown as CommandRequest);
}

describe("the past that is shown", () => {
  it("has not one message more than asked for, where nothing is followed", () => {
    expect(read({ tail: 2 }).plan).toEqual({ start: { last: 2 }, follow: true });
    expect(read({ tail: 2, follow: false }).plan).toEqual({ start: { last: 2 }, keepLast: 2, follow: false });
    expect(read({ tail: 0, follow: false }).plan).toMatchObject({ start: "now" });
    expect(read({ tail: "all", follow: false }).plan).toEqual({ start: "beginning", follow: false });
  });

  it("cannot end before it begins", () => {
    expect(() => read({ since: "5m", until: "10m" })).toThrow("--until 10m is before --since 5m");
    expect(read({ since: "10m", until: "5m" }).plan).toMatchObject({
      start: { sinceMs: nowMs - 600_000 },
      untilMs: nowMs - 300_000,
    });
  });
});
