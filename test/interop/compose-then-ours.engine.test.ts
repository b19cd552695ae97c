import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ComposeStack, prepareComposeStack } from "../support/compose-stack.js";
import { tellFigures } from "../support/tell-figures.js";
import { changesDuring, leftovers, runOnStack } from "./cli-on-stack.js";

const ways = [
  { way: "plainly", profiles: [], ours: ["--infra"], count: 14 },
  { way: "with --profile services", profiles: ["services"], ours: [], count: 23 },
] as const;

describe.each(ways)("a stack that docker compose made $way", ({ profiles, ours, count }) => {
  let stack: ComposeStack;

  beforeAll(async () => {
    stack = await prepareComposeStack(`mybroker-theirs-${process.pid}-${count}`, profiles);
    await stack.compose("up", "--detach", "--build", "--wait");
  });

  afterAll(() => stack?.remove());

  it("has an empty plan", async () => {
    const run = await runOnStack(stack, ["up", ...ours, "--dry-run", "--exit-code"]);
    expect(run.stdout).toMatch(/^Nothing to do\.$/m);
    expect(run.exitCode).toBe(0);
  });

  it("is left as it is by up, which finds all of it ready", async () => {
    const changes = await changesDuring(stack, async () => {
      const run = await runOnStack(stack, ["up", ...ours, "--json"]);
      expect(run.json()).toMatchObject({ ok: true, data: { changed: false } });
      expect((run.json().data as { services: unknown[] }).services).toHaveLength(count);
      const text = await runOnStack(stack, ["up", ...ours, "--verify"]);
      expect(text.stdout).toMatch(new RegExp(`^${count} ready, nothing to do`, "m"));
    });
    expect(changes).toEqual([]);
    tellFigures({ keptByUp: count });
  });

  it("is listed by ps and read by logs", async () => {
    const { data } = (await runOnStack(stack, ["ps", "--json"])).json() as {
      data: { containers: { condition: string }[] };
    };
    expect(data.containers.map(({ condition }) => condition)).toEqual(Array(count).fill("ready"));
    const { stdout } = await runOnStack(stack, ["logs", "-n", "1", "kafka", "rabbitmq"]);
    expect(stdout).toMatch(/^kafka +\| /m);
    expect(stdout).toMatch(/^rabbitmq +\| /m);
  });

  it("is stopped, started and taken away", async () => {
    expect((await runOnStack(stack, ["stop", "grafana"])).exitCode).toBe(0);
    expect((await runOnStack(stack, ["start", "grafana"])).exitCode).toBe(0);
    const down = await runOnStack(stack, ["down", "--volumes", "--yes", "--json"]);
    expect(down.json()).toMatchObject({ ok: true });
    expect(await leftovers(stack)).toEqual([]);
  });
});
