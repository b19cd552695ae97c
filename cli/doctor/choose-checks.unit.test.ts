import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Check } from "./check.js";
import { checks } from "./checks.js";
import { chooseChecks, findingIds } from "./choose-checks.js";
import { areaOf, noAnswerId } from "./run-checks.js";

const sample: Check[] = [
  { id: "env.example", title: "", finds: ["env.missing-key"], run: async () => [] },
  { id: "container.drift", title: "", finds: ["container.image-drift", "env.stale"], run: async () => [] },
  { id: "kafka.works", title: "", finds: ["kafka.topic-missing", "kafka.lag"], run: async () => [] },
  { id: "order.passes", title: "", finds: ["order.stuck"], deepOnly: true, run: async () => [] },
];

function choose(only: string[], exclude: string[] = [], deep = false) {
  const choice = chooseChecks(sample, { only, exclude, deep });
  const told = choice.checks.flatMap((check) =>
    [...check.finds, noAnswerId(check)].filter((id) => choice.tells(check, { id })),
  );
  return { checks: choice.checks.map(({ id }) => id), told };
}

describe("chooseChecks", () => {
  it.each([
    [["kafka"], [], ["kafka.works"], ["kafka.topic-missing", "kafka.lag", "kafka.no-answer"]],
    [["kafka.lag"], [], ["kafka.works"], ["kafka.lag", "kafka.no-answer"]],
    [
      ["env"],
      [],
      ["env.example", "container.drift"],
      ["env.missing-key", "env.no-answer", "env.stale", "container.no-answer"],
    ],
    [["kafka"], ["kafka.lag"], ["kafka.works"], ["kafka.topic-missing", "kafka.no-answer"]],
    [[], ["kafka", "env"], ["container.drift"], ["container.image-drift", "container.no-answer"]],
    [["kafka"], ["kafka.works"], [], []],
  ])("--only %j --exclude %j", (only, exclude, ids, told) => {
    expect(choose(only, exclude)).toEqual({ checks: ids, told });
  });

  it("looks at what leaves something behind with --deep, and refuses to be asked for it without", () => {
    expect(choose(["order", "kafka"], [], true).checks).toEqual(["kafka.works", "order.passes"]);
    expect(choose([], ["order"]).checks).toEqual(["env.example", "container.drift", "kafka.works"]);
    for (const word of ["order", "order.passes", "order.stuck", "order.no-answer"]) {
      const refusal = {
        code: "usage.needs-deep",
        exitCode: 2,
        hint: `{mybroker} doctor --deep --only kafka --only ${word}`,
      };
      expect(() => choose(["kafka", word])).toThrow(expect.objectContaining(refusal));
    }
  });

  it("refuses what it does not know, with the nearest that it does", () => {
    expect(() => choose(["kafka.lagg"])).toThrow(
      expect.objectContaining({ code: "usage.unknown-check", exitCode: 2, hint: "Did you mean:  kafka.lag" }),
    );
    expect(() => choose([], ["nothing-like-it"])).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe("the list of findings", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../docs/commands/doctor.md"), "utf8");
  const anchors = [...page.matchAll(/<a id="([^"]+)"><\/a>`([^`]+)`/g)].map(([, id, shown]) => ({
    id,
    shown,
  }));

  it("is the one of docs/commands/doctor.md: an id is for ever", () => {
    const documented = anchors.map(({ id }) => id).sort();
    // Of these the page speaks once for all areas: a check that says nothing, and one that has nothing to complain of.
    const common = new Set(checks.flatMap((check) => [noAnswerId(check), check.id]));
    expect(documented).toEqual(findingIds(checks).filter((id) => !common.has(id)));
    expect(anchors.filter(({ id, shown }) => id !== shown)).toEqual([]);
  });

  it("says area.thing of each, and every check has an id and a title of its own", () => {
    for (const id of findingIds(checks)) expect(id).toMatch(/^[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*$/);
    const ids = checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(checks.filter(({ title }) => title === "")).toEqual([]);
    expect(ids.map(areaOf).filter((area) => !/^[a-z0-9]+$/.test(area))).toEqual([]);
  });
});
