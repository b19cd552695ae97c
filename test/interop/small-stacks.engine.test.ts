import { execa } from "execa";
import { afterEach, describe, expect, it } from "vitest";
import { busybox, createFixture, type Fixture } from "../faults/fixture.js";

let stack: Fixture;

afterEach(() => stack?.remove());

function service(name: string, more = ""): string {
  return `  ${name}: {image: "${busybox}", command: [sleep, "600"], init: true${more}}\n`;
}

async function prepare(name: string, services: string): Promise<void> {
  stack = await createFixture(name);
  stack.compose(services);
}

/** `docker compose` on the same files: what it printed on both channels. */
async function compose(...args: string[]): Promise<string> {
  const plugin = await execa("docker", ["compose", "version"], { reject: false });
  const [program, ...prefix] = plugin.failed ? ["docker-compose"] : ["docker", "compose"];
  const options = { cwd: stack.folder, env: { ...stack.env, HOME: stack.home }, all: true } as const;
  return (await execa(program ?? "", [...prefix, ...args], options)).all;
}

async function up(...args: string[]): Promise<void> {
  const run = await stack.cli(...args, "up", "-t", "0", "--json");
  expect(run.json().error).toBeNull();
}

async function nothingToDo(...args: string[]): Promise<void> {
  const run = await stack.cli(...args, "up", "--dry-run", "--exit-code");
  expect(run.stdout).toMatch(/^Nothing to do\.$/m);
  expect(run.exitCode).toBe(0);
}

describe("profiles", { timeout: 60_000 }, () => {
  const services = service("always") + service("sometimes", ", profiles: [extra]");

  it("switch the same services on in both tools, and down takes them all", async () => {
    await prepare("profiles", services);
    await up();
    expect(Object.keys(await stack.states())).toEqual(["always"]);
    await up("--profile", "extra");
    expect(await compose("--profile", "extra", "up", "-d", "--dry-run")).not.toMatch(/Recreat|Creat/);
    expect((await compose("--profile", "extra", "ps", "--services")).split("\n").sort()).toEqual([
      "always",
      "sometimes",
    ]);
    expect((await stack.cli("down", "-t", "0")).exitCode).toBe(0);
    expect(await stack.leftovers()).toEqual([]);
  });

  it("of docker compose's making are left alone by an up without them", async () => {
    await prepare("theirs", services);
    await compose("--profile", "extra", "up", "-d");
    await nothingToDo();
    await nothingToDo("--profile", "extra");
    expect(await stack.states()).toEqual({ always: "running", sometimes: "running" });
  });
});

describe("orphans", { timeout: 60_000 }, () => {
  it("are named by both tools and removed when asked", async () => {
    await prepare("shrunk", service("stays") + service("goes"));
    await compose("up", "-d");
    stack.compose(service("stays"));
    const plan = await stack.cli("up", "--dry-run");
    expect(plan.stdout + plan.stderr).toContain("goes");
    expect(await compose("up", "-d", "--dry-run")).toMatch(/orphan/);
    await up();
    expect(Object.keys(await stack.states()).sort()).toEqual(["goes", "stays"]);
    expect((await stack.cli("up", "-t", "0", "--remove-orphans")).exitCode).toBe(0);
    expect(Object.keys(await stack.states())).toEqual(["stays"]);
    expect(await compose("up", "-d", "--dry-run")).not.toMatch(/orphan|Recreat/);
  });
});

describe("a stack that docker compose scaled", { timeout: 60_000 }, () => {
  it("is listed, read, stopped and taken away with all its containers", async () => {
    await prepare("scaled", service("many"));
    await compose("up", "-d", "--scale", "many=3");
    const { data } = (await stack.cli("ps", "--json")).json() as { data: { containers: object[] } };
    expect(data.containers).toHaveLength(3);
    const stopped = (await stack.cli("stop", "-t", "0", "many", "--json")).json();
    expect((stopped.data as { containers: string[] }).containers.sort()).toEqual(
      [1, 2, 3].map((number) => `${stack.project}-many-${number}`),
    );
    expect((await stack.cli("down", "-t", "0")).exitCode).toBe(0);
    expect(await stack.leftovers()).toEqual([]);
  });
});

describe("a container made with `docker compose run`", { timeout: 60_000 }, () => {
  it("is no reason to change anything, and does not outlive down", async () => {
    await prepare("oneoff", service("main"));
    await up();
    await compose("run", "--detach", "main");
    await nothingToDo();
    expect((await stack.cli("ps", "-q")).stdout.trim().split("\n")).toHaveLength(1);
    expect((await stack.cli("down", "-t", "0")).exitCode).toBe(0);
    expect(await stack.leftovers()).toEqual([]);
  });
});
