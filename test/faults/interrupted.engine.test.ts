import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../kit/seeded-random.js";
import { type BuiltCli, buildCli, type Child } from "../support/built-cli.js";
import { expectRefused } from "./expect-refused.js";
import { createFixture, type Fixture } from "./fixture.js";
import { expectedObjects, writeLightStack } from "./light-stack.js";

const points = process.env.MYBROKER_LONG_RUNS === "1" ? 30 : 5;
const seed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);

let built: BuiltCli;
let fixture: Fixture;
beforeAll(async () => {
  built = await buildCli();
});
afterAll(() => built.remove());
beforeEach(async () => {
  fixture = await createFixture("killed");
});
afterEach(() => fixture.remove());

function start(...args: string[]): Child {
  return built.start(args, { cwd: fixture.folder, env: { ...fixture.env, HOME: fixture.home } });
}

/** The next `up` brings all of it, leaves nothing over, and docker compose sees nothing to change. */
async function expectHealed(point: string): Promise<void> {
  const healing = await fixture.cli("up");
  expect(healing.exitCode, `${point}\n${healing.stderr}`).toBe(0);
  expect(await fixture.leftovers(), point).toEqual(expectedObjects(fixture.project));
  expect(await fixture.states(), point).toEqual({
    cache: "running",
    files: "exited",
    web: "running",
    worker: "running",
    idle: "running",
  });
  const plan = await fixture.cli("up", "--dry-run", "-o", "json");
  expect(plan.json(), point).toMatchObject({ data: { changed: false } });
  expect(await fixture.dockerCompose("up", "-d", "--dry-run"), point).not.toMatch(/recreate|creat/i);
}

/** Runs `up` to its end; returns how long that takes. */
async function measureUp(): Promise<number> {
  const startedMs = performance.now();
  const { exitCode, stderr } = await start("up").ended;
  expect(exitCode, stderr).toBe(0);
  return performance.now() - startedMs;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

describe("up that is killed or interrupted", () => {
  it(`heals at ${points} random points (MYBROKER_SEED=${seed})`, { timeout: points * 40_000 }, async () => {
    console.log(`MYBROKER_SEED=${seed}`);
    const random = createRandom(seed);
    writeLightStack(fixture, "hello-0");
    expect((await fixture.cli("pull")).exitCode).toBe(0);
    const spanMs = { cold: await measureUp(), changed: 0 };
    writeLightStack(fixture, "hello-1");
    spanMs.changed = await measureUp();
    const cut = { SIGKILL: 0, SIGINT: 0 };
    // A run that had already ended is no point; the machine may be quicker now than when it was measured.
    for (let attempt = 0; cut.SIGKILL + cut.SIGINT < points; attempt += 1) {
      expect(attempt, JSON.stringify(cut)).toBeLessThan(points * 3);
      const signal = attempt % 2 === 0 ? "SIGKILL" : "SIGINT";
      const kind = attempt % 4 < 2 ? "cold" : "changed";
      const afterMs = random() * spanMs[kind];
      const name = `attempt ${attempt} of seed ${seed}: ${signal} after ${Math.round(afterMs)} ms, ${kind}`;
      if (kind === "cold") await fixture.cli("down", "--volumes", "--yes");
      else writeLightStack(fixture, `hello-${attempt + 2}`);
      const child = start("up");
      await pause(afterMs);
      child.kill(signal);
      const { exitCode, stderr } = await child.ended;
      expect([0, signal === "SIGKILL" ? 137 : 130], `${name}\n${stderr}`).toContain(exitCode);
      if (exitCode === 0) spanMs[kind] = afterMs;
      else cut[signal] += 1;
      expect(stderr, name).not.toContain("mybroker failed where it should not");
      await expectHealed(name);
    }
  });

  it("says after Ctrl-C how to go on, and does", async () => {
    writeLightStack(fixture, "hello");
    const child = start("up");
    await expect.poll(() => fixture.leftovers(), { timeout: 20_000, interval: 20 }).not.toEqual([]);
    child.kill("SIGINT");
    const run = await child.ended;
    expectRefused(run, { exitCode: 130, says: ["Interrupted", /mybroker\.js up/] });
    await expectHealed("after Ctrl-C");
  });
});

describe("two up at once", () => {
  it("one wins, the other says who has the project, with its pid", async () => {
    writeLightStack(fixture, "hello");
    const runs = [start("up"), start("up")] as const;
    const ended = await Promise.all(runs.map(async (child) => ({ pid: child.pid, ...(await child.ended) })));
    const [winner, loser] = ended.sort((left, right) => left.exitCode - right.exitCode);
    expect(winner).toMatchObject({ exitCode: 0 });
    expectRefused(loser ?? { exitCode: -1, stdout: "", stderr: "" }, {
      exitCode: 3,
      says: [`mybroker up (pid ${winner?.pid})`, fixture.project, `kill ${winner?.pid}`],
    });
    await expectHealed("after two at once");
  });
});
