import { createHmac } from "node:crypto";
import { CompactSign, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SessionBody } from "../../contracts/rest.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { type ClientAnswer, createClient } from "../shared/http/client.js";
import type { RunningService } from "../shared/service.js";
import { compile } from "../shared/validate.js";
import { brokerIdentity } from "./main.js";

const password = "not-a-secret-8";
const maria = { name: " Maria Teste ", email: "Maria@Example.com", password };
let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
let service: RunningService;

beforeEach(async () => {
  folder = await makeStoreFolder();
  service = await start();
});
afterEach(async () => {
  await service.close();
  await folder.remove();
});

function start(env: Record<string, string> = {}) {
  return startService(brokerIdentity, {
    DATABASE_URL: `sqlite://${folder.path}/identity.sqlite`,
    JWT_PRIVATE_SEED: "not-a-secret-seed",
    SEED_USER_PASSWORD: "not-a-secret-admin",
    ...env,
  });
}

async function call(
  method: "GET" | "POST",
  path: string,
  { body, token }: { body?: unknown; token?: string } = {},
) {
  const client = createClient({
    baseUrl: `http://${service.address}`,
    service: "broker-identity",
    timeoutMs: 10_000,
  });
  const answer = await client.request({ method, path, body, ...(token === undefined ? {} : { token }) });
  client.close();
  return answer as ClientAnswer & { body: never };
}

const register = (body: unknown = maria) => call("POST", "/api/v1/auth/register", { body });
const login = (email: string, secret = password) =>
  call("POST", "/api/v1/auth/login", { body: { email, password: secret } });
const me = (token: string) => call("GET", "/api/v1/auth/me", { token });

