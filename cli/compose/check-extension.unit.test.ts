import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findExtensionProblem } from "./check-extension.js";

const schema = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../contracts/x-mybroker.schema.json"), "utf8"),
);
const validate = new Ajv().compile(schema);

describe("findExtensionProblem", () => {
  it.each([
    [3, "", /mapping/],
    [{ port: 1 }, "kind", /missing/],
    [{ kind: "mysq", port: 1 }, "kind", /did you mean mysql/],
    [{ kind: "mysql" }, "port", /port inside/],
    [{ kind: "mysql", prot: 1 }, "prot", /did you mean port/],
    [
      { kind: "redis", port: 6379, credentials: { password: "not a name" } },
      "credentials.password",
      /never a value/,
    ],
    [{ kind: "http", port: 80, healthUrl: "health" }, "healthUrl", /begin with/],
    [{ kind: "http", port: 80, doctor: { ingore: [] } }, "doctor.ingore", /did you mean ignore/],
    [{ kind: "http", port: 80, doctor: { ignore: ["a.b"] } }, "doctor.ignore", /id and reason/],
  ])("%j", (extension, key, message) => {
    expect(findExtensionProblem(extension)).toEqual({ key, message: expect.stringMatching(message) });
  });

  it("judges as the published schema does", () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        "mysql",
        "http",
        "nope",
        "/health",
        "KEY",
        "",
        80,
        0,
        70_000,
        1.5,
        null,
        [],
        ["a"],
        [1],
      ),
      fc.constantFrom<unknown>({}, { user: "A" }, { user: "a b" }, { other: "A" }),
      fc.constantFrom<unknown>(
        { ignore: [] },
        { ignore: [{ id: "a.b", reason: "c" }, {}] },
        { ignore: [1] },
        { ignore: [{ id: 1 }] },
      ),
    );
    const extension = fc.dictionary(fc.constantFrom(...Object.keys(schema.properties), "other"), value, {
      maxKeys: 5,
    });
    const usual = fc.tuple(extension, fc.constantFrom("mysql", "http"), fc.constantFrom(1, 80));
    fc.assert(
      fc.property(
        fc.oneof(
          extension,
          usual.map(([more, kind, port]) => ({ ...more, kind, port })),
        ),
        (candidate) => {
          expect(findExtensionProblem(candidate) === undefined).toBe(validate(candidate));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
