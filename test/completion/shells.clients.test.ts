import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeProgram } from "../clients/programs.js";
import { lines, lineWithCommand } from "./lines.js";
import { openShellLab, type ShellLab } from "./type-in-shell.js";

let lab: ShellLab;
beforeAll(async () => {
  lab = await openShellLab();
});
afterAll(() => lab.remove());

describeProgram("zsh", () => {
  it.each(lines)("mybroker %s", async (typed, words) => {
    expect(await lab.type("zsh", `mybroker ${typed}\t`)).toEqual(words);
  });

  it("runs nothing of the line at a Tab", async () => {
    const words = await lab.type("zsh", `mybroker ${lineWithCommand}\t`);
    expect(words).toEqual(["tail", "--filter", "", "wallet-events-v1"]);
    // Once, by the shell itself, when the line was carried out.
    expect(readFileSync(join(lab.folder, "ran"), "utf8")).toBe("ran\n");
  });
});

describeProgram("fish", () => {
  /** What fish offers for a line, by its own `complete -C`. */
  async function ask(line: string): Promise<string[]> {
    const commands = `${lab.scripts.fish}\ncomplete -C ${JSON.stringify(line)}`;
    const { stdout } = await execa("fish", ["--no-config", "-c", commands], {
      cwd: lab.folder,
      env: lab.env,
      extendEnv: false,
    });
    return stdout.split("\n").map((offer) => offer.split("\t")[0] ?? "");
  }

  describe("offers", () => {
    it.each(lines)("mybroker %s", async (typed, words) => {
      const offers = await ask(`mybroker ${typed}`);
      expect(offers).toContain(words.at(-1));
      expect(offers.filter((offer) => !offer.startsWith(typed.split(" ").at(-1) ?? ""))).toEqual([]);
    });
  });
});
