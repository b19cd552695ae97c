import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Context } from "../../kernel/context.js";
import { placeReport } from "./save-report.js";

const folder = mkdtempSync(join(tmpdir(), "mybroker-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

const context = { cwd: folder, now: () => Date.parse("2026-01-02T12:00:00Z") } as Context;
const ownName = join(folder, "mybroker-report-2026-01-02T12-00-00Z.md");

it.each([
  ["nothing named", undefined, ownName],
  ["a folder", ".", ownName],
  ["a file", "report.md", join(folder, "report.md")],
])("is in its place with %s", async (_, asked, path) => {
  expect(await placeReport(context, asked)).toBe(path);
});

it("replaces nothing and makes no folder, and says so before anything is looked at", async () => {
  writeFileSync(join(folder, "there.md"), "");
  await expect(placeReport(context, "there.md")).rejects.toMatchObject({
    code: "report.exists",
    exitCode: 2,
  });
  await expect(placeReport(context, "none/report.md")).rejects.toMatchObject({
    code: "report.no-folder",
    hint: `mkdir -p ${join(folder, "none")}`,
    exitCode: 2,
  });
});
