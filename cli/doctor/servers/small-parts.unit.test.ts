import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readMigrations } from "../../../kit/sql/migrate.js";
import { readGauge } from "../services/read-gauge.js";
import { tableOf } from "./expected-tables.js";
import { isLeftOver, makeScratchName } from "./scratch-name.js";
import { runInside } from "./unlock-line.js";

describe("a scratch name", () => {
  it("is fit for a table, a topic and a key, and nobody's left-over for a minute", () => {
    const nowMs = Date.UTC(2026, 10, 23);
    const name = makeScratchName(nowMs);
    expect(name).toMatch(/^mybroker_doctor_[0-9a-z]+_[0-9a-z]+$/);
    expect(isLeftOver(name, nowMs + 59_000)).toBe(false);
    expect(isLeftOver(name, nowMs + 61_000)).toBe(true);
  });

  it("is never that of something else", () => {
    for (const name of ["orders", "mybroker_doctor", "mybroker_doctor_", "mybroker_seed"]) {
      expect(isLeftOver(name)).toBe(false);
    }
  });
});

describe("the table that a statement is about", () => {
  it.each([
    ["create table orders (id int)", "create", "orders"],
    ["CREATE TABLE IF NOT EXISTS `orders` (id int)", "create", "orders"],
    ["create unique index by_user on orders (user_id)", "index", "orders"],
    ["alter table orders add due_at datetime(6)", "alter", "orders"],
    ["drop table if exists orders", "drop", "orders"],
    ["insert ignore into orders (id) values (1)", "insert", "orders"],
  ])("%s", (statement, verb, table) => {
    expect(tableOf(statement)).toEqual({ verb, table });
  });

  it("is known of every statement of our migrations", async () => {
    const services = resolve(import.meta.dirname, "../../../services");
    const folders = readdirSync(services, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith("adapters/migrations"),
    );
    expect(folders.length).toBeGreaterThan(4);
    for (const folder of folders) {
      for (const kind of ["mysql", "postgres", "sqlite"] as const) {
        const migrations = await readMigrations(join(services, folder), kind);
        const strange = migrations.flatMap(({ statements }) => statements).filter((each) => !tableOf(each));
        expect(strange).toEqual([]);
      }
    }
  });
});

describe("a metric", () => {
  it("is the largest over all its labels, with or without a time", () => {
    const text = '# HELP lag x\nlag{topic="a"} 3\nlag{topic="b"} 12.5 1700000000000\nlag_total 99\n';
    expect(readGauge(text, "lag")).toBe(12.5);
    expect(readGauge("lag 0\n", "lag")).toBe(0);
    expect(readGauge(text, "other")).toBeUndefined();
  });
});

it("a line for a container's shell comes through the user's shell as it is", () => {
  const script = `printf '%s|' "$0" 'it is "quoted"'`;
  const line = runInside("db", script).replace("{mybroker} exec db ", "");
  expect(execFileSync("sh", ["-c", line], { encoding: "utf8" })).toBe('sh|it is "quoted"|');
});
