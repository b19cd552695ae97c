import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";

const schemaFile = resolve(import.meta.dirname, "x-mybroker.schema.json");
const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(schemaFile, "utf8")));

describe("the schema of x-mybroker", () => {
  it.each([
    ["the least that a probe needs", { kind: "redis", port: 6379 }],
    ["a user's own page", { kind: "http", port: 80, uiPort: 80, healthUrl: "/", owner: "me" }],
    ["a health page elsewhere", { kind: "http", port: 80, healthUrl: "http://127.0.0.1:8080/health" }],
    ["a domain service", { kind: "service", domain: "order", port: 8088, healthUrl: "/health/ready" }],
    ["a cache, which has no user", { kind: "redis", port: 6379, credentials: { password: "MY_PASSWORD" } }],
  ])("takes %s", (_, extension) => {
    expect(validate(extension), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ["no kind", { port: 6379 }],
    ["no port", { kind: "redis" }],
    ["an unknown kind", { kind: "oracle", port: 1521 }],
    ["a port out of range", { kind: "redis", port: 65_536 }],
    ["a port as text", { kind: "redis", port: "6379" }],
    ["a misspelt key", { kind: "redis", port: 6379, credential: {} }],
    ["a value in place of a key's name", { kind: "redis", port: 6379, credentials: { password: "s3cret!" } }],
    ["a health page without a slash", { kind: "http", port: 80, healthUrl: "health" }],
    ["a topic twice", { kind: "kafka", port: 9092, topics: ["a", "a"] }],
  ])("refuses %s", (_, extension) => {
    expect(validate(extension)).toBe(false);
  });
});
