import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadDocuments } from "./load-files.js";

const folder = mkdtempSync(join(tmpdir(), "mybroker-compose-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("parses a file once, and again where it or the folder that messages start from has changed", async () => {
  const file = join(folder, "compose.yaml");
  writeFileSync(file, "services: {a: {}}");
  const [first] = await loadDocuments([file], folder);
  const [again] = await loadDocuments([file], folder);
  expect(again).toBe(first);
  const [elsewhere] = await loadDocuments([file], tmpdir());
  expect([first, elsewhere].map((document) => document?.root.place.shownFile)).toEqual([
    "compose.yaml",
    expect.stringContaining("mybroker-compose-"),
  ]);
  writeFileSync(file, "services: {b: {}}");
  const [changed] = await loadDocuments([file], folder);
  expect(JSON.stringify(changed, (_, value) => (value instanceof Map ? [...value] : value))).toContain('"b"');
});
