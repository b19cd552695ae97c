import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busybox, createFixture, type Fixture } from "../../test/faults/fixture.js";
import { pullImages } from "./testing/engine-fixture.js";

const clone = resolve(import.meta.dirname, "../..");
/** Inside the clone, so that packages are found from there. */
const program = join(clone, "node_modules/.cache", `mybroker-killed-${process.pid}`);

const kills = 30;
/** The process has just started to think; about when the whole run is done. */
const shortestDelayMs = 200;
const longestDelayMs = 1100;

let fixture: Fixture;

beforeAll(async () => {
  pullImages(busybox);
  fixture = await createFixture("killed");
  mkdirSync(program, { recursive: true });
  await build({
    entryPoints: [join(clone, "cli/main.ts")],
    outfile: join(program, "main.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "error",
  });
  const start = `import { main } from "./main.mjs"; await main(${JSON.stringify(clone)});`;
  writeFileSync(join(program, "start.mjs"), start);
});
afterAll(async () => {
  await fixture.remove();
  rmSync(program, { recursive: true, force: true });
});

/** Every version changes the settings of all three, so that each round replaces them all. */
function writeVersion(version: number): void {
  const common = `image: "${busybox}", init: true, command: [sleep, "600"], environment: {VERSION: "${version}"}`;
  fixture.compose(
    `
  db: {${common}, volumes: ["data:/data"], configs: [rules]}
  web: {${common}, depends_on: [db]}
  lone: {${common}}
`,
    `volumes: {data: }\nconfigs: {rules: {content: "version ${version}"}}`,
  );
}

async function upAndKill(delayMs: number): Promise<string> {
  const child = spawn(process.execPath, [join(program, "start.mjs"), "up", "--no-wait"], {
    cwd: fixture.folder,
    env: { ...fixture.env, HOME: fixture.home } as NodeJS.ProcessEnv,
    stdio: "ignore",
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), delayMs);
  const [, signal] = await once(child, "exit");
  clearTimeout(timer);
  return signal === null ? "finished" : "killed";
}

describe("up, killed at any moment", { timeout: 600_000 }, () => {
  it(`is healed by the next up, ${kills} times of ${kills}`, async () => {
    const names = ["db", "lone", "web"].map((service) => `${fixture.project}-${service}-1`);
    const ends: string[] = [];
    for (let round = 1; round <= kills; round += 1) {
      writeVersion(round);
      ends.push(await upAndKill(shortestDelayMs + ((longestDelayMs - shortestDelayMs) * round) / kills));
      const healed = await fixture.cli("up", "--no-wait");
      expect(healed.stderr).not.toMatch(/✖/);
      expect(healed.exitCode).toBe(0);
      expect(await fixture.states()).toEqual({ db: "running", lone: "running", web: "running" });
      expect((await fixture.leftovers()).sort()).toEqual(
        [...names, `${fixture.project}_data`, `${fixture.project}_default`].sort(),
      );
      expect((await fixture.cli("--dry-run", "up")).stdout).toMatch(/^Nothing to do\.\n/);
    }
    // Otherwise the delays have become too long to kill anything.
    expect(ends.filter((end) => end === "killed").length).toBeGreaterThan(kills / 2);
  });
});
