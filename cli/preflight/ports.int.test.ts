import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ContainerSummary } from "../engine/engine.js";
import { findPortConflicts, type PlannedBinding, type PortCheck } from "./ports.js";

vi.setConfig({ testTimeout: 60_000 });

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function listen(host: string): Promise<number> {
  const server: Server = createServer();
  server.listen({ host, port: 0 });
  await once(server, "listening");
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as { port: number }).port;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function binding(service: string, port: number, hostIp = "127.0.0.1"): PlannedBinding {
  return { service, hostIp, port, protocol: "tcp" };
}

function check(bindings: readonly PlannedBinding[], containers: readonly ContainerSummary[] = []): PortCheck {
  return { bindings, containers, projectName: "mine", platform: process.platform, local: true };
}

function container(name: string, hostPort: number, labels: Record<string, string>): ContainerSummary {
  return {
    id: name,
    name,
    image: "busybox",
    state: "running",
    createdAt: 0,
    labels,
    ports: [{ hostIp: "127.0.0.1", hostPort, containerPort: 80, protocol: "tcp" }],
  };
}

describe("findPortConflicts", () => {
  it("names this process for a port that it listens on, whatever address it took", async () => {
    const ports = [await listen("127.0.0.1"), await listen("0.0.0.0"), await listen("::")];
    const conflicts = await findPortConflicts(check(ports.map((port, index) => binding(`s${index}`, port))));
    expect(conflicts.map(({ service }) => service)).toEqual(["s0", "s1", "s2"]);
    for (const { holder } of conflicts) expect(holder).toMatchObject({ kind: "process", pid: process.pid });
  });

  it("finds a holder of one address when all addresses are wanted", async () => {
    const port = await listen("127.0.0.1");
    const conflicts = await findPortConflicts(check([binding("web", port, "")]));
    expect(conflicts).toHaveLength(1);
  });

  it("names another program by its command and pid", async () => {
    const script =
      "require('net').createServer().listen(0,'127.0.0.1',function(){console.log(this.address().port)})";
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    cleanups.push(async () => {
      child.kill();
      await once(child, "exit");
    });
    const [chunk] = (await once(child.stdout, "data")) as [Buffer];
    const [conflict] = await findPortConflicts(check([binding("db", Number(chunk.toString()))]));
    expect(conflict?.holder).toMatchObject({ kind: "process", pid: child.pid, name: "node" });
  });

  it("reports two services that ask the same port, and no more than that for a free one", async () => {
    const port = await freePort();
    const conflicts = await findPortConflicts(check([binding("a", port), binding("b", port, "0.0.0.0")]));
    expect(conflicts).toEqual([
      {
        ...binding("b", port, "0.0.0.0"),
        holder: { kind: "service", service: "a" },
        freePort: expect.any(Number),
      },
    ]);
  });

  it("names a container with its project, and leaves the project's own containers alone", async () => {
    const own = await listen("127.0.0.1");
    const foreign = await listen("127.0.0.1");
    const containers = [
      container("mine-db-1", own, { "com.docker.compose.project": "mine" }),
      container("web-db-1", foreign, {
        "com.docker.compose.project": "web",
        "com.docker.compose.service": "db",
      }),
    ];
    const conflicts = await findPortConflicts(
      check([binding("db", own), binding("other", foreign)], containers),
    );
    expect(conflicts).toEqual([
      {
        ...binding("other", foreign),
        holder: { kind: "container", name: "web-db-1", project: "web", service: "db" },
        freePort: expect.any(Number),
      },
    ]);
  });

  it("offers a different free port for each, none that the project wants itself", async () => {
    const taken = await listen("127.0.0.1");
    const wanted = [binding("a", taken), binding("b", taken), binding("c", taken + 1)];
    const conflicts = await findPortConflicts(check(wanted));
    const offered = conflicts.map(({ freePort }) => freePort);
    expect(offered.length).toBeGreaterThanOrEqual(2);
    expect(new Set([...offered, taken, taken + 1]).size).toBe(offered.length + 2);
  });

  it("tells UDP from TCP", async () => {
    const socket = createSocket("udp4");
    socket.bind({ address: "127.0.0.1", port: 0 });
    await once(socket, "listening");
    cleanups.push(() => new Promise<void>((resolve) => socket.close(resolve)));
    const { port } = socket.address();
    const wanted = [binding("tcp", port), { ...binding("udp", port), protocol: "udp" as const }];
    const conflicts = await findPortConflicts(check(wanted));
    expect(conflicts.map(({ service }) => service)).toEqual(["udp"]);
    expect(conflicts[0]?.holder).toMatchObject({ kind: "process", pid: process.pid });
  });

  it("asks nothing of this machine for an engine elsewhere", async () => {
    const port = await listen("127.0.0.1");
    expect(await findPortConflicts({ ...check([binding("a", port)]), local: false })).toEqual([]);
  });

  it("finds 14 conflicts in one pass", async () => {
    const ports = await Promise.all(Array.from({ length: 14 }, () => listen("127.0.0.1")));
    const wanted = ports.map((port, index) => binding(`s${index}`, port));
    const conflicts = await findPortConflicts(check(wanted));
    expect(conflicts.map(({ port }) => port)).toEqual(ports);
  });
});