describe("registration", () => {
  it("gives an account and a token that says who its user is", async () => {
    const { status, body } = await register();
    expect(status).toBe(201);
    expect(compile(SessionBody)(body)).toMatchObject({ ok: true });
    const { token, ...user } = body as SessionBody;
    expect(user).toMatchObject({ name: "Maria Teste", email: "maria@example.com", role: "USER" });
    expect(await me(token)).toEqual({ status: 200, body: user });
    expect((await login(" MARIA@example.com ")).body).toMatchObject(user);
  });

  it("takes an address once, however it is written", async () => {
    await register();
    const again = await register({ ...maria, email: "mariA@EXAMPLE.com" });
    expect(again).toMatchObject({ status: 409, body: { code: "EMAIL_TAKEN", field: "email" } });
  });

  it("takes an address once when two ask at the same time", async () => {
    const answers = await Promise.all([register(), register()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it.each([
    ["a short password", { ...maria, password: "1234567" }, "INVALID_FIELD", "password"],
    ["no address", { ...maria, email: "maria" }, "INVALID_FIELD", "email"],
    ["an empty name", { ...maria, name: "  " }, "INVALID_FIELD", "name"],
    ["a name that turns the text around it", { ...maria, name: "\u202eairaM" }, "INVALID_FIELD", "name"],
    ["a name with half a character", { ...maria, name: "Maria \ud800" }, "INVALID_FIELD", "name"],
    ["a name with control characters", { ...maria, name: "a\u001b[31m" }, "INVALID_FIELD", "name"],
    ["a role", { ...maria, role: "ADMIN" }, "UNKNOWN_FIELD", "role"],
  ])("refuses %s", async (_what, body, code, field) => {
    expect(await register(body)).toMatchObject({ status: 422, body: { code, field } });
  });
});

describe("login", () => {
  it("answers the same for an unknown address as for a wrong password", async () => {
    await register();
    const strip = ({ status, body }: ClientAnswer) => ({
      status,
      ...(body as object),
      requestId: "any",
    });
    const wrong = strip(await login(maria.email, "not-a-secret-9"));
    expect(wrong).toMatchObject({ status: 401, code: "INVALID_CREDENTIALS" });
    expect(strip(await login("nobody@example.com"))).toEqual(wrong);
  });

  it("does the same work for an unknown address as for a wrong password", async () => {
    await register();
    const measure = async (email: string) => {
      const began = performance.now();
      await login(email, "not-a-secret-9");
      return performance.now() - began;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      known.push(await measure(maria.email));
      unknown.push(await measure(`nobody-${round}@example.com`));
    }
    // The derivation takes tens of milliseconds; without it an answer takes about one.
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 2);
  });

  it.each([maria.email, "nobody@example.com"])(
    "is refused after ten failures, for %s, also after a restart",
    async (email) => {
      await register();
      const attempts = await Promise.all(Array.from({ length: 12 }, () => login(email, "not-a-secret-9")));
      expect(attempts.filter(({ status }) => status === 401)).toHaveLength(10);
      expect(attempts.filter(({ status }) => status === 429)).toHaveLength(2);
      await service.close();
      service = await start();
      expect(await login(email)).toMatchObject({ status: 429, body: { code: "TOO_MANY_ATTEMPTS" } });
    },
  );

  it("forgets failures once one succeeds", async () => {
    await register();
    const fail = () => Promise.all(Array.from({ length: 9 }, () => login(maria.email, "not-a-secret-9")));
    await fail();
    expect((await login(maria.email)).status).toBe(200);
    await fail();
    expect((await login(maria.email)).status).toBe(200);
  });
});

describe("the administrator", () => {
  const admin = "admin@mybroker.example";

  it("is there from the start", async () => {
    expect(await login(admin, "not-a-secret-admin")).toMatchObject({ status: 200, body: { role: "ADMIN" } });
  });

  it("has the password of the settings after each start, and the same id", async () => {
    const before = (await login(admin, "not-a-secret-admin")).body as SessionBody;
    await service.close();
    service = await start({ SEED_USER_PASSWORD: "not-a-secret-other" });
    expect((await login(admin, "not-a-secret-admin")).status).toBe(401);
    expect(await login(admin, "not-a-secret-other")).toMatchObject({ body: { userId: before.userId } });
  });
});

describe("users with the seed password", () => {
  const seed = "not-a-secret-admin";
  const demo = { name: "Demo", email: "demo@example.com", password: seed };
  const restart = async (seedPassword: string) => {
    await service.close();
    service = await start({ SEED_USER_PASSWORD: seedPassword });
  };

  it("log in with the new one once it has changed, and stay who they are; others keep theirs", async () => {
    await register();
    const registered = [demo, { ...demo, email: "sim-1@example.com" }];
    for (const user of registered) expect((await register(user)).status).toBe(201);
    for (const [before, now] of [
      [seed, "not-a-secret-2"],
      ["not-a-secret-2", "not-a-secret-3"],
    ] as const) {
      await restart(now);
      for (const { email } of [...registered, { email: "admin@mybroker.example" }]) {
        expect((await login(email, before)).status, email).toBe(401);
        const role = email.startsWith("admin") ? "ADMIN" : "USER";
        expect(await login(email, now), email).toMatchObject({ status: 200, body: { email, role } });
      }
      expect((await login(maria.email)).status).toBe(200);
      expect((await login(maria.email, now)).status).toBe(401);
    }
  });

  it("keep it through a restart without a change", async () => {
    await register(demo);
    await restart(seed);
    expect((await login(demo.email, seed)).status).toBe(200);
  });

  it("are told by the password that they registered with, not by one that the seed became later", async () => {
    await register();
    await restart(password);
    await restart("not-a-secret-2");
    expect((await login(maria.email)).status).toBe(200);
  });

  it("are registered with as much work as others", async () => {
    const measure = async (user: object) => {
      const began = performance.now();
      expect((await register(user)).status).toBe(201);
      return performance.now() - began;
    };
    const seeded: number[] = [];
    const others: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      seeded.push(await measure({ ...demo, email: `seed-${round}@example.com` }));
      others.push(await measure({ ...maria, email: `other-${round}@example.com` }));
    }
    expect(Math.min(...seeded)).toBeGreaterThan(Math.min(...others) / 2);
  });
});

describe("a token", () => {
  const terms = { issuer: "mybroker", audience: "mybroker", expiresIn: 60 };
  const claims = { name: "Maria", email: "maria@example.com", role: "ADMIN" };
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");

  async function forge(kid: string, changes: Partial<typeof terms> = {}) {
    const { issuer, audience, expiresIn } = { ...terms, ...changes };
    const { privateKey } = await generateKeyPair("EdDSA");
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "EdDSA", kid })
      .setSubject("1")
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresIn)
      .sign(privateKey);
  }

  it("is refused when it is forged, of another algorithm, or none at all", async () => {
    const { token } = (await register()).body as SessionBody;
    const { keys } = (await call("GET", "/.well-known/jwks.json")).body as {
      keys: { kid: string; x: string }[];
    };
    const { kid = "", x = "" } = keys[0] ?? {};
    const [header = "", payload = "", signature = ""] = token.split(".");
    const own = await generateKeyPair("EdDSA", { extractable: true });
    const content = JSON.parse(Buffer.from(payload, "base64url").toString());
    const promoted = encode({ ...content, role: "ADMIN" });
    const hmacHeader = encode({ alg: "HS256", kid });
    const hmac = createHmac("sha256", Buffer.from(x, "base64url")).update(`${hmacHeader}.${payload}`);
    const tokens = [
      `${encode({ alg: "none" })}.${payload}.`,
      `${encode({ alg: "none", kid })}.${payload}.${signature}`,
      `${header}.${promoted}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${hmacHeader}.${payload}.${hmac.digest("base64url")}`,
      await forge(kid),
      await forge("unknown"),
      // The key that it is signed with travels in its header.
      await new CompactSign(Buffer.from(payload, "base64url"))
        .setProtectedHeader({ alg: "EdDSA", kid, jwk: await exportJWK(own.publicKey) })
        .sign(own.privateKey),
      "nonsense",
      "",
    ];
    for (const forged of tokens) {
      expect(await me(forged)).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } });
    }
    expect((await me(token)).status).toBe(200);
  });

  it("stays good after a restart with the same seed, and not with another", async () => {
    const { token } = (await register()).body as SessionBody;
    await service.close();
    service = await start();
    expect((await me(token)).status).toBe(200);
    await service.close();
    service = await start({ JWT_PRIVATE_SEED: "not-a-secret-other-seed" });
    expect((await me(token)).status).toBe(401);
  });
});

