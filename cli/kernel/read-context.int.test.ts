import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeInvocation } from "./read-context.js";

let root: string;
let script: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-npx-"));
  script = join(root, "home/.npm/_npx/7f1b/node_modules/.bin/mybroker");
  mkdirSync(join(script, ".."), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const npx = { npm_command: "exec" };

/** As npm 9 to 11 note it. */
function note(dependency: string, spelled: string): void {
  const noted = { dependencies: { mybroker: dependency }, _npx: { packages: [spelled] } };
  writeFileSync(join(root, "home/.npm/_npx/7f1b/package.json"), JSON.stringify(noted));
}

it.each([
  [
    "a package file, from the folder of another project",
    "file:../../../../lab/mybroker-0.1.0.tgz",
    "lab/mine",
    "file:ROOT/lab/mybroker-0.1.0.tgz",
  ],
  ["the clone that one stands in", "file:../../../../clone", "clone/deep", "mybroker"],
  ["a clone elsewhere", "file:../../../../clone", "lab", "file:ROOT/clone"],
  ["a version of a registry", "^0.1.0", "lab", "mybroker@0.1.0"],
])("npx of %s is spelled so that it can be typed again", (_, dependency, cwd, spelled) => {
  note(dependency, "mybroker@0.1.0");
  expect(describeInvocation(script, npx, join(root, cwd))).toBe(`npx ${spelled.replace("ROOT", root)}`);
});

it("npx within a project whose own package it is, a command of its own, and a script", () => {
  expect(describeInvocation("/lab/node_modules/.bin/mybroker", npx, "/lab")).toBe("npx mybroker");
  expect(describeInvocation("/usr/local/bin/mybroker", {}, "/lab")).toBe("mybroker");
  expect(describeInvocation("/clone/bin/mybroker.js", {}, "/clone/deep")).toBe("node ../bin/mybroker.js");
});
