import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { apis } from "../../../embedded/kafka/apis/api-table.js";
import { kafkaErrors } from "../../../embedded/kafka/errors.js";
import { topicConfigs } from "../../../embedded/kafka/topics/topic-configs.js";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/embedded-kafka.md"), "utf8");

describe("docs/embedded-kafka.md", () => {
  it("lists the APIs and versions that the broker offers, and no others", () => {
    const rows = [...page.matchAll(/^\| \w+ \| (\d+) \| (\d+)(?:-(\d+))? \|$/gm)];
    const listed = rows.map(([, key, min, max = min]) => [Number(key), Number(min), Number(max)]);
    const offered = [...apis.values()].map(({ key, min, max }) => [key, min, max]);
    expect(listed).toEqual(offered.sort(([one = 0], [other = 0]) => one - other));
  });

  it("lists the configs of topics with their defaults", () => {
    const rows = [...page.matchAll(/^\| `([a-z.]+)` \| (\w+)/gm)];
    const listed = Object.fromEntries(rows.map(([, name, value]) => [name, value]));
    const known = Object.entries(topicConfigs).map(([name, { defaultValue }]) => [name, defaultValue]);
    expect(listed).toEqual(Object.fromEntries(known));
  });

  it("gives errors their numbers", () => {
    const named = [...page.matchAll(/([A-Z][A-Z_]{5,}) \((\d+)\)/g)];
    expect(named.length).toBeGreaterThan(10);
    for (const [, name = "", code] of named) {
      expect({ name, code: kafkaErrors[name as keyof typeof kafkaErrors] }).toEqual({
        name,
        code: Number(code),
      });
    }
  });
});
