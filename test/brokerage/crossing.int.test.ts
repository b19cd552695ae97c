import { createHmac, createPublicKey } from "node:crypto";
import { request as openRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ServiceName, serviceNames } from "../../services/definitions.js";
import { findViolations } from "./find-violations.js";
import { assemble, forge, keyOf, strangersKey } from "./forge-token.js";
import { type Asked, call, enter, giveShares, type Investor } from "./investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}
interface Route {
  readonly name: ServiceName;
  readonly method: string;
  /** With the victim's ids in it. */
  readonly url: string;
  readonly path: string;
}

/** All that anyone may ask without a token. */
const open = new Set([
  ...["/health/live", "/health/ready", "/metrics", "/openapi.json", "/.well-known/jwks.json"],
  ...["/api/v1/auth/register", "/api/v1/auth/login"],
]);
const admins = ["/api/v1/wallets/custody-in", "/api/v1/wallets/custody-out", "/api/v1/auth/users"];
/** Of an exchange's tape and a catalogue: everybody's. */
const everybodys = /^\/(executions|book|quotes|api\/v1\/assets|api\/v1\/reports\/assets)/;

let system: System;
let gateway: string;
let victim: Investor;
let thief: Investor;
let admin: Investor;
let orderId: string;
let routes: Route[];

beforeAll(async () => {
  system = await startSystem({ env: { QUOTE_INTERVAL: "3600" } });
  await waitUntilReady(system);
  gateway = system.urls["broker-gateway"];
  admin = await enter(gateway, "admin@mybroker.example", secrets.password);
  victim = await enter(gateway, "victim@example.com", secrets.password);
  thief = await enter(gateway, "thief@example.com", secrets.password);
  await victim.deposit(8_765_432.1);
  await giveShares(gateway, { admin, userId: victim.userId, ticker: "PETR4", quantity: 7_654_321 });
  const placed = await victim.place({ ticker: "PETR4", quantity: 100, side: "BUY", price: 1.23 });
  expect(placed.status).toBe(201);
  orderId = placed.body.orderId;
  // Of the wallet and the reports there is something to be seen by now.
  await vi.waitFor(async () => expect(await victim.summary()).toMatchObject({ blocked: 123 }), 10_000);
  await vi.waitFor(async () => expect(await reportsOf(victim.token)).toContain(orderId), {
    timeout: 30_000,
    interval: 50,
  });
  routes = (await Promise.all(serviceNames.map(readRoutes))).flat();
}, 120_000);
afterAll(() => system?.close(), 60_000);

async function reportsOf(token: string): Promise<string> {
  const { body } = await call("GET", `${gateway}/api/v1/reports/me/orders`, { token });
  return JSON.stringify(body);
}

/** What a service says that it has; its document is held against its routes elsewhere. */
async function readRoutes(name: ServiceName): Promise<Route[]> {
  const url = `${system.urls[name]}/openapi.json`;
  const { body } = await call<{ paths: Record<string, Record<string, Operation>> }>("GET", url);
  return Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({
      name,
      path,
      method: method.toUpperCase(),
      url: `${system.urls[name]}${path.replace("{orderId}", orderId).replace("{ticker}", "PETR4")}`,
    })),
  );
}

const closed = () => routes.filter(({ path }) => !open.has(path));
const internal = () => closed().filter(({ path }) => path.startsWith("/internal"));
const ofUsers = () => closed().filter(({ path }) => !path.startsWith("/internal"));
const toName = ({ name, method, path }: Route) => `${name} ${method} ${path}`;

/** A body that would do harm if it were taken. */
function bodyOf({ path, method }: Route, userId = victim.userId): { body?: unknown } {
  if (method === "GET" || method === "DELETE") return {};
  if (path.includes("custody")) return { body: { userId, ticker: "PETR4", quantity: 1 } };
  if (path.startsWith("/internal"))
    return { body: { userId, ticker: "PETR4", side: "BUY", quantity: 1, unitPrice: 1 } };
  if (path.endsWith("/orders")) return { body: { ticker: "PETR4", quantity: 100, side: "BUY", price: 1 } };
  return { body: { amount: 1 } };
}

