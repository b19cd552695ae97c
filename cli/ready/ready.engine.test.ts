import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ComposeStack, prepareComposeStack } from "../../test/support/compose-stack.js";
import type { Project, Service } from "../compose/model.js";
import { explainFailure } from "../errors/explain-failure.js";
import { storedAccounts } from "./accounts.js";
import { changePassword } from "./change-password.js";
import { checkTopics } from "./check-topics.js";
import type { ReadyOutcome } from "./outcome.js";
import type { ProbeTarget } from "./probe.js";
import { probeServer } from "./probe-server.js";
import { openKafkaAdmin } from "./servers/kafka.js";
import { LoginSession } from "./servers/login-session.js";
import { serverProbes } from "./servers/registry.js";
import { findTarget } from "./target.js";
import { projectOf } from "./testing/scripted-engine.js";
import { createReadiness } from "./wait-until-ready.js";

/** One of each kind. */
const chosen = [
  "broker-identity-db",
  "b3-core-db",
  "broker-mongodb",
  "broker-asset-cache",
  "kafka",
  "rabbitmq",
  "prometheus",
];
const kinds = Object.keys(serverProbes) as (keyof typeof serverProbes)[];
const wrongPassword = "wrong-test-password";

let stack: ComposeStack;
let project: Project;

beforeAll(async () => {
  stack = await prepareComposeStack(`readytest${process.pid}`);
  const services: Record<string, Service> = stack.services;
  project = projectOf(services, {
    name: stack.project,
    environment: Object.fromEntries(stack.env),
    volumes: Object.fromEntries(
      ["broker-identity-db-data"].map((name) => [name, { name: `${stack.project}_${name}` }]),
    ),
  });
  await stack.compose("pull", ...chosen);
  // The product loads them out of one bundle; what the test runner needs for it is not the subject.
  await Promise.all(kinds.map((kind) => serverProbes[kind].prepare()));
});

afterAll(async () => {
  await stack?.remove();
});

async function targetOf(service: string): Promise<ProbeTarget> {
  const target = await findTarget({ engine: stack.engine, project, service });
  if (target === undefined) throw new Error(`${service} is not reachable`);
  return target;
}

describe("a cold start", () => {
  let outcomes: ReadyOutcome[];

  beforeAll(async () => {
    const ended = new AbortController();
    const readiness = createReadiness({
      engine: stack.engine,
      project,
      timeoutMs: 240_000,
      signal: ended.signal,
      trustHealthy: false,
    });
    await readiness.open();
    const waits = chosen.map((service) => readiness.waitUntil(service, "ready"));
    await stack.compose("up", "-d", ...chosen);
    outcomes = await Promise.all(waits);
    // The engine's own checks follow; what is tested of them below begins when all have passed.
    await stack.compose("up", "-d", "--wait", ...chosen);
    readiness.close();
    ended.abort();
  });

  test("every kind of server is ready by its own answer, with its address", () => {
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        state: "ready",
        by: "probe",
        address: expect.stringMatching(/^[\d.]+:\d+$/),
      });
    }
  });

  test("a second look at the engine's state needs no login", async () => {
    const readiness = createReadiness({
      engine: stack.engine,
      project,
      timeoutMs: 10_000,
      signal: new AbortController().signal,
      trustHealthy: true,
    });
    await readiness.open();
    const again = await Promise.all(chosen.map((service) => readiness.waitUntil(service, "ready")));
    readiness.close();
    for (const outcome of again) expect(outcome).toMatchObject({ state: "ready", by: "health" });
  });
});

describe("servers and logins", () => {
  test.each(chosen)("%s: the probe logs in", async (service) => {
    expect(await probeServer(await targetOf(service), 5000)).toMatchObject({ ready: true });
  });

  test.each(chosen.slice(0, 4).concat("rabbitmq"))("%s: a wrong password is denied", async (service) => {
    const target = { ...(await targetOf(service)), password: wrongPassword };
    expect(await probeServer(target, 5000)).toMatchObject({ ready: false, reason: "denied" });
  });

  test("each kind tells a server of another kind", async () => {
    const targets = await Promise.all(chosen.map(targetOf));
    const pairs = targets.flatMap((target) =>
      kinds.filter((kind) => kind !== target.extension.kind).map((kind) => ({ ...target, kind })),
    );
    const answers = await Promise.all(
      pairs.map(async ({ kind, host, port, extension }) => {
        const target = { service: "other", extension: { kind, port }, host, port };
        const answer = await serverProbes[kind].knock(target, 500);
        return { asked: `${kind} at ${extension.kind}`, ready: answer.ready };
      }),
    );
    expect(answers.filter(({ ready }) => ready)).toEqual([]);
    expect(answers).toHaveLength(pairs.length);
  });

  test("a volume made with another password fails the wait at once, and the explanation names it", async () => {
    const other = { ...project, environment: { ...project.environment, BROKER_DB_PASS: wrongPassword } };
    const readiness = createReadiness({
      engine: stack.engine,
      project: other,
      timeoutMs: 60_000,
      signal: new AbortController().signal,
      trustHealthy: false,
    });
    await readiness.open();
    const failure = await readiness.waitUntil("broker-identity-db", "ready");
    readiness.close();
    if (failure.state !== "failed") throw new Error("it is ready with a wrong password");
    expect(failure).toMatchObject({ kind: "denied" });
    // Far from the time limit, on a busy machine too.
    expect(failure.elapsedMs).toBeLessThan(30_000);
    const report = await explainFailure({
      engine: stack.engine,
      project: other,
      failure,
    });
    expect(report.cause).toMatchObject({
      id: "volume.other-password",
      cause: expect.stringContaining(`${stack.project}_broker-identity-db-data`),
    });
    expect(report.log.length).toBeGreaterThan(0);
  });
});

