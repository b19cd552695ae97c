import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/registry.js";
import { validateOutput } from "../support/validate-output.js";

const folder = resolve(import.meta.dirname, "../../docs/schema");
const files = readdirSync(folder).sort();

type Schema = Record<string, unknown>;

function read(file: string): Schema {
  return JSON.parse(readFileSync(resolve(folder, file), "utf8")) as Schema;
}

/** Every part of a schema that says which properties an object has. */
function objectsOf(part: unknown, path = ""): { path: string; open: boolean }[] {
  if (typeof part !== "object" || part === null) return [];
  const below = Object.entries(part).flatMap(([key, value]) => objectsOf(value, `${path}/${key}`));
  const { required, additionalProperties } = part as Schema;
  // The envelope stands in its own schema: the outermost object of a command's says only what its data are.
  if (!Array.isArray(required) || path === "") return below;
  return [...below, { path, open: additionalProperties !== false }];
}

const document = { ok: true, runtime: "docker", project: "p", error: null };

describe("docs/schema", () => {
  it("has a schema for every command, and none for what is no command", () => {
    const names = commands.map(({ name }) => name);
    const others = ["envelope", "greeting", "note", "progress", "usage"];
    expect(files).toEqual([...names, ...others].map((name) => `${name}.schema.json`).sort());
  });

  it.each(files)("%s is a valid schema that leaves no object of ours open", (file) => {
    const schema = read(file);
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(() => new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)).not.toThrow();
    expect(objectsOf(schema).filter(({ open }) => open)).toEqual([]);
  });

  it("describes plans in one way", () => {
    const plans = files.flatMap((file) => (read(file).$defs as { plan?: Schema } | undefined)?.plan ?? []);
    expect(plans).toHaveLength(5);
    for (const plan of plans) expect(plan).toEqual(plans[0]);
  });

  it.each(commands.map(({ name }) => name))("refuses a broken document of %s", (name) => {
    const schema = `mybroker/${name}@1`;
    expect(() => validateOutput({ schema, ...document, data: null } as { schema: string })).not.toThrow();
    for (const broken of [
      { schema, ...document, data: { unheardOf: 1 } },
      { schema, ...document, data: 1 },
      { schema, ...document, data: null, more: 1 },
      { schema, ...document, data: null, runtime: "podman" },
      { schema, ...document, data: null, error: { code: "No code", message: "" } },
      { schema, ok: true, data: null },
    ]) {
      expect(() => validateOutput(broken), JSON.stringify(broken)).toThrow(/breaks docs\/schema/);
    }
  });
});
