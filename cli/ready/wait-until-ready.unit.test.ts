import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { Service } from "../compose/model.js";
import type { ReadyProgress } from "./outcome.js";
import { ended, projectOf, ScriptedEngine } from "./testing/scripted-engine.js";
import { type ScriptedServer, scripts, startScriptedServer } from "./testing/scripted-server.js";
import { createReadiness, type Readiness, type ReadinessSettings } from "./wait-until-ready.js";

const servers: ScriptedServer[] = [];
const opened: Readiness[] = [];

afterEach(async () => {
  for (const readiness of opened.splice(0)) readiness.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const healthyPage = (socket: import("node:net").Socket): void => {
  socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
};

async function serve(script: Parameters<typeof startScriptedServer>[0], port = 0): Promise<ScriptedServer> {
  const server = await startScriptedServer(script, port);
  servers.push(server);
  return server;
}

async function freePort(): Promise<number> {
  const server = await startScriptedServer(scripts.silent);
  await server.close();
  return server.port;
}

const web: Partial<Service> = { restart: "unless-stopped", "x-mybroker": { kind: "http", port: 80 } };
const plain: Partial<Service> = {};
const checked: Partial<Service> = { healthcheck: { test: ["CMD", "true"], start_period: "10s" } };

async function start(
  engine: ScriptedEngine,
  services: Record<string, Partial<Service>>,
  more: Partial<ReadinessSettings> = {},
): Promise<Readiness> {
  const readiness = createReadiness({
    engine: engine.asEngine(),
    project: projectOf(services),
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    trustHealthy: false,
    ...more,
  });
  opened.push(readiness);
  await readiness.open();
  return readiness;
}

describe("a server with x-mybroker", () => {
  test("is ready once it answers, however long its healthcheck says starting", async () => {
    const engine = new ScriptedEngine();
    const port = await freePort();
    engine.put("web", { health: "starting", ports: { 80: port } });
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "service_healthy");
    const timer = setTimeout(() => void serve(healthyPage, port), 200);
    expect(await outcome).toMatchObject({ state: "ready", by: "probe", address: `127.0.0.1:${port}` });
    clearTimeout(timer);
  });

  test("called healthy is not ready while it answers 503", async () => {
    const engine = new ScriptedEngine();
    let status = "503 Service Unavailable";
    const server = await serve((socket) => {
      socket.once("data", () => socket.end(`HTTP/1.1 ${status}\r\n\r\n`));
    });
    engine.put("web", { health: "healthy", ports: { 80: server.port } });
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "ready");
    expect(await Promise.race([outcome, sleep(400, "waiting")])).toBe("waiting");
    status = "200 OK";
    expect(await outcome).toMatchObject({ state: "ready", by: "probe" });
  });

  test("called healthy, with a port that nothing reaches from here, is ready by its health", async () => {
    const engine = new ScriptedEngine();
    engine.put("web", { health: "starting", ports: { 80: await freePort() } });
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "ready");
    engine.change("web", "health_status: healthy", { health: "healthy" });
    const reached = await outcome;
    expect(reached).toMatchObject({ state: "ready", by: "health" });
    expect(reached).toHaveProperty("detail", expect.stringContaining("not reachable from here"));
  });

  test("without a published port is ready by its health", async () => {
    const engine = new ScriptedEngine();
    engine.put("web", { health: "starting" });
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "ready");
    engine.change("web", "health_status: healthy", { health: "healthy" });
    expect(await outcome).toMatchObject({ state: "ready", by: "health", detail: "healthy" });
  });

  test("already healthy is taken at the engine's word where that is asked for, without a connection", async () => {
    const engine = new ScriptedEngine();
    engine.put("web", { health: "healthy", ports: { 80: await freePort() } });
    const readiness = await start(engine, { web }, { trustHealthy: true });
    expect(await readiness.waitUntil("web", "ready")).toMatchObject({
      state: "ready",
      by: "health",
      detail: "healthy",
    });
  });

  test("that refuses the password twice fails at once, with the answer", async () => {
    const engine = new ScriptedEngine();
    const server = await serve((socket) => {
      socket.on("data", (bytes) =>
        socket.write(bytes.includes("PING") ? "-DENIED protected mode\r\n" : "-ERR\r\n"),
      );
    });
    engine.put("cache", { ports: { 6379: server.port } });
    const readiness = await start(engine, { cache: { "x-mybroker": { kind: "redis", port: 6379 } } });
    const outcome = await readiness.waitUntil("cache", "ready");
    expect(outcome).toMatchObject({ state: "failed", kind: "denied", lastAnswer: { reason: "denied" } });
    expect(outcome.elapsedMs).toBeLessThan(3000);
  });

  test("whose container is created only later is waited for", async () => {
    const engine = new ScriptedEngine();
    const server = await serve(healthyPage);
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "ready");
    engine.put("web", { ports: { 80: server.port }, Status: "created", Running: false });
    engine.change("web", "create");
    await sleep(20);
    engine.change("web", "start", { Status: "running", Running: true });
    expect(await outcome).toMatchObject({ state: "ready", by: "probe" });
  });
});