async function ask(route: Route, asked: Asked): Promise<{ status: number; body: unknown }> {
  const { status, body } = await call(route.method, route.url, { ...bodyOf(route), ...asked });
  return { status, body };
}

/** Everything that is the victim's, as the victim sees it. */
async function lookAtVictim() {
  return {
    summary: await victim.summary(),
    positions: await victim.positions(),
    orders: await victim.orders(),
  };
}

async function makeTokens(): Promise<Record<string, string>> {
  const key = keyOf(secrets.seed);
  const header = JSON.parse(Buffer.from(admin.token.split(".")[0] ?? "", "base64url").toString());
  const keyId: string = header.kid;
  const subject = victim.userId;
  const now = Math.floor(Date.now() / 1_000);
  const who = { sub: subject, name: "M", email: "m@example.com", role: "ADMIN" };
  const claims = { ...who, iss: "mybroker", aud: "mybroker", exp: now + 600 };
  const publicPem = createPublicKey(key).export({ type: "spki", format: "pem" });
  const hs256 = assemble({ alg: "HS256", kid: keyId }, claims);
  const mac = createHmac("sha256", publicPem).update(hs256.slice(0, -1)).digest("base64url");
  const [head, , signature] = victim.token.split(".");
  const [, adminClaims] = admin.token.split(".");
  const good = { key, keyId, subject };
  return {
    expired: await forge({ ...good, expiresInSeconds: -1 }),
    "not yet valid": await forge({ ...good, notBeforeSeconds: 600 }),
    "of another issuer": await forge({ ...good, issuer: "somebody" }),
    "for another audience": await forge({ ...good, audience: "somebody" }),
    "of a key of their own": await forge({ ...good, key: strangersKey() }),
    "of an unknown key": await forge({ key: strangersKey(), keyId: "strange", subject }),
    "with a role that is none": await forge({ ...good, role: "ROOT" }),
    "with alg none": assemble({ alg: "none", kid: keyId }, claims),
    "with alg none and a signature": assemble({ alg: "none", kid: keyId }, claims, signature),
    "with the public key as a secret": `${hs256}${mac}`,
    "with a key in its header": assemble({ alg: "EdDSA", jwk: { kty: "OKP" } }, claims, signature),
    "with another's claims": `${head}.${adminClaims}.${signature}`,
    "with its end cut off": victim.token.slice(0, -3),
    "that is none": "not-a-token",
    "that never ends": `${head}.${"x".repeat(6_000)}.${signature}`,
  };
}

describe("whoever has no token of identity's", () => {
  it("is refused on every route of every service that is not open to all", { timeout: 120_000 }, async () => {
    const before = await lookAtVictim();
    const tokens = await makeTokens();
    expect(ofUsers().length).toBeGreaterThan(30);
    const taken: string[] = [];
    for (const route of ofUsers()) {
      const ways: [string, Asked][] = [
        ["nothing", {}],
        ["a user's id", { headers: { "x-user-id": victim.userId } }],
        ["a service's token", { headers: { "x-service-token": secrets.serviceToken } }],
        ["another scheme", { headers: { authorization: `Basic ${victim.token}` } }],
        ...Object.entries(tokens).map(([what, token]): [string, Asked] => [`a token ${what}`, { token }]),
      ];
      const answers = await Promise.all(ways.map(([, asked]) => ask(route, asked)));
      for (const [index, { status, body }] of answers.entries()) {
        const { code } = body as { code?: string };
        // The gateway counts what comes without a valid token.
        const refused = (status === 401 && code === "UNAUTHORIZED") || (status === 429 && isGateway(route));
        if (!refused)
          taken.push(`${toName(route)} with ${ways[index]?.[0]}: ${status} ${JSON.stringify(body)}`);
      }
    }
    expect(taken).toEqual([]);
    expect(await lookAtVictim()).toEqual(before);
  });

  it("has only what is named here: every other route asks for one", () => {
    const found = new Set(routes.filter(({ path }) => open.has(path)).map(({ path }) => path));
    expect([...found].sort()).toEqual([...open].filter((path) => path !== "/openapi.json").sort());
  });
});

