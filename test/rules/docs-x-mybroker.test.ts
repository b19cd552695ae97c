import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { buildReference } from "./docs/build-x-mybroker.js";
import { readPage, root } from "./docs/read-pages.js";

const path = "docs/x-mybroker.md";
const [begin, end] = ["<!-- made from contracts/x-mybroker.schema.json -->", "<!-- /made -->"];

function readSchema(name: string): object {
  return JSON.parse(readFileSync(join(root, "contracts", name), "utf8")) as object;
}

describe(path, () => {
  it("says what the schema says (UPDATE_X_MYBROKER=1 npx vitest run --project rules x-mybroker writes it)", () => {
    const { text } = readPage(path);
    const [before = "", rest = ""] = text.split(begin);
    const whole = `${before}${begin}\n\n${buildReference()}\n\n${end}${rest.slice(rest.indexOf(end) + end.length)}`;
    if (process.env.UPDATE_X_MYBROKER === "1") writeFileSync(join(root, path), whole);
    expect(readPage(path).text).toBe(whole);
  });

  it("has examples that the schema takes", () => {
    const blocks = [...readPage(path).text.matchAll(/^```yaml\n(services:.*?)^```/gms)];
    expect(blocks.length).toBeGreaterThan(0);
    for (const [, block = ""] of blocks) expect(validate(parse(block)), errors()).toBe(true);
  });
});

/** Compose's own half lies on the net: here it takes everything, and ours alone decides. */
const composeSpec =
  "https://raw.githubusercontent.com/compose-spec/compose-spec/main/schema/compose-spec.json";
const ajv = new Ajv({ allErrors: true });
ajv.addSchema(readSchema("x-mybroker.schema.json"));
ajv.addSchema({ type: "object" }, composeSpec);
const validate = ajv.compile(readSchema("compose.schema.json"));

function errors(): string {
  return JSON.stringify(validate.errors);
}

describe("contracts/compose.schema.json", () => {
  it("takes our compose file", () => {
    const file = parse(readPage("docker-compose.yml").text, { merge: true, maxAliasCount: -1 });
    expect(validate(file), errors()).toBe(true);
  });

  it.each([
    ["a service without any", { services: { mine: { image: "x" } } }],
    ["what holds for every service", { "x-mybroker": { doctor: { ignore: [{ id: "a.b", reason: "c" }] } } }],
    ["another extension", { "x-other": 1, services: { mine: { "x-other": [] } } }],
  ])("takes %s", (_, file) => {
    expect(validate(file), errors()).toBe(true);
  });

  it.each([
    ["an unknown kind", { services: { mine: { "x-mybroker": { kind: "oracle", port: 1521 } } } }],
    ["no port", { services: { mine: { "x-mybroker": { kind: "redis" } } } }],
    ["a misspelt key", { services: { mine: { "x-mybroker": { kind: "redis", port: 1, prot: 2 } } } }],
    ["a service's key at the top", { "x-mybroker": { kind: "redis", port: 6379 } }],
    ["an extension that is no mapping", { services: { mine: { "x-mybroker": "redis" } } }],
  ])("refuses %s", (_, file) => {
    expect(validate(file)).toBe(false);
  });
});
