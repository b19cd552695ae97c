import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lines, lineWithCommand } from "./lines.js";
import { openShellLab, type ShellLab } from "./type-in-shell.js";

let lab: ShellLab;
beforeAll(async () => {
  lab = await openShellLab();
});
afterAll(() => lab.remove());

it.each(lines)("mybroker %s", async (typed, words) => {
  expect(await lab.type("bash", `mybroker ${typed}\t`)).toEqual(words);
});

it("runs nothing of the line at a Tab", async () => {
  const words = await lab.type("bash", `mybroker ${lineWithCommand}\t`);
  expect(words).toEqual(["tail", "--filter", "", "wallet-events-v1"]);
  // Once, by the shell itself, when the line was carried out.
  expect(readFileSync(join(lab.folder, "ran"), "utf8")).toBe("ran\n");
});
