import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "./make-folder.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-folder-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("makes what is missing, with the mode, and is content with what is there", () => {
  const path = join(root, "a/b/c");
  makeFolder(path, 0o700);
  makeFolder(path, 0o700);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

it("says what is in the way", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file"))).toThrow(/EEXIST/);
  expect(() => makeFolder(join(root, "file/below"))).toThrow(/ENOTDIR|EEXIST/);
});

it.runIf(process.platform === "linux")("ends where nothing can be made", () => {
  expect(() => makeFolder("/proc/mybroker/x")).toThrow(/ENOENT/);
});