describe("the list of users", () => {
  const list = (token: string, query = "") => call("GET", `/api/v1/auth/users${query}`, { token });

  it("is the administrator's, newest first, in pages", async () => {
    const { token, ...user } = (await register()).body as SessionBody;
    expect((await list(token)).status).toBe(403);
    const admin = (await login("admin@mybroker.example", "not-a-secret-admin")).body as SessionBody;
    const all = (await list(admin.token)).body as { items: SessionBody[]; next: string | null };
    expect(all.items).toEqual([user, expect.objectContaining({ email: "admin@mybroker.example" })]);
    expect(all.next).toBeNull();
    const first = (await list(admin.token, "?limit=1")).body as typeof all;
    expect(first.items).toEqual([user]);
    const second = (await list(admin.token, `?limit=1&cursor=${first.next}`)).body as typeof all;
    expect(second).toEqual({ items: all.items.slice(1), next: null });
  });
});

describe("without its database", () => {
  it("says so, still gives its keys, and goes on when that is back, also when it was started meanwhile", async () => {
    const path = `${folder.path}/identity.sqlite`;
    const refused = { status: 503, body: { code: "STORE_UNAVAILABLE" } };
    const { token } = (await register()).body as SessionBody;
    switchSqliteFile(path, false);
    try {
      expect(await login(maria.email)).toMatchObject(refused);
      await service.close();
      service = await start();
      expect(await me(token)).toMatchObject(refused);
      expect((await call("GET", "/.well-known/jwks.json")).status).toBe(200);
      expect(await call("GET", "/health/ready")).toMatchObject({
        status: 503,
        body: { dependencies: [{ name: "broker-identity-db", ok: false, problem: "identity is stopped" }] },
      });
    } finally {
      switchSqliteFile(path, true);
    }
    await expect.poll(async () => (await call("GET", "/health/ready")).status, { timeout: 5_000 }).toBe(200);
    expect((await me(token)).status).toBe(200);
  });
});

describe("what its neighbours see", () => {
  it("publishes the public half of its key only", async () => {
    const { keys } = (await call("GET", "/.well-known/jwks.json")).body as { keys: object[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  });

  it("names all settings that are missing", async () => {
    await expect(startService(brokerIdentity, {})).rejects.toMatchObject({
      code: "SETTING",
      message: "DATABASE_URL is missing; JWT_PRIVATE_SEED is missing; SEED_USER_PASSWORD is missing",
    });
  });
});
