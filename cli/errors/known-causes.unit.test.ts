import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type FailureEvidence, knownCauses, matchKnownCause } from "./known-causes.js";

const folder = new URL("./fixtures/", import.meta.url);

/** A log as a server writes it; the first line, "#! {json}", holds what else is known. */
function readFixture(name: string): FailureEvidence {
  const [head = "", ...log] = readFileSync(new URL(name, folder), "utf8").trimEnd().split("\n");
  return { service: "a-service", ...(JSON.parse(head.slice(3)) as object), log };
}

const fixtures = readdirSync(folder).filter((name) => name.endsWith(".txt"));

describe("known causes", () => {
  test.each(fixtures)("%s is recognised as what its name says, by the first match", (name) => {
    const cause = matchKnownCause(readFixture(name));
    const expected = name.startsWith("unknown") ? undefined : name.split(".").slice(0, 2).join(".");
    expect(cause?.id).toBe(expected);
  });

  test.each(knownCauses.map(({ id }) => id))("%s has a log that shows it", (id) => {
    expect(fixtures.some((name) => name.startsWith(`${id}.`))).toBe(true);
  });

  test.each(knownCauses)("$id: every sign gives what its sentences need", ({ cause, fix, signs }) => {
    expect(fix).not.toBe("");
    const standard = ["mybroker", "service", "container", "volume", "imageKey", "image"];
    const names = [...`${cause} ${fix}`.matchAll(/(?<!\$)\{(\w+)\}/g)].map((match) => match[1] ?? "");
    for (const name of names.filter((each) => !standard.includes(each))) {
      for (const sign of signs) {
        const patterns = [sign.log, sign.engineError, sign.answerDetail].map(
          (pattern) => pattern?.source ?? "",
        );
        expect(patterns.join(" ")).toContain(`(?<${name}>`);
      }
    }
  });

  test("ids are unique", () => {
    const ids = knownCauses.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("names of the service's own things are filled in", () => {
    const cause = matchKnownCause(readFixture("mongo.no-avx.txt"), { imageKey: "BROKER_MONGODB_IMAGE" });
    expect(cause).toEqual({
      id: "mongo.no-avx",
      cause: "MongoDB 5 and later need a CPU with AVX; this one has none.",
      fix: "set BROKER_MONGODB_IMAGE=mongo:4.4 in .env, then {mybroker} up",
      line: "WARNING: MongoDB 5.0+ requires a CPU with AVX support, and your current system does not appear to have that!",
    });
  });
});
