import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/registry.js";
import { runCli } from "../support/run-cli.js";

const cli = resolve(import.meta.dirname, "../../cli");
const sources = readdirSync(cli, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|(^|\/)testing\//.test(file))
  .map((file) => ({ file, text: readFileSync(join(cli, file), "utf8") }));

/** What no project and no server is needed for. */
const screens = [
  ["--help"],
  ...commands.map(({ name }) => [name, "--help"]),
  ...[["up", "-q"], ["upp"], ["ps"], ["completion", "tcsh"], ["-f", "absent.yml", "config"]],
];

describe("screens", () => {
  it.each(screens.map((words) => ({ line: words.join(" "), words })))(
    "$line: plain off a terminal, 80 columns on one",
    async ({ words }) => {
      const env = { DOCKER_HOST: "unix:///nonexistent", NO_COLOR: "1", CI: "true" };
      for (const tty of [false, true]) {
        const { stdout, stderr } = await runCli(words, { cwd: "/", env, tty });
        const shown = stdout + stderr;
        expect(shown).not.toBe("");
        expect(shown).not.toContain("\u001b");
        if (tty) expect(shown.split("\n").filter((line) => line.length > 80)).toEqual([]);
      }
    },
  );

  it("have no other colours and no other way to the cursor than cli/output has", () => {
    const escaping = sources.filter(({ text }) => /["'`]\\(u001b|x1b|e|033)/i.test(text));
    expect(escaping.map(({ file }) => file)).toEqual(["output/create-output.ts"]);
  });
});
