import { readFileSync } from "node:fs";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isProcessAlive } from "../../cli/kernel/process-alive.js";
import type { Child } from "../support/built-cli.js";
import { findFreePorts } from "../support/free-ports.js";
import { askProgram, program, waitForProgram } from "./ask-program.js";
import { type ContainerProject, createContainerProject } from "./container-project.js";

/** Three that need nothing to answer that they live. */
const services = ["broker-gateway", "broker-order", "broker-wallet"];
const restored = { "broker-gateway-1": "running", "broker-order-1": "running", "broker-wallet-1": "running" };
const replaced = { ...restored, "broker-order-1": "exited", "broker-order-relay": "running" };

let project: ContainerProject;
const started: Child[] = [];

beforeAll(async () => {
  project = await createContainerProject(`mybroker-replace-${process.pid}`);
  const up = await project.run("up", "--no-wait", "--no-deps", ...services);
  if (up.exitCode !== 0) throw new Error(up.stderr);
}, 600_000);
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill("SIGTERM");
    await child.ended;
  }
});
afterAll(() => project?.remove(), 120_000);

function replace(options: readonly string[] = [], words: readonly string[] = []): Child {
  const child = project.start("replace", "broker-order", ...options, "--", ...program, ...words);
  started.push(child);
  return child;
}

/** What a container gets that looks for the service under its name. */
async function askInside(path = "/"): Promise<{ program?: number; status?: number | string } | undefined> {
  const request = `GET ${path} HTTP/1.0\\r\\nHost: broker-order\\r\\n\\r\\n`;
  const script = `exec 3<>/dev/tcp/broker-order/8088 && printf '${request}' >&3 && timeout 10 cat <&3`;
  const said = await project.exec("broker-gateway", "bash", "-c", script).catch(() => "");
  const [, body = ""] = said.split("\r\n\r\n");
  return body.startsWith("{") ? JSON.parse(body) : undefined;
}

async function waitInside(): Promise<{ program?: number }> {
  let answer: { program?: number } | undefined;
  const look = async () => {
    answer = await askInside();
    return answer?.program;
  };
  await expect.poll(look, { timeout: 60_000 }).toBeDefined();
  return answer ?? {};
}

async function expectGivenBack(): Promise<void> {
  await expect.poll(() => project.states(), { timeout: 60_000 }).toEqual(restored);
  const live = async () =>
    (await askInside("/health/live")) !== undefined && (await askInside())?.program === undefined;
  await expect.poll(live, { timeout: 60_000 }).toBe(true);
}

/** Addresses on which this machine listens at the port, as /proc/net/tcp and tcp6 have them. */
function listeners(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = ["tcp", "tcp6"].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, "utf8").split("\n").slice(1),
  );
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = "", , state]) => local.endsWith(suffix) && state === listening)
    .map(([, local = ""]) => local.slice(0, -suffix.length));
}

const listening = "0A";
/** 127.0.0.1, its bytes from the last to the first. */
const loopback = "0100007F";

describe("a program on the host in a container's place", () => {
  it("is reached by the others under its name and reaches them; only loopback listens", async () => {
    const replacing = replace();
    const { program: pid, env } = await waitForProgram(project.portOf("broker-order"));
    expect((await waitInside()).program).toBe(pid);
    expect(env.WALLET_URL).toBe(`http://127.0.0.1:${project.portOf("broker-wallet")}`);
    const reached = async () => (await askInside("/reach?of=WALLET_URL"))?.status;
    await expect.poll(reached, { timeout: 60_000 }).toBe(200);
    expect(await project.states()).toEqual(replaced);
    const relay = await execa("docker", ["port", `${project.name}-broker-order-relay`]);
    const published = relay.stdout.split("\n").map((line) => line.split(" -> ")[1] ?? "");
    expect(published).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
    const ports = [project.portOf("broker-order"), Number(published[0]?.split(":")[1])];
    for (const port of ports) expect(listeners(port)).toEqual([loopback]);
    await fetch(`http://127.0.0.1:${project.portOf("broker-order")}/end?code=7`);
    expect((await replacing.ended).exitCode).toBe(7);
    await expectGivenBack();
  });

  it("is left there by up, and ps says what it is", async () => {
    replace();
    const { program: pid } = await waitForProgram(project.portOf("broker-order"));
    await waitInside();
    const place = /broker-order: a program is in its place \(mybroker replace, pid \d+\)/;
    for (const words of [["up", "--no-wait", "--no-deps", ...services], ["start"], ["ps"]]) {
      const run = await project.run(...words);
      expect([words, run.exitCode, run.stderr]).toEqual([words, 0, expect.stringMatching(place)]);
      expect((await askInside())?.program).toBe(pid);
    }
    expect(await project.states()).toEqual(replaced);
  });

  it("may listen on another port; the service's own leads there from both sides", async () => {
    await expectGivenBack();
    const [other = 0] = await findFreePorts(1);
    replace(["--port", String(other)]);
    const { program: pid } = await waitForProgram(other);
    expect((await waitInside()).program).toBe(pid);
    expect((await waitForProgram(project.portOf("broker-order"))).program).toBe(pid);
    expect(listeners(project.portOf("broker-order"))).toEqual([loopback]);
  });

  it("ends where the command is killed, and the container is back", async () => {
    await expectGivenBack();
    const replacing = replace([], ["parent"]);
    const { program: child, parent } = await waitForProgram(project.portOf("broker-order"));
    await waitInside();
    replacing.kill("SIGKILL");
    await expectGivenBack();
    expect([child, parent].filter(isProcessAlive)).toEqual([]);
  });

  it.each([
    ["mybroker", {}],
    // It leaves what carries the label of `docker compose run` alone.
    ["docker compose", { "broker-order-relay": "running" }],
  ])("ends well where %s down took the rest away", async (tool, left) => {
    await expectGivenBack();
    const replacing = replace();
    const { program: pid } = await waitForProgram(project.portOf("broker-order"));
    await waitInside();
    if (tool === "mybroker") expect((await project.run("down")).exitCode).toBe(0);
    else await project.compose("--profile", "*", "down");
    expect(await project.states()).toEqual(left);
    expect((await askProgram(project.portOf("broker-order")))?.program).toBe(pid);
    replacing.kill("SIGINT");
    expect((await replacing.ended).exitCode).toBe(130);
    expect(await project.states()).toEqual({});
    expect((await project.run("up", "--no-wait", "--no-deps", ...services)).exitCode).toBe(0);
    await expectGivenBack();
  });
});