const isGateway = ({ name }: Route) => name === "broker-gateway";

describe("what is internal", () => {
  it("opens neither to a user, nor to a wrong service token", async () => {
    const before = await lookAtVictim();
    expect(
      internal()
        .map(({ method }) => method)
        .sort(),
    ).toEqual(["DELETE", "PUT"]);
    for (const route of internal()) {
      for (const asked of [
        {},
        { token: victim.token },
        { token: admin.token },
        { token: secrets.serviceToken },
        ...[
          "",
          "x",
          secrets.seed,
          `${secrets.serviceToken}x`,
          secrets.serviceToken.slice(1),
          victim.token,
        ].map((token) => ({ headers: { "x-service-token": token } })),
      ]) {
        expect({ asked, ...(await ask(route, asked)) }).toMatchObject({ status: 401 });
      }
    }
    expect(await lookAtVictim()).toEqual(before);
  });

  it("is not reached through the gateway, by no spelling", async () => {
    const before = await lookAtVictim();
    const headers = { "x-service-token": secrets.serviceToken };
    for (const path of [
      `/internal/v1/reservations/${orderId}`,
      `/api/v1/wallets/../../../internal/v1/reservations/${orderId}`,
      `/api/v1/wallets/%2e%2e/%2e%2e/%2e%2e/internal/v1/reservations/${orderId}`,
      `/api/v1/wallets/..%2f..%2f..%2finternal/v1/reservations/${orderId}`,
      `/api/v1/wallets//internal/v1/reservations/${orderId}`,
      `/api/v1/wallets\\..\\..\\..\\internal/v1/reservations/${orderId}`,
      `//127.0.0.1/internal/v1/reservations/${orderId}`,
    ]) {
      const { status } = await sendRaw(gateway, { method: "DELETE", path, token: thief.token, headers });
      expect({ path, status }).toMatchObject({ status: expect.toSatisfy((s) => s === 400 || s === 404) });
    }
    expect(await lookAtVictim()).toEqual(before);
  });
});

interface Raw {
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

/** As it stands: fetch would tidy paths, and lets nobody choose a Host. */
function sendRaw(url: string, { method = "GET", path, token, headers = {} }: Raw) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = openRequest({ hostname, port, method, path, headers: { ...authorization, ...headers } });
    request.on("error", reject);
    request.on("response", async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, body });
    });
    request.end();
  });
}

