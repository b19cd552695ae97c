import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { describeOrderStore } from "../testing/store-suite.js";

const folder = mkdtempSync(join(tmpdir(), "broker-order-"));
afterAll(() => rmSync(folder, { recursive: true }));

describeOrderStore("sqlite", () => ({ kind: "sqlite", path: join(folder, "broker-order-db.sqlite") }));
