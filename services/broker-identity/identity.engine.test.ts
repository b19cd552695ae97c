import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ReadyBody } from "../../contracts/rest.js";
import { type ComposeStack, prepareComposeStack } from "../../test/support/compose-stack.js";
import { startService } from "../../test/support/domain-service.js";
import { createClient } from "../shared/http/client.js";
import type { RunningService } from "../shared/service.js";
import { brokerIdentity } from "./main.js";

const db = "broker-identity-db";
const maria = { name: "Maria José 😀", email: "maria@example.com", password: "not-a-secret-8" };
let stack: ComposeStack;
let service: RunningService;

beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-identity-${process.pid}`);
});
afterEach(() => service?.close());
afterAll(() => stack?.remove());

function start(seedPassword = "not-a-secret-admin") {
  const { host, port, user = "", password = "", database = "" } = stack.target(db);
  return startService(brokerIdentity, {
    DATABASE_URL: `mysql://${host}:${port}/${database}`,
    DATABASE_USER: user,
    DATABASE_PASSWORD: password,
    JWT_PRIVATE_SEED: "not-a-secret-seed",
    SEED_USER_PASSWORD: seedPassword,
  });
}

async function call(method: "GET" | "POST", path: string, body?: unknown) {
  const client = createClient({
    baseUrl: `http://${service.address}`,
    service: "broker-identity",
    timeoutMs: 20_000,
  });
  const answer = await client.request({ method, path, body });
  client.close();
  return answer;
}

const login = (email: string, password: string) => call("POST", "/api/v1/auth/login", { email, password });
const ready = async () => (await call("GET", "/health/ready")).body as ReadyBody;

describe("identity on MySQL", () => {
  it("starts before its database, and serves once that is there", async () => {
    service = await start();
    expect((await call("GET", "/.well-known/jwks.json")).status).toBe(200);
    expect(await ready()).toMatchObject({ status: "not-ready", dependencies: [{ name: db, ok: false }] });
    expect(await login("a@example.com", "not-a-secret")).toMatchObject({
      status: 503,
      body: { code: "STORE_UNAVAILABLE" },
    });
    await stack.compose("up", "--detach", "--wait", db);
    await expect.poll(async () => (await ready()).status, { timeout: 20_000 }).toBe("ready");
    expect(await login("admin@mybroker.example", "not-a-secret-admin")).toMatchObject({ status: 200 });
  });

  it("keeps users and counts failures as it does on SQLite", async () => {
    service = await start();
    await expect.poll(async () => (await ready()).status, { timeout: 20_000 }).toBe("ready");
    const register = () => call("POST", "/api/v1/auth/register", maria);
    const answers = await Promise.all([register(), register()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await login(maria.email, maria.password)).toMatchObject({ body: { name: maria.name } });
    const failed = await Promise.all(
      Array.from({ length: 12 }, () => login("nobody@example.com", maria.password)),
    );
    expect(failed.map(({ status }) => status).sort()).toEqual([...Array(10).fill(401), 429, 429]);
  });

  it("gives users of the seed password the new one, and the others keep theirs", async () => {
    const seed = "not-a-secret-admin";
    const demo = { name: "Demo", email: "demo@example.com", password: seed };
    service = await start();
    await expect.poll(async () => (await ready()).status, { timeout: 20_000 }).toBe("ready");
    expect(await call("POST", "/api/v1/auth/register", demo)).toMatchObject({ status: 201 });
    await service.close();
    service = await start("not-a-secret-other");
    await expect.poll(async () => (await ready()).status, { timeout: 20_000 }).toBe("ready");
    expect(await login(demo.email, seed)).toMatchObject({ status: 401 });
    expect(await login(demo.email, "not-a-secret-other")).toMatchObject({ body: { role: "USER" } });
    expect(await login("admin@mybroker.example", "not-a-secret-other")).toMatchObject({
      body: { role: "ADMIN" },
    });
    expect(await login(maria.email, maria.password)).toMatchObject({ status: 200 });
  });

  it("says that its database is gone, and goes on when it is back", async () => {
    service = await start();
    await expect.poll(async () => (await ready()).status, { timeout: 20_000 }).toBe("ready");
    await stack.compose("stop", db);
    expect(await login(maria.email, maria.password)).toMatchObject({
      status: 503,
      body: { code: "STORE_UNAVAILABLE" },
    });
    expect((await call("GET", "/health/live")).status).toBe(200);
    expect(await ready()).toMatchObject({ status: "not-ready", dependencies: [{ name: db, ok: false }] });
    await stack.compose("up", "--detach", "--wait", db);
    await expect.poll(async () => (await ready()).status, { timeout: 20_000 }).toBe("ready");
    expect(await login(maria.email, maria.password)).toMatchObject({ status: 200 });
  });
});
