import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLogFile } from "./log-file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("keeps the newest lines in three files that stay below their limit", () => {
  const path = join(folder, "log", "runtime.log");
  const log = openLogFile({ path, echo: false, fileBytes: 1_000 });
  for (let number = 0; number < 200; number += 1) log.write("kafka", "info", `line ${number}`);
  log.close();
  expect(readdirSync(join(folder, "log")).sort()).toEqual(["runtime.log", "runtime.log.1", "runtime.log.2"]);
  const texts = [`${path}.2`, `${path}.1`, path].flatMap((file) => {
    expect(statSync(file).size).toBeLessThanOrEqual(1_000);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return lines.map((line) => (JSON.parse(line) as { text: string }).text);
  });
  const first = 200 - texts.length;
  expect(texts).toEqual(Array.from({ length: texts.length }, (_, index) => `line ${first + index}`));
});

it("goes on in the file that an earlier process left", () => {
  const path = join(folder, "runtime.log");
  for (const text of ["one", "two\nlines"]) {
    const log = openLogFile({ path, echo: false });
    log.write("runtime", "warn", text);
    log.close();
  }
  const entries = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(entries).toMatchObject([
    { service: "runtime", level: "warn", text: "one" },
    { service: "runtime", level: "warn", text: "two\nlines" },
  ]);
});
