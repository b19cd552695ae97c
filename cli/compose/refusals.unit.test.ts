import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { loadProject } from "./load-project.js";

const fixtures = join(import.meta.dirname, "fixtures/refused");
const golden: Record<string, boolean> = JSON.parse(readFileSync(join(fixtures, "golden.json"), "utf8"));

/** What docker compose passes over in silence or does, and this program does not do. */
const stricterThanCompose = new Set([
  "mem-fraction.yaml",
  "unsupported-service.yaml",
  "unsupported-top.yaml",
  "volumes-option.yaml",
]);

async function refuse(file: string): Promise<MybrokerError> {
  const env = { HOME: "/home/user" };
  const request = { cwd: fixtures, homeDir: "/home/user", env, files: [file], envFiles: [], profiles: [] };
  try {
    await loadProject({ ...request, projectName: "p" });
  } catch (error) {
    if (error instanceof MybrokerError) return error;
    throw error;
  }
  throw new Error(`${file} was accepted`);
}

const files = readdirSync(fixtures).filter((name) => name.endsWith(".yaml"));

describe("a file that docker compose refuses is refused, with its place and what to do", () => {
  for (const file of files) {
    it(`${file}`, async () => {
      expect(golden[file] === true || stricterThanCompose.has(file)).toBe(true);
      const error = await refuse(file);
      expect(error.exitCode).toBe(2);
      expect(error.code).toMatch(/^compose\.[a-z-]+$/);
      expect(error.hint).toBeTruthy();
      const { line } = error.details as { line?: number };
      if (error.code === "compose.empty") return;
      expect(line).toBeGreaterThan(0);
      const shown = [error.message, ...error.lines].join("\n");
      expect(shown).toContain(`${file}:${line}`);
    });
  }
});

it("says what is wrong in one sentence", async () => {
  const messages = await Promise.all(
    files.map(async (file) => {
      const { code, message, hint, lines } = await refuse(file);
      return [`${code}: ${message}`, ...lines, `  -> ${hint}`].join("\n");
    }),
  );
  await expect(`${messages.join("\n\n")}\n`).toMatchFileSnapshot("./fixtures/refused/messages.txt");
});
