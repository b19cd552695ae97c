import { validate, version } from "uuid";
import { describe, expect, it } from "vitest";
import { makeId } from "./make-id.js";

describe("ids", () => {
  it("are UUIDs of version 7, each another, in ascending order, beyond one supply of randomness", () => {
    const made = Array.from({ length: 5_000 }, makeId);
    expect(made.every((id) => validate(id) && version(id) === 7 && id === id.toLowerCase())).toBe(true);
    expect(new Set(made).size).toBe(made.length);
    expect([...made].sort()).toEqual(made);
  });
});
