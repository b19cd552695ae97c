import { expect, it } from "vitest";
import { LogPosition } from "./log-position.js";

const [first, second, third] = ["…:01.1Z", "…:01.2Z", "…:01.3Z"];

it("takes a log up again at the last line's time, without the lines of that time that were printed", () => {
  const position = new LogPosition();
  expect(position.since).toBeUndefined();
  for (const time of [first, second, second]) position.note(time);
  expect(position.since).toBe(second);
  const wasPrinted = position.createFilter();
  // Three lines have that time by now; the third of them came after the reading had ended.
  expect([second, second, second, third].map(wasPrinted)).toEqual([true, true, false, false]);
});
