import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { connectForTests } from "../../cli/engine/testing/connect-for-tests.js";
import { containerLabels } from "../../cli/stack/container-state.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { findFreePorts } from "../support/free-ports.js";

/** A registry of the loopback at which nobody listens. */
const unreachable = { IMAGE_REGISTRY: "127.0.0.1:1/" };
const noEngine = { DOCKER_HOST: "unix:///nowhere/docker.sock" };

let cli: BuiltCli;
let project: EmbeddedProject;
let env: Record<string, string>;
let name: string;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  project = await createEmbeddedProject(cli);
  const [port = 0] = await findFreePorts(1);
  name = `beside-${port}`;
  env = {
    DOCKER_HOST: process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock",
    COMPOSE_PROJECT_NAME: name,
    BROKER_ASSET_CACHE_HOST_PORT: String(port),
  };
});
afterEach(async () => {
  await project.start(["-y", "--runtime", "docker", "down", "-v"], env).ended;
  await project.start(["-y", "--runtime", "embedded", "down", "-v"], env).ended;
  await project.remove();
});

function run(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  return project.start(args, { ...env, ...more }).ended;
}

async function countContainers(): Promise<number> {
  const engine = await connectForTests();
  try {
    return (await engine.listContainers({ labels: containerLabels(name), all: true })).length;
  } finally {
    engine.close();
  }
}

it("a first run without a way to the images runs embedded, says why, and creates nothing on Docker", async () => {
  const first = await run(["up"], unreachable);
  expect(first.exitCode).toBe(0);
  expect(first.stderr).toMatch(
    /\d+ images are missing and the registry does not answer \(connection\srefused\)/,
  );
  expect(first.stderr).toContain("up --runtime docker");
  expect(await countContainers()).toBe(0);
  // From now on it is embedded, also where Docker could.
  const second = await run(["up"]);
  expect(second).toMatchObject({ exitCode: 0, stderr: "" });
  expect(second.stdout).toContain("nothing to do");
});

it("never falls back where Docker was asked for", async () => {
  for (const more of [unreachable, noEngine]) {
    const asked = await run(["up", "--runtime", "docker"], more);
    const byEnvironment = await run(["up"], { ...more, MYBROKER_RUNTIME: "docker" });
    expect([asked.exitCode, byEnvironment.exitCode]).toEqual([3, 3]);
  }
  expect(await countContainers()).toBe(0);
});

it("a project of Docker's is refused where Docker is away, and does not run twice", async () => {
  expect((await run(["up", "broker-asset-cache"])).exitCode).toBe(0);
  const away = await run(["up"], noEngine);
  expect(away).toMatchObject({ exitCode: 3, stdout: "" });
  expect(away.stderr).toContain("there is no Docker Engine at unix:///nowhere/docker.sock");
  expect(away.stderr).toContain("up --runtime embedded");
  const twice = await run(["up", "--runtime", "embedded", "kafka"]);
  expect(twice.exitCode).toBe(3);
  expect(twice.stderr).toContain("--runtime docker down");
  await run(["down"]);
  const images = await run(["up", "kafka"], unreachable);
  expect(images.exitCode).toBe(3);
  expect(images.stderr).toContain("up --runtime embedded");
  expect(await countContainers()).toBe(0);
});

it("Docker is refused while the project runs embedded; ending that, it moves", async () => {
  expect((await run(["up", "--runtime", "embedded", "kafka"])).exitCode).toBe(0);
  const docker = ["up", "--runtime", "docker", "broker-asset-cache"];
  const refused = await run(docker);
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).toContain("--runtime embedded down");
  expect((await run(["--runtime", "embedded", "down"])).exitCode).toBe(0);
  expect((await run(docker)).exitCode).toBe(0);
  const ps = JSON.parse((await run(["ps", "-o", "json"])).stdout);
  expect(ps).toMatchObject({ runtime: "docker", data: { containers: [{ service: "broker-asset-cache" }] } });
});

it("doctor examines containers as it does the embedded runtime", async () => {
  await run(["up", "broker-asset-cache"]);
  // Its port comes from the environment of these tests.
  const well = await run(["doctor", "--exclude", "env.shell-override"]);
  expect(well.exitCode).toBe(0);
  expect(well.stdout).toMatch(/^Docker .*, 1 container, \d+ checks\n0 errors, 0 warnings,/);
  await run(["stop"]);
  const stopped = await run(["doctor", "--strict", "--only", "container.stopped"]);
  expect(stopped.exitCode).toBe(1);
  expect(stopped.stdout).toContain("broker-asset-cache is stopped");
  const blind = await run(["doctor"], noEngine);
  expect(blind.exitCode).toBe(3);
  expect(blind.stdout).toContain("✖ machine.engine-unreachable");
});
