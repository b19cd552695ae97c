import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { endOfLog, followLog, readLog } from "./read-log.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-read-log-"));
  path = join(folder, "runtime.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function line(text: string): string {
  return `${JSON.stringify({ time: "2026-11-22T10:00:00.000Z", service: "kafka", level: "info", text })}\n`;
}

it("reads older files first and passes over a line that a kill cut short", () => {
  writeFileSync(`${path}.2`, line("one"));
  writeFileSync(`${path}.1`, line("two"));
  writeFileSync(path, `${line("three")}{"time":"2026`);
  expect(readLog(path).map(({ text }) => text)).toEqual(["one", "two", "three"]);
  expect(readLog(join(folder, "none.log"))).toEqual([]);
});

it("follows through a rotation and a half-written line, to what was written last", async () => {
  writeFileSync(path, line("before"));
  const from = endOfLog(path);
  // What happens between one look and the next.
  const moments = [
    () => appendFileSync(path, line("one") + line("two").slice(0, 20)),
    () => {
      appendFileSync(path, line("two").slice(20) + line("three"));
      renameSync(path, `${path}.1`);
      writeFileSync(path, line("four"));
    },
    () => appendFileSync(path, line("five")),
  ];
  const goesOn = async (): Promise<boolean> => {
    moments.shift()?.();
    return moments.length > 0;
  };
  const seen: string[] = [];
  for await (const { text } of followLog(path, from, { signal: new AbortController().signal, goesOn })) {
    seen.push(text);
  }
  expect(seen).toEqual(["one", "two", "three", "four", "five"]);
});
