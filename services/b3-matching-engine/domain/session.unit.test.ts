import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sessionAt } from "./session.js";

const at = (time: string) => Date.parse(time);

describe("a session", () => {
  it("of every day ends at midnight in São Paulo", () => {
    const before = sessionAt("always", at("2026-11-24T02:59:59.999Z"));
    const after = sessionAt("always", at("2026-11-24T03:00:00.000Z"));
    expect(before).toEqual({ date: "2026-11-23", open: true, ended: false });
    expect(after).toEqual({ date: "2026-11-24", open: true, ended: false });
  });

  it("knows the daylight saving time that São Paulo had until 2019", () => {
    expect(sessionAt("always", at("2019-01-15T02:00:00Z")).date).toBe("2019-01-15");
    expect(sessionAt("always", at("2019-01-15T01:59:59Z")).date).toBe("2019-01-14");
  });

  it.each([
    ["Monday 9:59", "2026-11-23T12:59:59Z", { open: false, ended: false }],
    ["Monday 10:00", "2026-11-23T13:00:00Z", { open: true, ended: false }],
    ["Monday 17:54", "2026-11-23T20:54:59Z", { open: true, ended: false }],
    ["Monday 17:55", "2026-11-23T20:55:00Z", { open: false, ended: true }],
    ["Saturday 12:00", "2026-11-28T15:00:00Z", { open: false, ended: true }],
    ["Sunday 12:00", "2026-11-29T15:00:00Z", { open: false, ended: true }],
  ])("of the exchange: %s", (_, time, state) => {
    expect(sessionAt("b3", at(time))).toMatchObject(state);
  });

  it("never goes back in a day, and is never open after it has ended", () => {
    const moment = fc.integer({ min: at("2020-01-01T00:00:00Z"), max: at("2035-01-01T00:00:00Z") });
    fc.assert(
      fc.property(fc.constantFrom("always" as const, "b3" as const), moment, (kind, time) => {
        const [now, later] = [sessionAt(kind, time), sessionAt(kind, time + 3_600_000)];
        expect(later.date >= now.date).toBe(true);
        if (now.ended && later.date === now.date) expect(later).toEqual(now);
        expect(now.open && now.ended).toBe(false);
      }),
    );
  });
});
