import { createServer, type IncomingHttpHeaders, request as openRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProblemBody, SessionBody } from "../../contracts/rest.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { brokerIdentity } from "../broker-identity/main.js";
import type { RunningService } from "../shared/service.js";
import { brokerGateway } from "./main.js";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const maria = { name: "Maria", email: "maria@example.com", password: "not-a-secret-8" };
let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
let identity: RunningService;
let gateway: RunningService;
/** Stands where orders are, and answers what it was sent. */
let orders: Server;

beforeEach(async () => {
  folder = await makeStoreFolder();
  identity = await startService(brokerIdentity, {
    DATABASE_URL: `sqlite://${folder.path}/identity.sqlite`,
    JWT_PRIVATE_SEED: "not-a-secret-seed",
    SEED_USER_PASSWORD: "not-a-secret-admin",
  });
  orders = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method, url, headers } = request;
    if (url === "/api/v1/orders/cut")
      return void response.writeHead(200).write("half", () => response.destroy());
    const isProblem = url === "/api/v1/orders/refused";
    response.writeHead(isProblem ? 422 : 200, {
      "content-type": isProblem ? "application/problem+json" : "application/json",
      "x-of-orders": "yes",
      connection: "keep-alive, x-of-hop",
      "x-of-hop": "yes",
    });
    response.end(JSON.stringify({ method, url, headers, body } satisfies Seen));
  });
  await new Promise<void>((resolve) => orders.listen(0, "127.0.0.1", resolve));
  const { port } = orders.address() as AddressInfo;
  gateway = await startService(brokerGateway, {
    IDENTITY_URL: `http://${identity.address}`,
    ORDER_URL: `http://127.0.0.1:${port}`,
    // Nobody listens there.
    ...{
      WALLET_URL: "http://127.0.0.1:1",
      ASSET_URL: "http://127.0.0.1:1",
      REPORT_URL: "http://127.0.0.1:1",
    },
  });
});
afterEach(async () => {
  await gateway.close();
  await identity.close();
  orders.closeAllConnections();
  await new Promise((resolve) => orders.close(resolve));
  await folder.remove();
});

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly token?: string;
}

function send({ method = "GET", path, body, headers = {}, token }: Sent) {
  const [host, port] = gateway.address.split(":");
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: unknown }>((resolve, reject) => {
    const options = { host, port, method, path, headers: { ...headers, ...authorization }, agent: false };
    const request = openRequest(options, async (response) => {
      try {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) });
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function register(): Promise<string> {
  const answer = await send({
    method: "POST",
    path: "/api/v1/auth/register",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(maria),
  });
  expect(answer.status).toBe(201);
  return (answer.body as SessionBody).token;
}

describe("what passes", () => {
  it("is registration, login and what needs the token that they give", async () => {
    const token = await register();
    const me = await send({ path: "/api/v1/auth/me", token });
    expect(me).toMatchObject({ status: 200, body: { email: maria.email } });
  });

  it("reaches its service as it came, with the user and the trace and without what is the gateway's to say", async () => {
    const token = await register();
    const { userId } = (await send({ path: "/api/v1/auth/me", token })).body as { userId: string };
    const answer = await send({
      method: "POST",
      path: "/api/v1/orders?a=%20b",
      token,
      body: '{ "ticker" :1}',
      headers: {
        "content-type": "application/json",
        "idempotency-key": "k1",
        "x-request-id": "mine",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "x-user-id": "somebody-else",
        "x-service-token": "not-a-secret",
        connection: "close, x-of-client",
        "x-of-client": "1",
        te: "trailers",
      },
    });
    const { method, url, headers, body } = answer.body as Seen;
    expect({ method, url, body }).toEqual({
      method: "POST",
      url: "/api/v1/orders?a=%20b",
      body: '{ "ticker" :1}',
    });
    expect(headers).toMatchObject({
      "x-user-id": userId,
      "x-request-id": "mine",
      "idempotency-key": "k1",
      authorization: `Bearer ${token}`,
      "content-length": "14",
    });
    expect(headers.traceparent).toMatch(
      /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)\w{16}-01$/,
    );
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["x-service-token"]));
    expect([headers.te, headers["x-of-client"]]).toEqual([undefined, undefined]);
    expect(answer.headers).toMatchObject({ "x-of-orders": "yes", "x-request-id": "mine" });
    expect(answer.headers["x-of-hop"]).toBeUndefined();
  });

  it("comes back with the refusal of its service", async () => {
    const answer = await send({ path: "/api/v1/orders/refused", token: await register() });
    expect(answer.status).toBe(422);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
  });
});

describe("what is refused", () => {
  it.each([
    ["no token", {}],
    ["no JWT", { authorization: "Bearer nonsense" }],
    ["a token without signature", { authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0." }],
    ["a claimed user", { "x-user-id": "1" }],
  ])("is a request with %s", async (_what, headers) => {
    const answer = await send({ path: "/api/v1/orders", headers: headers as Record<string, string> });
    expect(answer).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } });
  });

  it("is a service that is away, by its name", async () => {
    const answer = await send({ path: "/api/v1/wallets/me/summary", token: await register() });
    expect(answer).toMatchObject({ status: 503, body: { code: "UPSTREAM_UNAVAILABLE" } });
    expect((answer.body as ProblemBody).title).toContain("broker-wallet");
  });

  it("is an answer that was cut off", async () => {
    await expect(send({ path: "/api/v1/orders/cut", token: await register() })).rejects.toThrow();
  });

  it.each([
    ["/internal/v1/reservations/1", 404, "NOT_FOUND"],
    ["/api/v1/executions", 404, "NOT_FOUND"],
    ["/api/v1/orders/../../../internal/v1/reservations/1", 400, "MALFORMED_PATH"],
    ["/api/v1/orders/%2e%2e/%2E./internal", 400, "MALFORMED_PATH"],
    ["/api/v1/orders/..%2finternal", 400, "MALFORMED_PATH"],
  ])("is the path %s", async (path, status, code) => {
    expect(await send({ path, token: await register() })).toMatchObject({ status, body: { code } });
  });

  it("is a body that is too large", async () => {
    const token = await register();
    const answer = await send({ method: "POST", path: "/api/v1/orders", token, body: "x".repeat(17_000) });
    expect(answer).toMatchObject({ status: 413, body: { code: "BODY_TOO_LARGE" } });
  });

  it("is what goes beyond the rate of its address", async () => {
    const answers = await Promise.all(Array.from({ length: 130 }, () => send({ path: "/api/v1/orders" })));
    const late = answers.filter(({ status }) => status === 429);
    expect(late.length).toBeGreaterThan(0);
    expect(late[0]).toMatchObject({ headers: { "retry-after": "1" }, body: { code: "RATE_LIMITED" } });
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
  });
});

describe("while identity is away", () => {
  it("serves those who have a token, also one that it sees for the first time", async () => {
    const token = await register();
    await identity.close();
    expect((await send({ path: "/api/v1/orders", token })).status).toBe(200);
    expect(await send({ path: "/api/v1/auth/me", token })).toMatchObject({
      status: 503,
      body: { code: "UPSTREAM_UNAVAILABLE" },
    });
  });
});