describe("containers that end", () => {
  test("a one-shot that exits with 0 is done", async () => {
    const engine = new ScriptedEngine();
    engine.put("migrate", { StartedAt: new Date().toISOString() });
    const readiness = await start(engine, { migrate: plain });
    const outcome = readiness.waitUntil("migrate", "ready");
    engine.change("migrate", "die", ended(0));
    expect(await outcome).toMatchObject({ state: "ready", by: "completed" });
  });

  test("a one-shot that others wait for is not ready while it runs", async () => {
    const engine = new ScriptedEngine();
    engine.put("migrate");
    const dependsOn = { migrate: { condition: "service_completed_successfully", required: true } } as const;
    const readiness = await start(engine, { migrate: plain, app: { depends_on: dependsOn } });
    const outcome = readiness.waitUntil("migrate", "ready");
    expect(await Promise.race([outcome, sleep(50, "waiting")])).toBe("waiting");
    engine.change("migrate", "die", ended(0));
    expect(await outcome).toMatchObject({ state: "ready", by: "completed" });
  });

  test("exit 3 is a failure with the code and the time it lived", async () => {
    const engine = new ScriptedEngine();
    engine.put("job");
    const readiness = await start(engine, { job: plain });
    const outcome = readiness.waitUntil("job", "service_completed_successfully");
    engine.change("job", "die", ended(3));
    expect(await outcome).toMatchObject({
      state: "failed",
      kind: "exited",
      what: "exited with 3 after 0.4 s",
      exitCode: 3,
    });
  });

  test("a server that exits with 0 is not done", async () => {
    const engine = new ScriptedEngine();
    engine.put("web", { ports: { 80: await freePort() } });
    const readiness = await start(engine, { web: { ...web, restart: "no" } });
    const outcome = readiness.waitUntil("web", "ready");
    engine.change("web", "die", ended(0));
    expect(await outcome).toMatchObject({ state: "failed", kind: "exited" });
  });

  test("with a restart policy one crash is forgiven, the third is a loop", async () => {
    const engine = new ScriptedEngine();
    engine.put("web", { ports: { 80: await freePort() } });
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "ready");
    for (let crash = 1; crash <= 3; crash += 1) {
      engine.change("web", "die", ended(1, { Status: "restarting", Running: true, restartCount: crash }));
      if (crash < 3) {
        expect(await Promise.race([outcome, sleep(30, "waiting")])).toBe("waiting");
        engine.change("web", "start", { Status: "running", Running: true });
      }
    }
    expect(await outcome).toMatchObject({
      state: "failed",
      kind: "restarting",
      what: "exited with 1 3 times",
      exitCode: 1,
    });
  });

  test("an instruction that the CPU lacks is not tried again", async () => {
    const engine = new ScriptedEngine();
    engine.put("web");
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "ready");
    engine.change("web", "die", ended(132, { Status: "restarting", Running: true }));
    expect(await outcome).toMatchObject({
      kind: "exited",
      exitCode: 132,
      what: "exited with 132 after 0.4 s",
    });
  });

  test("a container killed for want of memory fails at once, also when it is restarted", async () => {
    const engine = new ScriptedEngine();
    engine.put("web", { ports: { 80: await freePort() } });
    const readiness = await start(engine, { web });
    const outcome = readiness.waitUntil("web", "ready");
    engine.change("web", "oom");
    engine.change("web", "die", ended(137, { Status: "restarting", Running: true, OOMKilled: true }));
    expect(await outcome).toMatchObject({ state: "failed", kind: "out-of-memory", exitCode: 137 });
  });

  test("a crash loop without any check is never taken for running, however late it is looked at", async () => {
    const engine = new ScriptedEngine();
    engine.put("app", { StartedAt: new Date().toISOString() });
    const readiness = await start(engine, { app: { restart: "always" } });
    const outcome = readiness.waitUntil("app", "ready");
    for (let crash = 1; crash <= 3; crash += 1) {
      await sleep(300);
      engine.change("app", "die", { restartCount: crash, ExitCode: 1 });
      engine.change("app", "start", { StartedAt: new Date().toISOString() });
    }
    expect(await outcome).toMatchObject({ state: "failed", kind: "restarting", exitCode: 1 });
  });

  test("a service without any check has to outlive its start", async () => {
    const engine = new ScriptedEngine();
    engine.put("app", { StartedAt: new Date().toISOString() });
    engine.put("old");
    const readiness = await start(engine, { app: plain, old: plain });
    expect((await readiness.waitUntil("old", "ready")).elapsedMs).toBeLessThan(450);
    const outcome = readiness.waitUntil("app", "ready");
    expect(await Promise.race([outcome, sleep(100, "waiting")])).toBe("waiting");
    engine.change("app", "die", ended(1));
    expect(await outcome).toMatchObject({ state: "failed", kind: "exited" });
  });
});

