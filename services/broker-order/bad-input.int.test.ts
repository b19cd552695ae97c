import { request as openRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limitOrder, type Running, runOrderService } from "./testing/run-order-service.js";

describe("bad input", () => {
  let service: Running;
  let reference: Running;
  beforeAll(async () => {
    [service, reference] = await Promise.all([
      runOrderService(),
      runOrderService({ B3_MATCHING_MODE: "reference" }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([service.close(), reference.close()]);
  });

  const summary = ({ status, body }: { status: number; body: { code?: string; field?: string } }) =>
    [status, body.code, body.field].filter((part) => part !== undefined).join(" ");
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    service.request("POST", "/api/v1/orders", { body, headers });

  it.each([
    ["no JSON", '{"ticker":', "400 MALFORMED_JSON"],
    ["nothing", "", "400 MALFORMED_JSON"],
    ["an array", "[]", "422 INVALID_BODY"],
    ["more than 16 KiB", JSON.stringify({ ...limitOrder, ticker: "A".repeat(20_000) }), "413 BODY_TOO_LARGE"],
  ])("a body that is %s", async (_name, body, expected) => {
    expect(summary(await post(body))).toBe(expected);
  });

  it.each([
    [{ ticker: undefined }, "422 MISSING_FIELD ticker"],
    [{ ticker: "petr4" }, "422 INVALID_FIELD ticker"],
    [{ ticker: "'; drop table orders" }, "422 INVALID_FIELD ticker"],
    [{ ticker: "ZZZZ9" }, "422 UNKNOWN_TICKER ticker"],
    [{ ticker: "VALE3" }, "422 INACTIVE_TICKER ticker"],
    [{ ticker: "BBAS3", price: null }, "422 NO_PRICE ticker"],
    [{ quantity: undefined }, "422 MISSING_FIELD quantity"],
    [{ quantity: "100" }, "422 INVALID_FIELD quantity"],
    [{ quantity: 0 }, "422 INVALID_FIELD quantity"],
    [{ quantity: -100 }, "422 INVALID_FIELD quantity"],
    [{ quantity: 100.5 }, "422 INVALID_FIELD quantity"],
    [{ quantity: 10_000_100 }, "422 AMOUNT_LIMIT quantity"],
    [{ quantity: 1e300 }, "422 AMOUNT_LIMIT quantity"],
    [{ quantity: 150 }, "422 ODD_LOT quantity"],
    [{ ticker: "PETR4F", quantity: 100 }, "422 ODD_LOT quantity"],
    [{ price: "38.5" }, "422 INVALID_FIELD price"],
    [{ price: 0 }, "422 INVALID_FIELD price"],
    [{ price: -38.5 }, "422 INVALID_FIELD price"],
    [{ price: 38.505 }, "422 OFF_TICK price"],
    [{ price: 38.50001 }, "422 AMOUNT_INVALID price"],
    [{ price: 1e-9 }, "422 AMOUNT_INVALID price"],
    [{ price: 1_000_000.01 }, "422 AMOUNT_LIMIT price"],
    [{ price: 1_000_000, quantity: 10_000_000 }, "422 AMOUNT_LIMIT quantity"],
    [{ price: null, type: "LIMIT" }, "422 PRICE_MISSING price"],
    [{ type: "MARKET" }, "422 PRICE_REFUSED price"],
    [{ type: "STOP" }, "422 INVALID_FIELD type"],
    [{ side: "SHORT" }, "422 INVALID_FIELD side"],
    [{ timeInForce: "GTC" }, "422 INVALID_FIELD timeInForce"],
    [{ userId: "someone-else" }, "422 UNKNOWN_FIELD userId"],
  ])("an order with %j", async (fields, expected) => {
    expect(summary(await post({ ...limitOrder, ...fields }))).toBe(expected);
  });

  it.each([
    [{ timeInForce: "IOC" }, "422 UNSUPPORTED_IN_MODE timeInForce"],
    [{ price: null }, "422 UNSUPPORTED_IN_MODE type"],
  ])("in reference mode an order with %j", async (fields, expected) => {
    expect(summary(await reference.place(fields))).toBe(expected);
  });

  it("an Idempotency-Key that is none", async () => {
    expect(summary(await post(limitOrder, { "idempotency-key": "a b" }))).toBe(
      "422 INVALID_FIELD idempotency-key",
    );
  });

  it.each([
    ["limit=0", "422 INVALID_FIELD limit"],
    ["limit=many", "422 INVALID_FIELD limit"],
    ["status=DONE", "422 INVALID_FIELD status"],
    ["user=other", "422 UNKNOWN_FIELD user"],
  ])("a list with ?%s", async (query, expected) => {
    expect(summary(await service.request("GET", `/api/v1/orders?${query}`))).toBe(expected);
  });

  it.each([
    ["GET", "/api/v1/orders/no%20such", "422 INVALID_FIELD orderId"],
    ["GET", "/api/v1/orders/unknown", "404 NOT_FOUND"],
    ["DELETE", "/api/v1/orders/unknown", "404 NOT_FOUND"],
    ["DELETE", "/api/v1/orders", "405 METHOD_NOT_ALLOWED"],
    ["POST", "/api/v1/nothing", "404 NOT_FOUND"],
  ] as const)("%s %s", async (method, path, expected) => {
    expect(summary(await service.request(method, path))).toBe(expected);
  });

  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = {
    sub: "user-1",
    name: "n",
    email: "e",
    role: "ADMIN",
    iss: "mybroker",
    aud: "mybroker",
    exp: 4e9,
  };
  it.each([
    ["no token at all", async () => ""],
    ["alg none", async () => `${encode({ alg: "none" })}.${encode(claims)}.`],
    [
      "alg none with a signature",
      async () => `${encode({ alg: "none", kid: "test" })}.${encode(claims)}.AAAA`,
    ],
    [
      "another's claims under a real signature",
      async () => {
        const [header, , signature] = (await service.identity.tokenOf("user-1")).split(".");
        return `${header}.${encode(claims)}.${signature}`;
      },
    ],
    ["the key of another system", () => reference.identity.tokenOf("user-1")],
    ["a lifetime that is over", () => service.identity.tokenOf("user-1", "-1m")],
  ])("a token with %s", async (_name, make) => {
    const token = await make();
    expect(summary(await service.request("GET", "/api/v1/orders", { token }))).toBe(
      "401 UNAUTHORIZED authorization",
    );
    const options = { token, body: limitOrder };
    expect(summary(await service.request("POST", "/api/v1/orders", options))).toBe(
      "401 UNAUTHORIZED authorization",
    );
  });

  it.each([
    [{ host: "evil.example" }, 421],
    [{ origin: "http://evil.example" }, 421],
  ])("a request with %j", async (headers, expected) => {
    const token = await service.identity.tokenOf("user-1");
    const status = await new Promise((resolve, reject) => {
      const options = { headers: { authorization: `Bearer ${token}`, ...headers } };
      openRequest(`${service.url()}/api/v1/orders`, options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(expected);
  });

  it("leaves nothing behind", async () => {
    expect(await service.database.db.selectFrom("orders").select("order_id").execute()).toEqual([]);
    expect(await service.database.db.selectFrom("outbox").select("id").execute()).toEqual([]);
    expect(service.wallet.reservations.size).toBe(0);
    expect(service.lines.filter((line) => line.includes("unforeseen"))).toEqual([]);
  });
});
