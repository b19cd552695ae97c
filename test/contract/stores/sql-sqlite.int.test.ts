import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { describeSql } from "./sql-suite.js";

const folder = mkdtempSync(join(tmpdir(), "sql-"));
afterAll(() => rmSync(folder, { recursive: true }));

describeSql("sqlite", () => ({ kind: "sqlite", path: join(folder, "order.sqlite") }));
