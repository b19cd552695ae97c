import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ComposeStack, prepareComposeStack } from "../support/compose-stack.js";
import { changesDuring, leftovers, runOnStack } from "./cli-on-stack.js";

let stack: ComposeStack;

beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-theirs-${process.pid}`);
  await stack.compose("up", "--detach", "--wait");
});

afterAll(() => stack?.remove());

describe("a stack that docker compose made", () => {
  it("has an empty plan", async () => {
    const run = await runOnStack(stack, ["up", "--dry-run", "--exit-code"]);
    expect(run.stdout).toMatch(/^Nothing to do\.$/m);
    expect(run.exitCode).toBe(0);
  });

  it("is left as it is by up, which finds all of it ready", async () => {
    const changes = await changesDuring(stack, async () => {
      const run = await runOnStack(stack, ["up", "--json"]);
      expect(run.json()).toMatchObject({ ok: true, data: { changed: false } });
      expect((run.json().data as { services: unknown[] }).services).toHaveLength(14);
      const text = await runOnStack(stack, ["up", "--verify"]);
      expect(text.stdout).toMatch(/^14 ready, nothing to do/m);
    });
    expect(changes).toEqual([]);
  });

  it("is listed by ps and read by logs", async () => {
    const { data } = (await runOnStack(stack, ["ps", "--json"])).json() as {
      data: { containers: { condition: string }[] };
    };
    expect(data.containers.map(({ condition }) => condition)).toEqual(Array(14).fill("ready"));
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
