import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Project } from "../compose/model.js";
import { executePlan } from "../engine/execute.js";
import { observeLabelled, observeProject } from "../engine/observe.js";
import { planDown } from "./plan-down.js";
import { planUp } from "./plan-up.js";
import { renderPlan } from "./render-plan.js";
import { arbitraryImages, arbitraryProject } from "./testing/arbitrary-project.js";
import { SimulatedEngine } from "./testing/simulated-engine.js";

function newEngine(): SimulatedEngine {
  const simulated = new SimulatedEngine();
  for (const image of arbitraryImages) {
    simulated.addImage(image, { Env: ["PATH=/bin", "A=image"], Volumes: { "/scratch": {} }, Cmd: ["serve"] });
  }
  return simulated;
}

async function planFor(simulated: SimulatedEngine, project: Project) {
  return planUp(project, await observeProject(simulated.engine, project), { removeOrphans: true });
}

async function bringUp(simulated: SimulatedEngine, project: Project): Promise<void> {
  const result = await executePlan(await planFor(simulated, project), { engine: simulated.engine });
  expect(result.failure).toBeUndefined();
}

async function expectConverged(simulated: SimulatedEngine, project: Project): Promise<void> {
  expect(renderPlan(await planFor(simulated, project))).toEqual(["Nothing to do."]);
  const names = [...simulated.containers.values()].map(({ name }) => name);
  expect(names.filter((name) => /^[0-9a-f]{12}_/.test(name))).toEqual([]);
  for (const container of simulated.containers.values()) {
    expect(container.status).toBe("running");
    if (container.body.Labels?.["dev.mybroker.inline-files"])
      expect([...container.files.keys()]).toEqual(["/rules"]);
  }
}

class Killed extends Error {}

/** From call number `count` on every changing call fails: the process has died. */
async function bringUpUntilKilled(
  simulated: SimulatedEngine,
  project: Project,
  count: number,
): Promise<void> {
  let calls = 0;
  simulated.beforeCall = () => {
    calls += 1;
    if (calls > count) throw new Killed();
  };
  const result = await executePlan(await planFor(simulated, project), { engine: simulated.engine });
  if (result.failure) expect(result.failure.error).toBeInstanceOf(Killed);
  simulated.beforeCall = () => {};
}

// Hundreds of runs each, on a machine that may be busy.
const timeoutMs = 60_000;

describe("up, from any state that up itself can leave", { timeout: timeoutMs }, () => {
  it("leaves nothing to do, from nothing and from any other version of the project", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProject, arbitraryProject, async (before, after) => {
        const simulated = newEngine();
        await bringUp(simulated, before);
        await expectConverged(simulated, before);
        await bringUp(simulated, after);
        await expectConverged(simulated, after);
        const calls = simulated.calls.length;
        await bringUp(simulated, after);
        expect(simulated.calls.length).toBe(calls);
      }),
      { numRuns: 100 },
    );
  });

  it("heals what a run left that was killed at any call, twice over", async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryProject,
        arbitraryProject,
        fc.nat(30),
        fc.nat(30),
        async (before, after, first, second) => {
          const simulated = newEngine();
          await bringUpUntilKilled(simulated, before, first);
          await bringUpUntilKilled(simulated, after, second);
          await bringUp(simulated, after);
          await expectConverged(simulated, after);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("never runs two containers of one number, nor starts one before its dependency", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProject, arbitraryProject, async (before, after) => {
        const simulated = newEngine();
        await bringUp(simulated, before);
        simulated.calls.length = 0;
        await bringUp(simulated, after);
        const starts = simulated.calls.filter((call) => call.startsWith("startContainer"));
        expect(new Set(starts).size).toBe(starts.length);
        for (const [name, service] of Object.entries(after.services)) {
          const own = starts.findIndex((call) => call.includes(`-${name}-`));
          for (const dependency of Object.keys(service.depends_on ?? {})) {
            const before = starts.findIndex((call) => call.includes(`-${dependency}-`));
            if (own >= 0 && before >= 0) expect(before).toBeLessThan(own);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("down", { timeout: timeoutMs }, () => {
  it("leaves nothing with the project's label but volumes, and those too when asked; twice is fine", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProject, fc.boolean(), fc.nat(30), async (project, volumes, killedAt) => {
        const simulated = newEngine();
        await bringUpUntilKilled(simulated, project, killedAt);
        const data = simulated.volumes.size;
        for (let round = 0; round < 2; round += 1) {
          const plan = planDown(await observeLabelled(simulated.engine, "app"), { volumes });
          expect((await executePlan(plan, { engine: simulated.engine })).failure).toBeUndefined();
          expect(simulated.containers.size + simulated.networks.size).toBe(0);
        }
        expect(simulated.volumes.size).toBe(volumes ? 0 : data);
      }),
      { numRuns: 100 },
    );
  });
});
