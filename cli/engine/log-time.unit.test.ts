import { describe, expect, it } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { toEngineTime } from "./log-time.js";

const nowMs = 1_763_829_215_123;

describe("toEngineTime", () => {
  it.each([
    ["1763829215", "1763829215"],
    ["1763829215.000000001", "1763829215.000000001"],
    ["0", "0"],
    ["10s", "1763829205.123"],
    ["1h30m", "1763823815.123"],
    ["1.5h", "1763823815.123"],
    ["250ms", "1763829214.873"],
    ["2025-11-22T16:33:35Z", "1763829215.000000000"],
    ["2025-11-22T16:33:35.123456789Z", "1763829215.123456789"],
    ["2025-11-22T13:33:35.5-03:00", "1763829215.500000000"],
    ["2025-11-22T16:33Z", "1763829180.000000000"],
    ["2025-11-22Z", "1763769600.000000000"],
  ])("%s becomes %s", (value, expected) => {
    expect(toEngineTime(value, nowMs)).toBe(expected);
  });

  it("reads a time without a zone as local", () => {
    const local = new Date(2025, 10, 22).getTime() / 1000;
    expect(toEngineTime("2025-11-22", nowMs)).toBe(`${local}.000000000`);
    expect(toEngineTime("2025-11-22T00:00:00", nowMs)).toBe(`${local}.000000000`);
  });

  it("does not ask for a time before 1970", () => {
    expect(toEngineTime("9999999h", nowMs)).toBe("0.000");
  });

  it.each(["", "yesterday", "1.2.3h", "5 minutes", "2025-13-01", "2025-11-22T25:00", "-5m"])(
    "%j is a usage error that shows the value",
    (value) => {
      expect(() => toEngineTime(value, nowMs)).toThrow(MybrokerError);
      expect(() => toEngineTime(value, nowMs)).toThrow(
        expect.objectContaining({
          code: "usage.bad-time",
          exitCode: 2,
          message: `"${value}" is no point in time`,
        }),
      );
    },
  );
});
