import { request as openRequest } from "node:http";
import { connect } from "node:net";
import Type from "typebox";
import { afterEach, describe, expect, it } from "vitest";
import { PlaceOrderBody, ProblemBody } from "../../../contracts/rest.js";
import { createLog } from "../log.js";
import { createMetrics } from "../metrics.js";
import { currentTrace } from "../trace.js";
import { compile } from "../validate.js";
import { type HttpServer, openServer, type ServerOptions } from "./open-server.js";
import { refuse } from "./problem.js";

const name = "broker-order";
const open: HttpServer[] = [];
const logged: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
  logged.length = 0;
});

async function startServer(options: Partial<ServerOptions> = {}): Promise<HttpServer> {
  const log = createLog(name, { env: { LOG_LEVEL: "debug" }, writeLog: (line) => logged.push(line) });
  const server = await openServer({
    name,
    description: "Orders.",
    listen: { host: "127.0.0.1", port: 0 },
    log,
    metrics: createMetrics(),
    dependencies: [],
    routes: (app) => {
      app.post(
        "/orders",
        { schema: { body: PlaceOrderBody, response: { 201: PlaceOrderBody } } },
        async (request, reply) => {
          reply.code(201);
          return request.body;
        },
      );
      app.get("/orders/:orderId", async () => ({ trace: currentTrace() }));
      app.get(
        "/page",
        { schema: { querystring: Type.Object({ limit: Type.Integer({ minimum: 1, default: 50 }) }) } },
        async (request) => request.query,
      );
      app.get("/broken", async () => {
        throw new Error("a detail that nobody is told");
      });
      app.get("/refused", async () => {
        throw refuse("NO_FUNDS", "There is not enough cash.", "quantity");
      });
    },
    ...options,
  });
  open.push(server);
  return server;
}

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** Not fetch, which sets Host and Origin itself. */
function send(server: HttpServer, { method = "GET", path, body, headers = {} }: Sent) {
  const [host, port] = server.address.split(":");
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const request = openRequest({ host, port, method, path, headers, agent: false }, async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
      request.on("error", reject);
      request.end(body);
    },
  );
}

const json = { "content-type": "application/json" };
const order = { ticker: "PETR4", quantity: 100, side: "BUY", price: 38.5 };
const readProblem = compile(ProblemBody);

