import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ComposeStack, prepareComposeStack } from "../../test/support/compose-stack.js";
import { loadProject } from "../compose/load-project.js";
import { executePlan } from "../engine/execute.js";
import { observeLabelled, observeProject } from "../engine/observe.js";
import type { Plan } from "./plan.js";
import { planDown } from "./plan-down.js";
import { planUp } from "./plan-up.js";

const clone = resolve(import.meta.dirname, "../..");
async function planFor(stack: ComposeStack, profiles: readonly string[]): Promise<Plan> {
  const project = await loadProject({
    cwd: clone,
    homeDir: clone,
    env: process.env,
    files: ["docker-compose.yml"],
    envFiles: [stack.envFile],
    profiles,
    projectName: stack.project,
  });
  return planUp(project, await observeProject(stack.engine, project));
}

/** Made and not started: whether a container differs from the file does not depend on its running. */
describe.each([
  { count: 14, profiles: [] },
  { count: 23, profiles: ["services"] },
])("the $count containers of the shipped stack", { timeout: 300_000 }, ({ count, profiles }) => {
  let stack: ComposeStack;
  const plan = () => planFor(stack, profiles);

  beforeAll(async () => {
    stack = await prepareComposeStack(`mybroker-shipped-${process.pid}-${count}`, profiles);
  });

  afterAll(() => stack.remove());

  it("only has to be started where docker compose made it", async () => {
    await stack.compose("create");
    const actions = (await plan()).steps.map((step) => `${step.action} ${step.cause}`);
    expect(actions).toEqual(Array(count).fill("start-container was never started"));
  });

  it("is taken for its own by docker compose where we made it", async () => {
    const down = planDown(await observeLabelled(stack.engine, stack.project), { volumes: true });
    await executePlan(down, { engine: stack.engine });
    const made = await plan();
    const steps = made.steps.filter((step) => step.action !== "start-container");
    expect((await executePlan({ ...made, steps }, { engine: stack.engine })).failure).toBeUndefined();
    const dryRun = await stack.compose("create", "--dry-run");
    expect(dryRun).not.toMatch(/Recreat|Creat/);
    expect((await plan()).steps.every((step) => step.action === "start-container")).toBe(true);
  });
});