describe("another user", () => {
  it("sees and changes nothing of the victim's, on any route, directly and through the gateway", async () => {
    const before = await lookAtVictim();
    const secretsOfVictim = [victim.userId, orderId, "8765309.1", "7654321", victim.email];
    const paths = ofUsers().filter(({ path }) => !everybodys.test(path) && !admins.includes(path));
    expect(new Set(paths.map(({ name }) => name)).size).toBeGreaterThanOrEqual(4);
    for (const route of paths) {
      for (const headers of [{}, { "x-user-id": victim.userId, "x-service-token": secrets.serviceToken }]) {
        const { status, body } = await ask(route, { token: thief.token, headers });
        const text = JSON.stringify(body);
        for (const secret of secretsOfVictim)
          expect(text, `${toName(route)}: ${status}`).not.toContain(secret);
        if (route.path.includes("{orderId}")) {
          expect({ route: toName(route), status, body }).toMatchObject({
            status: 404,
            body: { code: "NOT_FOUND" },
          });
        }
      }
    }
    expect(await lookAtVictim()).toEqual(before);
    expect(await reportsOf(thief.token)).not.toContain(orderId);
  });

  it("is told the same of the victim's order as of one that does not exist", async () => {
    const nobodys = orderId.replace(/.{4}$/, "0000");
    for (const place of [gateway, system.urls["broker-order"]]) {
      for (const method of ["GET", "DELETE"]) {
        const [one, other] = await Promise.all(
          [orderId, nobodys].map((id) =>
            call(method, `${place}/api/v1/orders/${id}`, { token: thief.token }),
          ),
        );
        expect({ ...one?.body, requestId: "" }).toEqual({ ...other?.body, requestId: "" });
        expect([one?.status, other?.status]).toEqual([404, 404]);
      }
    }
  });

  it("cannot take the victim's Idempotency-Key, nor be given what was answered to it", async () => {
    const order = { ticker: "PETR4", quantity: 100, side: "BUY", price: 1.01 } as const;
    const first = await victim.place(order, "one-key");
    expect(first.status).toBe(201);
    const second = await thief.place(order, "one-key");
    expect(second).toMatchObject({ status: 422, body: { code: "NO_FUNDS" } });
    expect(JSON.stringify(second.body)).not.toContain(first.body.orderId);
    expect((await victim.place(order, "one-key")).body.orderId).toBe(first.body.orderId);
  });

  it("is no administrator", async () => {
    const routesOfAdmins = ofUsers().filter(({ path }) => admins.includes(path));
    expect(new Set(routesOfAdmins.map(({ path }) => path))).toEqual(new Set(admins));
    for (const route of routesOfAdmins) {
      for (const headers of [{}, { "x-user-id": admin.userId, "x-role": "ADMIN" }]) {
        const { status, body } = await ask(route, {
          token: thief.token,
          headers,
          ...bodyOf(route, thief.userId),
        });
        expect({ route: toName(route), status, body }).toMatchObject({
          status: 403,
          body: { code: "FORBIDDEN" },
        });
      }
    }
    expect(await thief.positions()).toEqual([]);
  });
});

describe("a page in a browser", () => {
  it("is refused on every port, by its Host and by its Origin", async () => {
    for (const name of serviceNames) {
      const url = system.urls[name];
      for (const path of ["/health/live", "/metrics", "/openapi.json", "/api/v1/nothing"]) {
        for (const host of [
          "evil.example",
          `127.0.0.1.evil.example:${new URL(url).port}`,
          "localhost.evil",
        ]) {
          const { status, body } = await sendRaw(url, { path, token: victim.token, headers: { host } });
          expect({ name, path, host, status, body }).toMatchObject({ status: 421 });
          expect(JSON.parse(body)).toMatchObject({ code: "MISDIRECTED", field: "host" });
        }
        for (const origin of ["https://evil.example", "null", `http://${new URL(url).host}`]) {
          const { status, body } = await sendRaw(url, { path, token: victim.token, headers: { origin } });
          expect({ name, path, origin, status, body }).toMatchObject({ status: 421 });
          expect(JSON.parse(body)).toMatchObject({ code: "ORIGIN_REFUSED", field: "origin" });
        }
      }
      for (const host of ["localhost", `[::1]:1`, name, `${name.toUpperCase()}:80`]) {
        expect((await sendRaw(url, { path: "/health/live", headers: { host } })).status, host).toBe(200);
      }
      const preflight = await sendRaw(url, {
        method: "OPTIONS",
        path: "/api/v1/orders",
        headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
      });
      expect(preflight.status, name).toBe(421);
    }
  });
});

it("leaves the books as they should be", async () => {
  await vi.waitFor(async () => expect(await findViolations(system.databases)).toEqual([]), {
    timeout: 30_000,
    interval: 100,
  });
  expect(system.log.filter((line) => /"status":5\d\d|"level":"error"/.test(line))).toEqual([]);
});
