import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "../http/client.js";
import { type HttpServer, openServer } from "../http/open-server.js";
import { createLog } from "../log.js";
import { createMetrics } from "../metrics.js";
import { requireService } from "./services.js";
import { createUsers, type Users, userOf } from "./users.js";

/** Stands where identity is; its keys can be changed. */
let identity: Server;
let asked: number;
let keys: { kid: string; privateKey: CryptoKey; jwk: object }[];
let users: Users;
let server: HttpServer;

beforeEach(async () => {
  asked = 0;
  keys = [await makeKey("one")];
  identity = createServer((_request, response) => {
    asked += 1;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  });
  await new Promise<void>((resolve) => identity.listen(0, "127.0.0.1", resolve));
  const { port } = identity.address() as AddressInfo;
  await startService(`http://127.0.0.1:${port}`);
});
afterEach(async () => {
  await server.close();
  users.close();
  await stopIdentity();
});

async function startService(identityUrl: string) {
  const log = createLog("test", { env: { LOG_LEVEL: "silent" }, writeLog: () => {} });
  users = createUsers({ identityUrl, log });
  server = await openServer({
    name: "test",
    description: "For tests.",
    listen: { host: "127.0.0.1", port: 0 },
    log,
    metrics: createMetrics(),
    dependencies: [],
    routes: (app) => {
      app.get("/mine", { preHandler: users.requireUser }, async (request) => {
        const { token, ...user } = userOf(request);
        return user;
      });
      app.get("/admin", { preHandler: users.requireAdmin }, async () => ({}));
      app.get("/internal", { preHandler: requireService("not-a-secret-token") }, async () => ({}));
    },
  });
}

function stopIdentity() {
  identity.closeAllConnections();
  return new Promise<unknown>((resolve) => identity.close(resolve));
}

async function makeKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA");
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "EdDSA", use: "sig" } };
}

interface Terms {
  readonly key?: (typeof keys)[number] | undefined;
  readonly claims?: object;
  readonly issuer?: string;
  readonly audience?: string;
  readonly subject?: string;
  readonly expiresInSeconds?: number;
}

function issue(terms: Terms = {}) {
  const { key = keys[0], claims, issuer = "mybroker", audience = "mybroker", subject = "u1" } = terms;
  if (key === undefined) throw new Error("no key");
  return new SignJWT({ name: "Maria", email: "maria@example.com", role: "USER", ...claims })
    .setProtectedHeader({ alg: "EdDSA", kid: key.kid })
    .setSubject(subject)
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime(Math.floor(Date.now() / 1_000) + (terms.expiresInSeconds ?? 60))
    .sign(key.privateKey);
}

async function get(
  path: string,
  { token, headers }: { token?: string; headers?: Record<string, string> } = {},
) {
  const client = createClient({ baseUrl: `http://${server.address}`, service: "test", timeoutMs: 5_000 });
  const authorization = token === undefined ? {} : { token };
  const answer = await client.request({ method: "GET", path, ...authorization, headers: headers ?? {} });
  client.close();
  return answer;
}

const refused = { status: 401, body: { code: "UNAUTHORIZED" } };

describe("a user's token", () => {
  it("says who asks, and keeps saying so while identity is away", async () => {
    const token = await issue();
    const user = { userId: "u1", name: "Maria", email: "maria@example.com", role: "USER" };
    expect(await get("/mine", { token })).toEqual({ status: 200, body: user });
    await stopIdentity();
    expect((await get("/mine", { token })).status).toBe(200);
    expect((await get("/mine", { token: await issue({ subject: "u2" }) })).status).toBe(200);
  });

  it.each<[string, Terms]>([
    ["expired", { expiresInSeconds: -1 }],
    ["from another issuer", { issuer: "somebody" }],
    ["for another audience", { audience: "somebody" }],
    ["without a role", { claims: { role: undefined } }],
    ["with a role that is none", { claims: { role: "ROOT" } }],
    ["for nobody", { subject: "" }],
  ])("is refused %s", async (_what, terms) => {
    expect(await get("/mine", { token: await issue(terms) })).toMatchObject(refused);
  });

  it("is refused by its own time even when it was seen before", async () => {
    const token = await issue({ expiresInSeconds: 1 });
    expect((await get("/mine", { token })).status).toBe(200);
    const expiresMs = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).exp * 1_000;
    await expect.poll(async () => (await get("/mine", { token })).status, { timeout: 3_000 }).toBe(401);
    expect(Date.now()).toBeGreaterThanOrEqual(expiresMs);
  });

  it("is refused where none is sent, or something else", async () => {
    expect(await get("/mine")).toMatchObject(refused);
    expect(await get("/mine", { headers: { authorization: "Basic eDp5" } })).toMatchObject(refused);
    expect(await get("/mine", { headers: { "x-user-id": "u1" } })).toMatchObject(refused);
  });

  it("opens what is an administrator's only to one", async () => {
    expect(await get("/admin", { token: await issue() })).toMatchObject({
      status: 403,
      body: { code: "FORBIDDEN" },
    });
    expect((await get("/admin", { token: await issue({ claims: { role: "ADMIN" } }) })).status).toBe(200);
  });
});

describe("identity's keys", () => {
  it("are asked for once, not for each token, nor for each forged key id", async () => {
    for (let user = 0; user < 10; user += 1) {
      expect((await get("/mine", { token: await issue({ subject: `u${user}` }) })).status).toBe(200);
    }
    const stranger = await makeKey("stranger");
    for (let round = 0; round < 10; round += 1) {
      expect(await get("/mine", { token: await issue({ key: stranger }) })).toMatchObject(refused);
    }
    expect(asked).toBeLessThanOrEqual(2);
  });

  it("being out of reach from the start is a 503 and no 401", async () => {
    await server.close();
    users.close();
    await startService("http://127.0.0.1:1");
    expect(await get("/mine", { token: await issue() })).toMatchObject({
      status: 503,
      body: { code: "UPSTREAM_UNAVAILABLE" },
    });
  });
});

describe("an identity that is not ours", () => {
  it.each([
    ["no keys", {}],
    ["a key that is none", { keys: [{ kty: "OKP", crv: "Ed25519", kid: "one", x: "!" }] }],
  ])("with %s is a 503, until it is", async (_what, answer) => {
    await server.close();
    users.close();
    let body: object = answer;
    identity.removeAllListeners("request");
    identity.on("request", (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await startService(`http://127.0.0.1:${(identity.address() as AddressInfo).port}`);
    const token = await issue();
    expect(await get("/mine", { token })).toMatchObject({ status: 503 });
    body = { keys: keys.map(({ jwk }) => jwk) };
    expect(await get("/mine", { token })).toMatchObject({ status: 200 });
  });
});

describe("what is internal", () => {
  it("opens to the service's token only", async () => {
    const withToken = (token: string) => get("/internal", { headers: { "x-service-token": token } });
    expect((await withToken("not-a-secret-token")).status).toBe(200);
    for (const wrong of ["not-a-secret-toke", "", "x"]) expect(await withToken(wrong)).toMatchObject(refused);
    expect(await get("/internal", { token: await issue({ claims: { role: "ADMIN" } }) })).toMatchObject(
      refused,
    );
  });
});