describe("bad input", () => {
  const withBody = (body: unknown): Sent => ({
    method: "POST",
    path: "/orders",
    headers: json,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const cases: [what: string, sent: Sent, status: number, code: string, field?: string][] = [
    ["malformed JSON", withBody('{"ticker":'), 400, "MALFORMED_JSON"],
    ["no body", withBody(""), 400, "MALFORMED_JSON"],
    ["a forbidden key", withBody('{"__proto__":{}}'), 400, "MALFORMED_JSON"],
    ["a list", withBody("[]"), 422, "INVALID_BODY"],
    ["a missing field", withBody({ ...order, side: undefined }), 422, "MISSING_FIELD", "side"],
    ["an unknown field", withBody({ ...order, user: 1 }), 422, "UNKNOWN_FIELD", "user"],
    ["a quantity as text", withBody({ ...order, quantity: "100" }), 422, "INVALID_FIELD", "quantity"],
    ["quantity 0", withBody({ ...order, quantity: 0 }), 422, "INVALID_FIELD", "quantity"],
    ["a negative quantity", withBody({ ...order, quantity: -100 }), 422, "INVALID_FIELD", "quantity"],
    ["a fraction", withBody({ ...order, quantity: 1.5 }), 422, "INVALID_FIELD", "quantity"],
    ["a huge quantity", withBody({ ...order, quantity: 1e18 }), 422, "AMOUNT_LIMIT", "quantity"],
    [
      "an infinite quantity",
      withBody(JSON.stringify(order).replace("100", "1e999")),
      422,
      "INVALID_FIELD",
      "quantity",
    ],
    ["a huge price", withBody({ ...order, price: 1_000_000.01 }), 422, "AMOUNT_LIMIT", "price"],
    ["a negative price", withBody({ ...order, price: -1 }), 422, "INVALID_FIELD", "price"],
    ["a price as text", withBody({ ...order, price: "38.5" }), 422, "INVALID_FIELD", "price"],
    ["an unknown side", withBody({ ...order, side: "HOLD" }), 422, "INVALID_FIELD", "side"],
    ["a lower-case ticker", withBody({ ...order, ticker: "petr4" }), 422, "INVALID_FIELD", "ticker"],
    ["an oversized body", withBody({ ...order, ticker: "X".repeat(17_000) }), 413, "BODY_TOO_LARGE"],
    [
      "another content type",
      { ...withBody("a=1"), headers: { "content-type": "text/plain" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["a query out of range", { path: "/page?limit=0" }, 422, "INVALID_FIELD", "limit"],
    ["a query of another type", { path: "/page?limit=x" }, 422, "INVALID_FIELD", "limit"],
    ["an unknown path", { path: "/nothing" }, 404, "NOT_FOUND"],
    ["another method", { method: "DELETE", path: "/orders" }, 405, "METHOD_NOT_ALLOWED"],
    ["a path that is not well formed", { path: "/orders/%zz" }, 400, "MALFORMED_PATH"],
    ["a foreign host", { path: "/page", headers: { host: "evil.example" } }, 421, "MISDIRECTED", "host"],
    [
      "an origin",
      { path: "/page", headers: { origin: "http://evil.example" } },
      421,
      "ORIGIN_REFUSED",
      "origin",
    ],
    ["a refusal of the domain", { path: "/refused" }, 422, "NO_FUNDS", "quantity"],
  ];

  it.each(cases)("%s is refused", async (_what, sent, status, code, field) => {
    const answer = await send(await startServer(), sent);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    const problem = readProblem(JSON.parse(answer.text));
    expect(problem).toMatchObject({ ok: true, value: { status, code } });
    expect(answer.status).toBe(status);
    expect((JSON.parse(answer.text) as ProblemBody).field).toBe(field);
    expect(JSON.parse(answer.text).requestId).toBe(answer.headers["x-request-id"]);
  });

  it("tells nothing of what it did not foresee, and logs it", async () => {
    const answer = await send(await startServer(), { path: "/broken", headers: { "x-request-id": "abc-1" } });
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text)).toEqual({
      type: "about:blank",
      title: "Something unforeseen happened.",
      status: 500,
      code: "INTERNAL",
      requestId: "abc-1",
    });
    const line = logged.map((text) => JSON.parse(text)).find(({ level }) => level === "error");
    expect(line).toMatchObject({ service: name, requestId: "abc-1", route: "/broken" });
    expect(line.error.stack).toContain("a detail that nobody is told");
  });

  it("answers what is no HTTP", async () => {
    const { address } = await startServer();
    const [host, port] = address.split(":");
    const socket = connect(Number(port), host);
    socket.end("\u0016\u0003\u0001 hello\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(text).toContain('"code":"MALFORMED_REQUEST"');
  });
});

describe("a request", () => {
  it("is validated and answered as its schema says", async () => {
    const answer = await send(await startServer(), {
      method: "POST",
      path: "/orders",
      headers: json,
      body: JSON.stringify(order),
    });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([201, order]);
  });

  it("gets defaults of the query, as numbers", async () => {
    const server = await startServer();
    expect((await send(server, { path: "/page" })).text).toBe('{"limit":50}');
    expect((await send(server, { path: "/page?limit=7" })).text).toBe('{"limit":7}');
  });

  it.each(["127.0.0.1:1", "localhost", "LOCALHOST:9", "[::1]:80", name, `${name}:8088`])(
    "may be for %s",
    async (host) => {
      const answer = await send(await startServer(), { path: "/page", headers: { host } });
      expect(answer.status).toBe(200);
    },
  );

  it("continues the trace of its sender", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const headers = { traceparent, "x-request-id": "mine" };
    const { trace } = JSON.parse((await send(await startServer(), { path: "/orders/1", headers })).text);
    expect(trace.requestId).toBe("mine");
    expect(trace.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(trace.traceparent).not.toBe(traceparent);
  });

  it("gets an id and a trace where its sender gave none, or nonsense", async () => {
    const headers = { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01`, "x-request-id": "a b" };
    const answer = await send(await startServer(), { path: "/orders/1", headers });
    const { trace } = JSON.parse(answer.text);
    expect(trace.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers["x-request-id"]).toBe(trace.requestId);
    expect(trace.traceparent).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it("is finished when the server closes", async () => {
    let enter = () => {};
    const entered = new Promise<void>((resolve) => {
      enter = resolve;
    });
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const server = await startServer({
      routes: (app) =>
        app.get("/slow", async () => {
          enter();
          await finished;
          return "done";
        }),
    });
    const answer = send(server, { path: "/slow" });
    await entered;
    const closed = server.close();
    finish();
    await closed;
    expect((await answer).text).toBe("done");
    await expect(send(server, { path: "/page" })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("health", () => {
  it("is no news, also while something is away; another 503 is", async () => {
    const check = () => Promise.reject(new Error("away"));
    const server = await startServer({ dependencies: [{ name: "db", check }] });
    for (const path of ["/health/live", "/health/ready", "/metrics", "/broken"]) await send(server, { path });
    const requests = () => logged.map((text) => JSON.parse(text)).filter(({ msg }) => msg === "request");
    await expect
      .poll(() => requests().map(({ level, route, status }) => [level, route, status]))
      .toEqual([
        ["debug", "/health/live", 200],
        ["debug", "/health/ready", 503],
        ["debug", "/metrics", 200],
        ["info", "/broken", 500],
      ]);
  });

  it("is live, and ready with all dependencies", async () => {
    const server = await startServer({ dependencies: [{ name: "broker-order-db", check: async () => {} }] });
    expect((await send(server, { path: "/health/live" })).status).toBe(200);
    const ready = await send(server, { path: "/health/ready" });
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.text)).toMatchObject({
      status: "ready",
      service: name,
      dependencies: [{ name: "broker-order-db", ok: true }],
    });
  });

  it("names the dependency that is away, or silent for a second, and why", async () => {
    const server = await startServer({
      dependencies: [
        { name: "kafka", check: async () => {} },
        { name: "broker-order-db", check: () => Promise.reject(new Error("refused\nand more")) },
        { name: "rabbitmq", check: () => new Promise(() => {}) },
      ],
    });
    const ready = await send(server, { path: "/health/ready" });
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text)).toMatchObject({
      status: "not-ready",
      dependencies: [
        { name: "kafka", ok: true },
        { name: "broker-order-db", ok: false, problem: "refused" },
        { name: "rabbitmq", ok: false, problem: "no answer within 1000 ms" },
      ],
    });
  });

  it("prints metrics by route", async () => {
    const server = await startServer();
    await send(server, { path: "/orders/1" });
    const { text } = await send(server, { path: "/metrics" });
    expect(text).toContain(
      'http_request_duration_seconds_count{method="GET",route="/orders/:orderId",status="200"} 1',
    );
    expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  });

  it("describes its routes as OpenAPI", async () => {
    const { text } = await send(await startServer(), { path: "/openapi.json" });
    const document = JSON.parse(text);
    expect(document).toMatchObject({ openapi: "3.1.0", info: { title: name } });
    expect(Object.keys(document.paths)).toContain("/orders/{orderId}");
    expect(document.paths["/orders"].post.requestBody.content["application/json"].schema).toMatchObject({
      required: ["ticker", "quantity", "side"],
      additionalProperties: false,
    });
  });
});
