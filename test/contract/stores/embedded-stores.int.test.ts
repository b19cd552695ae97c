import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { describeBulk } from "./bulk-suite.js";
import { describeCache } from "./cache-suite.js";
import { describeDocuments } from "./documents-suite.js";
import { describeKilledHolder } from "./killed-holder.js";
import { describeMigrations } from "./migrations-suite.js";
import { describeSql } from "./sql-suite.js";

const folder = mkdtempSync(join(tmpdir(), "contract-"));
afterAll(() => rmSync(folder, { recursive: true }));

describeSql("sqlite", () => ({ kind: "sqlite", path: join(folder, "sql.sqlite") }));
describeBulk("sqlite", () => ({ kind: "sqlite", path: join(folder, "bulk.sqlite") }));
describeMigrations("sqlite", () => ({ kind: "sqlite", path: join(folder, "migrations.sqlite") }));
describeKilledHolder("sqlite", () => ({ kind: "sqlite", path: join(folder, "locks.sqlite") }));
describeDocuments("sqlite", () => ({ kind: "sqlite", path: join(folder, "documents.sqlite") }));
describeCache("sqlite", () => ({ kind: "sqlite", path: join(folder, "cache.sqlite") }));
