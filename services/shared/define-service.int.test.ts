import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readListenSettings } from "../../kit/settings.js";
import { openDatabase } from "../../kit/sql/database.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { call } from "../../test/support/identity-service.js";
import { brokerIdentity } from "../broker-identity/main.js";
import { defineService } from "./define-service.js";

let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
beforeEach(async () => {
  folder = await makeStoreFolder();
});
afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

/** A service with three parts, and the order in which they are closed. */
function define(closePart: (name: string) => unknown = () => {}) {
  const closed: string[] = [];
  const definition = defineService("broker-test", async ({ env, own, serve }) => {
    for (const name of ["first", "second", "third"]) {
      own({
        close: () => {
          closed.push(name);
          return closePart(name);
        },
      });
    }
    return serve({
      description: "Test.",
      listen: readListenSettings(env),
      dependencies: [],
      routes: () => {},
    });
  });
  return { definition, closed };
}

describe("a service", () => {
  it("closes its server and then its parts, the last one first, also after one that fails", async () => {
    const { definition, closed } = define((name) => {
      if (name === "second") throw new Error("stuck");
    });
    const lines: string[] = [];
    const service = await startService(definition, {}, lines);
    expect(await call(service, { method: "GET", path: "/health/live" })).toMatchObject({ status: 200 });
    await service.close();
    expect(closed).toEqual(["third", "second", "first"]);
    expect(lines.join()).toContain("stuck");
    await expect(call(service, { method: "GET", path: "/health/live" })).rejects.toThrow(/ECONNREFUSED/);
  });

  it("closes what it has opened when its port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const { definition, closed } = define();
    await expect(startService(definition, { PORT: String(port) })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    expect(closed).toEqual(["third", "second", "first"]);
    await new Promise((resolve) => taken.close(resolve));
  });

  it("is closed after 7.5 s, whatever cannot be", async () => {
    const { definition, closed } = define(() => new Promise(() => {}));
    const lines: string[] = [];
    const service = await startService(definition, {}, lines);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const closing = service.close();
    await vi.waitFor(() => expect(closed).toEqual(["third"]));
    await vi.advanceTimersByTimeAsync(7_500);
    await closing;
    expect(lines.join()).toContain("not all is closed");
  });
});

describe("a service whose database another is migrating", () => {
  it("answers 503 until it has the schema, and can be closed before", async () => {
    const path = `${folder.path}/identity.sqlite`;
    const other = await openDatabase({ kind: "sqlite", path });
    const lock = await other.tryLock("migrate");
    const env = {
      DATABASE_URL: `sqlite://${path}`,
      JWT_PRIVATE_SEED: "not-a-secret-seed",
      SEED_USER_PASSWORD: "not-a-secret-admin",
    };
    const login = {
      method: "POST",
      path: "/api/v1/auth/login",
      body: { email: "admin@mybroker.example", password: env.SEED_USER_PASSWORD },
    } as const;
    const first = await startService(brokerIdentity, env);
    expect(await call(first, login)).toMatchObject({ status: 503, body: { code: "STORE_UNAVAILABLE" } });
    expect(await call(first, { method: "GET", path: "/health/ready" })).toMatchObject({
      status: 503,
      body: { dependencies: [{ problem: "its schema is not there yet" }] },
    });
    const began = performance.now();
    await first.close();
    expect(performance.now() - began).toBeLessThan(4_000);

    const second = await startService(brokerIdentity, env);
    await lock?.release();
    await vi.waitFor(async () => expect((await call(second, login)).status).toBe(200), { timeout: 20_000 });
    await second.close();
    await other.close();
  });
});