describe("topics", () => {
  test("those that Kafka does not have are named", async () => {
    expect(await checkTopics({ engine: stack.engine, project }, ["kafka", "rabbitmq"])).toEqual([
      "order-events-v1",
      "wallet-events-v1",
      "trading-assets-market-data-v1",
    ]);
    const session = new LoginSession();
    const admin = await openKafkaAdmin(await targetOf("kafka"), { session, timeoutMs: 5000 });
    await admin.createTopics({ topics: [{ topic: "order-events-v1" }], waitForLeaders: true });
    await admin.disconnect();
    session.close();
    expect(await checkTopics({ engine: stack.engine, project }, ["kafka"])).toEqual([
      "wallet-events-v1",
      "trading-assets-market-data-v1",
    ]);
  });

  test("a Kafka that does not run misses none", async () => {
    expect(
      await checkTopics({ engine: stack.engine, project: { ...project, name: "nothing-here" } }, ["kafka"]),
    ).toEqual([]);
  });
});

describe("changePassword", () => {
  const accounts = [
    { service: "broker-identity-db", variable: "MYSQL_ROOT_PASSWORD" },
    { service: "broker-identity-db", variable: "MYSQL_PASSWORD" },
    { service: "b3-core-db", variable: "POSTGRES_PASSWORD" },
    { service: "broker-mongodb", variable: "MONGO_INITDB_ROOT_PASSWORD" },
  ];

  test.each(accounts)(
    "$service, $variable: the new one is accepted, the old one refused",
    async ({ service, variable }) => {
      const target = await targetOf(service);
      const account = storedAccounts(project.services[service] as Service).find(
        (stored) => stored.variable === variable,
      );
      if (account === undefined) throw new Error(`${service} has no ${variable}`);
      const { database: _, ...server } = target;
      const owner = { ...(account.user === target.user ? target : server), user: account.user };
      const current = { ...owner, password: account.password };
      // Everything that is awkward in SQL and JSON.
      const awkward = "a'b\"c\\d`e$f%g{h}i;--j k";
      await changePassword(current, awkward);
      expect(await probeServer(current, 5000)).toMatchObject({ reason: "denied" });
      await changePassword({ ...owner, password: awkward }, account.password);
      expect(await probeServer(current, 5000)).toMatchObject({ ready: true });
    },
  );

  test("what is done already is done; with a password that was never right nothing changes and none is told", async () => {
    const target = await targetOf("b3-core-db");
    await changePassword({ ...target, password: wrongPassword }, target.password ?? "");
    const attempt = changePassword({ ...target, password: wrongPassword }, "another-test-password");
    await expect(attempt).rejects.toMatchObject({ code: "ready.password-unchanged", exitCode: 1 });
    await attempt.catch((error: Error) => {
      expect(error.message).not.toContain(wrongPassword);
      expect(error.message).not.toContain("another-test-password");
    });
    expect(await probeServer(target, 5000)).toMatchObject({ ready: true });
  });
});

describe("a server that goes away", () => {
  test("is refused, and a wait for it ends with its exit", async () => {
    const target = await targetOf("broker-asset-cache");
    const readiness = createReadiness({
      engine: stack.engine,
      project: { ...project, environment: { ...project.environment, BROKER_ASSET_CACHE_PASSWORD: "" } },
      timeoutMs: 30_000,
      signal: new AbortController().signal,
      trustHealthy: false,
    });
    await readiness.open();
    await stack.compose("stop", "broker-asset-cache");
    const outcome = await readiness.waitUntil("broker-asset-cache", "ready");
    readiness.close();
    expect(outcome).toMatchObject({ state: "failed", kind: "exited" });
    for (let tries = 0; tries < 20; tries += 1) {
      const answer = await probeServer(target, 1000);
      if (!answer.ready && answer.reason === "refused") return;
      await sleep(50);
    }
    throw new Error("the port is still answered");
  });
});