describe("the engine", () => {
  test("unhealthy is the end where a start period was stated", async () => {
    const engine = new ScriptedEngine();
    engine.put("app", { health: "starting" });
    const readiness = await start(engine, { app: checked });
    const outcome = readiness.waitUntil("app", "service_healthy");
    engine.change("app", "health_status: unhealthy", { health: "unhealthy" });
    expect(await outcome).toMatchObject({ state: "failed", kind: "unhealthy" });
  });

  test("unhealthy is only news where none was", async () => {
    const engine = new ScriptedEngine();
    engine.put("app", { health: "starting" });
    const readiness = await start(engine, { app: { healthcheck: { test: ["CMD", "true"] } } });
    const outcome = readiness.waitUntil("app", "service_healthy");
    engine.change("app", "health_status: unhealthy", { health: "unhealthy" });
    expect(await Promise.race([outcome, sleep(50, "waiting")])).toBe("waiting");
    engine.change("app", "health_status: healthy", { health: "healthy" });
    expect(await outcome).toMatchObject({ state: "ready", by: "health" });
  });

  test("a broken event stream is taken up again, and what was missed is found by looking", async () => {
    const engine = new ScriptedEngine();
    engine.put("app", { health: "starting" });
    const readiness = await start(engine, { app: checked });
    const outcome = readiness.waitUntil("app", "ready");
    await sleep(10);
    engine.put("app", { health: "healthy" });
    engine.breakStream();
    expect(await outcome).toMatchObject({ state: "ready", by: "health" });
    expect(engine.subscriptions).toBe(2);
  });

  test("a service that never becomes ready ends with the deadline and the last answer", async () => {
    const engine = new ScriptedEngine();
    const server = await serve(scripts.hangsUp);
    engine.put("web", { ports: { 80: server.port } });
    const readiness = await start(engine, { web }, { timeoutMs: 300 });
    const outcome = await readiness.waitUntil("web", "ready");
    expect(outcome).toMatchObject({ state: "failed", kind: "deadline", lastAnswer: { reason: "refused" } });
    expect(outcome.elapsedMs).toBeLessThan(10_000);
  });

  test("Ctrl-C ends every wait", async () => {
    const engine = new ScriptedEngine();
    const interrupt = new AbortController();
    engine.put("app", { health: "starting" });
    const readiness = await start(engine, { app: checked }, { signal: interrupt.signal });
    const outcome = readiness.waitUntil("app", "ready");
    interrupt.abort();
    expect(await outcome).toMatchObject({ state: "failed", kind: "interrupted" });
  });

  test("an engine that does not answer the first look is a failure, not an exception", async () => {
    const engine = new ScriptedEngine();
    const readiness = await start(engine, { app: checked });
    engine.isGone = true;
    expect(await readiness.waitUntil("app", "ready")).toMatchObject({ state: "failed", kind: "engine-lost" });
  });
});

describe("dependencies", () => {
  test("a server that is a dependency and waited for by itself is asked once", async () => {
    const engine = new ScriptedEngine();
    let connections = 0;
    const server = await serve((socket) => {
      connections += 1;
      healthyPage(socket);
    });
    engine.put("web", { ports: { 80: server.port } });
    const readiness = await start(engine, { web });
    await Promise.all([readiness.waitUntil("web", "ready"), readiness.waitUntil("web", "service_healthy")]);
    expect(connections).toBe(2);
  });

  test("progress says what is going on, at the start and at each change", async () => {
    const engine = new ScriptedEngine();
    const port = await freePort();
    const told: ReadyProgress[] = [];
    const readiness = await start(engine, { web }, { onProgress: (progress) => told.push(progress) });
    const outcome = readiness.waitUntil("web", "ready");
    engine.put("web", { ports: { 80: port } });
    engine.change("web", "start");
    await sleep(100);
    await serve(healthyPage, port);
    await outcome;
    expect([...new Set(told.map(({ text }) => text))]).toEqual(["waits for its container", "initialising"]);
  });
});
