import { type AddressInfo, createServer } from "node:net";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeLabels, ofProject } from "../compose/label-names.js";
import type { Engine } from "../engine/engine.js";
import { connectForTests } from "../engine/testing/connect-for-tests.js";
import { projectOf } from "../ready/testing/scripted-engine.js";
import { createReadiness } from "../ready/wait-until-ready.js";
import { type EngineRefusal, explainFailure } from "./explain-failure.js";
import { renderFailures } from "./failure-screen.js";
import {
  busybox,
  type FaultyContainer,
  faults,
  images,
  portOf,
  projectName,
  volumes,
} from "./testing/faults.js";

let engine: Engine;

beforeAll(async () => {
  engine = await connectForTests();
  await Promise.all(
    images.map(async (image) => {
      for await (const _ of engine.pullImage(image, {})) {
        // Only the image is wanted.
      }
    }),
  );
});

afterAll(async () => {
  if (engine === undefined) return;
  const label = ofProject(projectName);
  for (const { id } of await engine.listContainers({ labels: [label] })) {
    await engine.removeContainer(id, { force: true, anonymousVolumes: true });
  }
  for (const name of volumes) await engine.removeVolume(name);
  engine.close();
});

async function run(fault: FaultyContainer, service: string, hostPort = ""): Promise<string> {
  const { image, command, env = {}, host = {}, body = {}, file } = fault;
  const port = portOf(fault);
  const { id } = await engine.createContainer(`${projectName}-${service}-1`, {
    Image: image,
    ...(command === undefined ? {} : { Cmd: command }),
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    Labels: {
      [composeLabels.project]: projectName,
      [composeLabels.service]: service,
      [composeLabels.oneOff]: "False",
    },
    ...(port === undefined ? {} : { ExposedPorts: { [`${port}/tcp`]: {} } }),
    HostConfig: {
      ...(port === undefined
        ? {}
        : { PortBindings: { [`${port}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: hostPort }] } }),
      ...host,
    },
    NetworkingConfig: { EndpointsConfig: {} },
    ...body,
  });
  if (file !== undefined) {
    const archive = pack();
    archive.entry({ name: file.name, mode: 0o755 }, file.content);
    archive.finalize();
    await engine.putArchive(id, "/", archive);
  }
  await engine.startContainer(id);
  return id;
}

function projectFor(fault: FaultyContainer, service: string) {
  const { kind, env, healthcheck, host } = fault;
  const port = portOf(fault);
  const restart = (host?.RestartPolicy as { Name: string } | undefined)?.Name;
  return projectOf(
    {
      [service]: {
        image: fault.image,
        ...(healthcheck === undefined ? {} : { healthcheck }),
        ...(restart === undefined ? {} : { restart }),
        ...(kind === undefined
          ? {}
          : { "x-mybroker": { kind, port: port ?? 1, credentials: { password: "POSTGRES_PASSWORD" } } }),
      },
    },
    { name: projectName, environment: env ?? {} },
  );
}

async function fail(fault: FaultyContainer, service: string, hostPort?: string) {
  const project = projectFor(fault, service);
  const readiness = createReadiness({
    engine,
    project,
    timeoutMs: 120_000,
    signal: new AbortController().signal,
    trustHealthy: false,
  });
  await readiness.open();
  let failure: Awaited<ReturnType<typeof readiness.waitUntil>> | EngineRefusal;
  try {
    await run(fault, service, hostPort);
    failure = await readiness.waitUntil(service, "ready");
  } catch (error) {
    failure = { state: "refused", service, error };
  }
  readiness.close();
  if (failure.state === "ready") throw new Error(`${service} is ready: ${failure.detail}`);
  const report = await explainFailure({ engine, project, failure });
  return { failure, report, rows: renderFailures({ reports: [report], othersRunning: 13, columns: 80 }) };
}

/** What made the volume: until it answers, or has ended. */
async function prepare(fault: FaultyContainer, service: string): Promise<void> {
  const id = await run(fault, service);
  const condition = fault.kind === undefined ? "service_completed_successfully" : "ready";
  const readiness = createReadiness({
    engine,
    project: projectFor(fault, service),
    timeoutMs: 120_000,
    signal: new AbortController().signal,
    trustHealthy: false,
  });
  await readiness.open();
  const outcome = await readiness.waitUntil(service, condition);
  readiness.close();
  await engine.stopContainer(id, 20);
  await engine.removeContainer(id, { force: true, anonymousVolumes: true });
  if (outcome.state === "failed") throw new Error(`${service} ${outcome.what}`);
}

describe("faults on a real engine", () => {
  test.each(faults)("$name: $cause is named within 30 rows", async (fault) => {
    if (fault.before !== undefined) await prepare(fault.before, fault.name);
    const { report, rows } = await fail(fault, fault.name);
    const screen = rows.join("\n");
    expect(report.cause?.id, screen).toBe(fault.cause);
    expect(rows.length).toBeLessThanOrEqual(30);
    if (fault.cause === undefined) expect(screen).toContain("its very own reason");
  });

  test("a port that something took between the check and the start: port.taken, with the address", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { report, failure } = await fail(
      { image: busybox, command: ["sleep", "9"], port: 80 },
      "port",
      String(port),
    );
    server.close();
    expect(failure.state).toBe("refused");
    expect(report.cause).toMatchObject({
      id: "port.taken",
      cause: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});
