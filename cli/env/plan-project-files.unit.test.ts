import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, markFile, readMark, withoutMark } from "./file-mark.js";
import { type FoundFile, planProjectFiles } from "./plan-project-files.js";
import { compareVersions, type ProjectManifest, refuseDowngrade } from "./project-manifest.js";

const file = (text: string): FoundFile => ({ kind: "file", text });
const absent: FoundFile = { kind: "absent" };

function planOne(shipped: string, found: FoundFile, written?: string, pending?: string) {
  const manifest: ProjectManifest | undefined =
    written === undefined
      ? undefined
      : {
          version: "0.1.0",
          files: { "templates/a.yml": digestOf(written) },
          ...(pending === undefined ? {} : { pending: { "templates/a.yml": digestOf(pending) } }),
        };
  return planProjectFiles(new Map([["templates/a.yml", shipped]]), manifest, () => found);
}

describe("planProjectFiles", () => {
  it.each<[string, ReturnType<typeof planOne>, string]>([
    ["is missing", planOne("new", absent), "make"],
    ["was deleted", planOne("new", absent, "old"), "make"],
    ["says what the last init wrote", planOne("new", file("old"), "old"), "refresh"],
    ["is of a run that was killed", planOne("newer", file("new"), "old", "new"), "refresh"],
    ["is of before a run that was killed", planOne("newer", file("old"), "old", "new"), "refresh"],
    ["was changed", planOne("new", file("mine"), "old"), "keep"],
    ["differs, and the manifest is lost", planOne("new", file("old")), "keep"],
    ["is a link", planOne("new", { kind: "foreign" }, "old"), "keep"],
  ])("a file that %s", (_, { make, refresh, remove, keep }, action) => {
    const done = { make, refresh, remove, keep };
    expect(Object.entries(done).flatMap(([name, paths]) => (paths.length > 0 ? [name] : []))).toEqual([
      action,
    ]);
  });

  it("leaves alone what it has written, also with the lines ends of another checkout", () => {
    const marked = markFile("templates/a.yml", "one\ntwo\n", "0.1.0").replaceAll("\n", "\r\n");
    expect(planOne("one\ntwo\n", file(marked))).toMatchObject({ make: [], refresh: [], keep: [] });
  });

  it("says of a changed file whether there is something new, as long as there is", () => {
    expect(planOne("old", file("mine"), "old").keep).toMatchObject([{ outdated: false }]);
    const plan = planOne("new", file("mine"), "old");
    expect(plan.keep).toMatchObject([{ outdated: true }]);
    expect(plan.files["templates/a.yml"]).toBe(digestOf("old"));
  });

  it("removes what an earlier version wrote and this one does not have, if nobody changed it", () => {
    const files = Object.fromEntries(
      ["templates/gone.yml", "templates/mine.yml", "templates/../../outside", ".env"].map((path) => [
        path,
        digestOf("old"),
      ]),
    );
    const look = (path: string) => file(path === "templates/mine.yml" ? "mine" : "old");
    expect(planProjectFiles(new Map(), { version: "0.1.0", files }, look)).toMatchObject({
      remove: ["templates/gone.yml"],
      keep: [],
    });
  });

  it("never touches a text that no init wrote", () => {
    const text = fc.constantFrom("a", "b", "c", "d");
    fc.assert(
      fc.property(text, text, fc.option(text), fc.option(text), (shipped, there, written, pending) => {
        const plan = planOne(shipped, file(there), written ?? undefined, pending ?? undefined);
        const ours = written !== null && [written, pending].includes(there);
        expect(plan.refresh.length > 0).toBe(ours && there !== shipped);
        expect(plan.make).toEqual([]);
      }),
    );
  });
});

describe("the mark", () => {
  it("stands where comments are, names the version, and goes without a trace", () => {
    for (const path of [
      "docker-compose.yml",
      ".env.example",
      "dist/services/Dockerfile",
      "templates/x/y.yml",
    ]) {
      const marked = markFile(path, "text\n", "1.2.3");
      expect(marked).toMatch(/^# Written by mybroker 1\.2\.3; .*\ntext\n$/);
      expect([readMark(marked), withoutMark(marked)]).toEqual(["1.2.3", "text\n"]);
    }
    expect(markFile("templates/board.json", "{}", "1.2.3")).toBe("{}");
    expect(readMark("# text\n")).toBeUndefined();
  });
});

describe("versions", () => {
  it("are in the order of semantic versions", () => {
    const ordered = ["0.0.9", "0.1.0-rc.2", "0.1.0-rc.10", "0.1.0", "0.2.0", "0.10.0", "1.0.0"];
    for (const [index, version] of ordered.entries()) {
      expect(compareVersions(version, version)).toBe(0);
      for (const later of ordered.slice(index + 1)) {
        expect(compareVersions(version, later), `${version} ${later}`).toBeLessThan(0);
        expect(compareVersions(later, version)).toBeGreaterThan(0);
      }
    }
  });

  it("are never taken back", () => {
    expect(() => refuseDowngrade("/lab", "0.3.0", "0.2.9")).toThrow(
      "/lab was written by mybroker 0.3.0; this is 0.2.9",
    );
    expect(() => refuseDowngrade("/lab", "0.2.9", "0.2.9")).not.toThrow();
  });
});
