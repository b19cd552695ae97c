import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compile } from "../../../services/shared/validate.js";
import { buildAsyncapi } from "./build-asyncapi.js";

const path = join(import.meta.dirname, "../../../docs/asyncapi.json");
const built = JSON.parse(JSON.stringify(buildAsyncapi())) as Record<string, unknown>;

describe("docs/asyncapi.json", () => {
  it("is what contracts/ say (UPDATE_ASYNCAPI=1 npx vitest run --project rules asyncapi writes it)", () => {
    if (process.env.UPDATE_ASYNCAPI === "1") writeFileSync(path, `${JSON.stringify(built, undefined, 2)}\n`);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(built);
  });

  it("refers only to what is there", () => {
    const references = [...JSON.stringify(built).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, to]) =>
      String(to),
    );
    expect(references.length).toBeGreaterThan(20);
    for (const to of references) {
      const found = to
        .split("/")
        .reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], built);
      expect(found, to).toBeDefined();
    }
  });

  it("has schemas that compile", () => {
    const { schemas, messages } = built.components as Record<string, Record<string, { headers?: object }>>;
    for (const schema of Object.values(schemas ?? {})) compile(schema as never);
    for (const { headers } of Object.values(messages ?? {})) compile(headers as never);
    expect(Object.keys(schemas ?? {})).toHaveLength(5);
  });
});
