import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { messageHeaders } from "../../contracts/message-headers.js";
import { ordersExchange, toBroker, toExchange, topics } from "../../contracts/topology.js";
import { openDatabase } from "../../kit/sql/database.js";
import { openKafkaLink } from "../../services/shared/messaging/kafka-link.js";
import { openRabbitmq } from "../../services/shared/messaging/rabbitmq-link.js";
import { type Collector, collectMessages } from "../support/collect-messages.js";
import { createTestContext } from "../support/link-context.js";
import { countRows } from "./count-rows.js";
import { findViolations } from "./find-violations.js";
import { call, enter, giveShares, type Investor, waitForPrices } from "./investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

const waiting = { timeout: 30_000, interval: 50 };

let system: System;
let gateway: string;
let admin: Investor;
let investor: Investor;

beforeAll(async () => {
  system = await startSystem({ env: { QUOTE_INTERVAL: "3600" } });
  await waitUntilReady(system);
  await deactivate("VALE3");
  gateway = system.urls["broker-gateway"];
  admin = await enter(gateway, "admin@mybroker.example", secrets.password);
  investor = await enter(gateway, "ana@example.com", secrets.password);
  await investor.deposit(100_000);
  await admin.summary();
  await giveShares(gateway, { admin, userId: investor.userId, ticker: "PETR4", quantity: 500 });
  await waitForPrices(gateway, admin.token);
}, 120_000);
afterAll(() => system?.close(), 60_000);

/** As whoever runs the catalogue would. */
async function deactivate(ticker: string): Promise<void> {
  await system.stopService("broker-asset");
  const path = system.storePath("broker-asset-db");
  const { db, close } = await openDatabase<{ assets: { ticker: string; status: string } }>({
    kind: "sqlite",
    path,
  });
  await db.updateTable("assets").set({ status: "INACTIVE" }).where("ticker", "=", ticker).execute();
  await close();
  await system.startService("broker-asset");
  await waitUntilReady(system, ["broker-asset"]);
}

const stores = ["broker-identity-db", "broker-wallet-db", "broker-order-db", "b3-core-db", "broker-asset-db"];
const countAll = () => countRows(stores.map((name) => system.storePath(name)));

interface Case {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly by?: "admin" | "service";
}
type Bad = readonly [what: string, path: string, asked: Case, status: number, code: string, field?: string];

const order = { ticker: "PETR4", quantity: 100, side: "BUY", price: 10 };
const orders = "/api/v1/orders";
const post = (what: string, path: string, body: unknown, ...rest: [number, string, string?]): Bad => [
  what,
  path,
  { method: "POST", body },
  ...rest,
];
const ofOrder = (change: object, ...[code, field]: [code: string, field: string]): Bad =>
  post(`an order with ${JSON.stringify(change)}`, orders, { ...order, ...change }, 422, code, field);
const text = (what: string, body: string, ...rest: [number, string, string?]): Bad =>
  post(`an order that is ${what}`, orders, body, ...rest);
const amounts = (path: string): Bad[] =>
  (
    [
      [{}, "MISSING_FIELD"],
      [{ amount: "1" }, "INVALID_FIELD"],
      [{ amount: null }, "INVALID_FIELD"],
      [{ amount: [1] }, "INVALID_FIELD"],
      [{ amount: 0 }, "INVALID_FIELD"],
      [{ amount: -1 }, "INVALID_FIELD"],
      [{ amount: 0.00001 }, "AMOUNT_INVALID"],
      [{ amount: 1.23456 }, "AMOUNT_INVALID"],
      [{ amount: 1e-9 }, "AMOUNT_INVALID"],
      [{ amount: 1e15 }, "AMOUNT_LIMIT"],
      [{ amount: 1e300 }, "AMOUNT_LIMIT"],
    ] as const
  ).map(([body, code]) => post(`${path} of ${JSON.stringify(body)}`, path, body, 422, code, "amount"));
const get = (path: string, code: string, field?: string, status = 422): Bad =>
  field === undefined ? [path, path, {}, status, code] : [path, path, {}, status, code, field];

const throughGateway: readonly Bad[] = [
  text("cut off", '{"ticker": "PETR4"', 400, "MALFORMED_JSON"),
  text("empty", "", 400, "MALFORMED_JSON"),
  text("no JSON", "ticker=PETR4", 400, "MALFORMED_JSON"),
  text("a number that JSON has not", JSON.stringify(order).replace("100", "NaN"), 400, "MALFORMED_JSON"),
  text("poisoned", '{"__proto__": {"side": "BUY"}}', 400, "MALFORMED_JSON"),
  text("a list", "[]", 422, "INVALID_BODY"),
  text("null", "null", 422, "INVALID_BODY"),
  text("a text", '"BUY"', 422, "INVALID_BODY"),
  text("nested 7,000 times", `${"[".repeat(7_000)}${"]".repeat(7_000)}`, 422, "INVALID_BODY"),
  text("beyond 16 KiB", JSON.stringify({ ...order, note: "x".repeat(17_000) }), 413, "BODY_TOO_LARGE"),
  text(
    "of a quantity beyond numbers",
    JSON.stringify(order).replace("100", "1e999"),
    422,
    "INVALID_FIELD",
    "quantity",
  ),
  [
    "an order as text",
    orders,
    { method: "POST", body: "{}", headers: { "content-type": "text/plain" } },
    415,
    "UNSUPPORTED_MEDIA_TYPE",
  ],
  ["an order without a type", orders, { method: "POST" }, 422, "INVALID_BODY"],
  ["a method that is none of its own", orders, { method: "PUT", body: order }, 405, "METHOD_NOT_ALLOWED"],
  post("an order of nothing", orders, {}, 422, "MISSING_FIELD", "ticker"),
  ...[
    1,
    null,
    "",
    "petr4",
    "PETR4 ",
    "PETR4\u0000",
    "PETR44444",
    "'; drop table orders; --",
    {},
    ["PETR4"],
  ].map((ticker) => ofOrder({ ticker }, "INVALID_FIELD", "ticker")),
  ofOrder({ ticker: "XXXX3" }, "UNKNOWN_TICKER", "ticker"),
  ofOrder({ ticker: "MXRF11F" }, "UNKNOWN_TICKER", "ticker"),
  ofOrder({ ticker: "VALE3" }, "INACTIVE_TICKER", "ticker"),
  ofOrder({ ticker: "VALE3F", quantity: 1 }, "INACTIVE_TICKER", "ticker"),
  ...["100", null, 0, -100, 1.5, 0.1, true, [100], {}].map((quantity) =>
    ofOrder({ quantity }, "INVALID_FIELD", "quantity"),
  ),
  ...[10_000_001, 1e15, 1e300].map((quantity) => ofOrder({ quantity }, "AMOUNT_LIMIT", "quantity")),
  ofOrder({ quantity: 150 }, "ODD_LOT", "quantity"),
  ofOrder({ quantity: 1 }, "ODD_LOT", "quantity"),
  ofOrder({ ticker: "PETR4F", quantity: 100 }, "ODD_LOT", "quantity"),
  ...["10", 0, -10, true, [10], {}].map((price) => ofOrder({ price }, "INVALID_FIELD", "price")),
  ofOrder({ price: 10.001 }, "OFF_TICK", "price"),
  ofOrder({ price: 0.0001 }, "OFF_TICK", "price"),
  ofOrder({ price: 10.00001 }, "AMOUNT_INVALID", "price"),
  ofOrder({ price: 1e-300 }, "AMOUNT_INVALID", "price"),
  ofOrder({ price: 1_000_000.01 }, "AMOUNT_LIMIT", "price"),
  ofOrder({ price: 1e300 }, "AMOUNT_LIMIT", "price"),
  ofOrder({ price: 1_000_000, quantity: 10_000_000 }, "AMOUNT_LIMIT", "quantity"),
  ...["HOLD", "buy", 1, null].map((side) => ofOrder({ side }, "INVALID_FIELD", "side")),
  ofOrder({ type: "STOP" }, "INVALID_FIELD", "type"),
  ofOrder({ timeInForce: "GTC" }, "INVALID_FIELD", "timeInForce"),
  ofOrder({ type: "LIMIT", price: undefined }, "PRICE_MISSING", "price"),
  ofOrder({ type: "MARKET" }, "PRICE_REFUSED", "price"),
  ofOrder({ userId: "somebody" }, "UNKNOWN_FIELD", "userId"),
  ofOrder({ status: "FILLED" }, "UNKNOWN_FIELD", "status"),
  ...["two words", "x".repeat(201), ""].map(
    (key): Bad => [
      `an Idempotency-Key of "${key.slice(0, 10)}"`,
      orders,
      { method: "POST", body: order, headers: { "idempotency-key": key } },
      422,
      "INVALID_FIELD",
      "idempotency-key",
    ],
  ),
  ...["limit=0", "limit=201", "limit=-1", "limit=x", "limit=1.5"].flatMap((query) =>
    [
      orders,
      "/api/v1/wallets/me/transactions",
      "/api/v1/reports/me/orders",
      "/api/v1/reports/me/statement",
    ].map((path) => get(`${path}?${query}`, "INVALID_FIELD", "limit")),
  ),
  get(`${orders}?status=DONE`, "INVALID_FIELD", "status"),
  get(`${orders}?ticker=x`, "INVALID_FIELD", "ticker"),
  get(`${orders}?userId=x`, "UNKNOWN_FIELD", "userId"),
  ...["x", "-1", "%00", "1e3", "x".repeat(150)].flatMap((cursor) =>
    [
      "/api/v1/wallets/me/transactions",
      "/api/v1/reports/me/orders",
      "/api/v1/reports/assets/PETR4/history",
    ].map((path) => get(`${path}?cursor=${cursor}`, "INVALID_FIELD", "cursor")),
  ),
  get(`${orders}?cursor=${"x".repeat(201)}`, "INVALID_FIELD", "cursor"),
  get(`${orders}/${"x".repeat(65)}`, "INVALID_FIELD", "orderId"),
  get(`${orders}/a%20b`, "INVALID_FIELD", "orderId"),
  get(`${orders}/a%00b`, "INVALID_FIELD", "orderId"),
  get(`${orders}/nobodys`, "NOT_FOUND", undefined, 404),
  get(`${orders}/%zz`, "MALFORMED_PATH", undefined, 400),
  ["the end of an order that is none", `${orders}/nobodys`, { method: "DELETE" }, 404, "NOT_FOUND"],
  get("/api/v1/assets/petr4", "NOT_FOUND", undefined, 404),
  get("/api/v1/assets/XXXX3", "NOT_FOUND", undefined, 404),
  get("/api/v1/assets/XXXX3/price", "NOT_FOUND", undefined, 404),
  get("/api/v1/reports/assets/petr4/history", "INVALID_FIELD", "ticker"),
  get("/api/v1/nothing", "NOT_FOUND", undefined, 404),
  ...amounts("/api/v1/wallets/me/deposit"),
  ...amounts("/api/v1/wallets/me/withdraw"),
  post(
    "a deposit beyond the limit",
    "/api/v1/wallets/me/deposit",
    { amount: 10_000_000.01 },
    422,
    "AMOUNT_LIMIT",
    "amount",
  ),
  post("more than there is", "/api/v1/wallets/me/withdraw", { amount: 100_000.01 }, 422, "NO_FUNDS"),
  ...["custody-in", "custody-out"].flatMap((part) =>
    (
      [
        [{ quantity: 0 }, "INVALID_FIELD", "quantity"],
        [{ quantity: -1 }, "INVALID_FIELD", "quantity"],
        [{ quantity: 1.5 }, "INVALID_FIELD", "quantity"],
        [{ quantity: "1" }, "INVALID_FIELD", "quantity"],
        [{ quantity: 1e9 }, "AMOUNT_LIMIT", "quantity"],
        [{ ticker: "x" }, "INVALID_FIELD", "ticker"],
        [{ userId: "a b" }, "INVALID_FIELD", "userId"],
        [{ unitPrice: -1 }, "INVALID_FIELD", "unitPrice"],
        [{ unitPrice: 1.00001 }, "AMOUNT_INVALID", "unitPrice"],
      ] as const
    ).map(
      ([change, code, field]): Bad => [
        `${part} of ${JSON.stringify(change)}`,
        `/api/v1/wallets/${part}`,
        {
          method: "POST",
          body: { userId: "somebody", ticker: "PETR4", quantity: 1, ...change },
          by: "admin",
        },
        422,
        code,
        field,
      ],
    ),
  ),
  ...(
    [
      [{ email: "nobody" }, "INVALID_FIELD", "email"],
      [{ email: "a@b@c" }, "INVALID_FIELD", "email"],
      [{ email: `${"x".repeat(300)}@example.com` }, "INVALID_FIELD", "email"],
      [{ password: "short" }, "INVALID_FIELD", "password"],
      [{ password: "x".repeat(201) }, "INVALID_FIELD", "password"],
      [{ name: "" }, "INVALID_FIELD", "name"],
      [{ name: "   " }, "INVALID_FIELD", "name"],
      [{ role: "ADMIN" }, "UNKNOWN_FIELD", "role"],
      [{ password: 12345678 }, "INVALID_FIELD", "password"],
    ] as const
  ).map(([change, code, field]) =>
    post(
      `a user with ${JSON.stringify(change).slice(0, 40)}`,
      "/api/v1/auth/register",
      { name: "New", email: "new@example.com", password: secrets.password, ...change },
      422,
      code,
      field,
    ),
  ),
  post(
    "a login with a list",
    "/api/v1/auth/login",
    { email: ["x"], password: "x" },
    422,
    "INVALID_FIELD",
    "email",
  ),
];

const reservation = { userId: "somebody", ticker: "PETR4", side: "BUY", quantity: 1, unitPrice: 1 };
const reserve = (change: object, code: string, field: string): Bad => [
  `a reservation with ${JSON.stringify(change)}`,
  "/internal/v1/reservations/an-order",
  { method: "PUT", body: { ...reservation, ...change }, by: "service" },
  422,
  code,
  field,
];
const onPorts: Readonly<Record<string, readonly Bad[]>> = {
  "broker-wallet": [
    reserve({ quantity: -1 }, "INVALID_FIELD", "quantity"),
    reserve({ quantity: 1.5 }, "INVALID_FIELD", "quantity"),
    reserve({ unitPrice: 0 }, "INVALID_FIELD", "unitPrice"),
    reserve({ unitPrice: 0.00001 }, "AMOUNT_INVALID", "unitPrice"),
    reserve({ side: "HOLD" }, "INVALID_FIELD", "side"),
    reserve({ userId: "" }, "INVALID_FIELD", "userId"),
  ],
  "b3-matching-engine": [
    get("/book/petr4", "INVALID_FIELD", "ticker"),
    get("/book/XXXX3", "NOT_FOUND", undefined, 404),
    get("/executions?limit=0", "INVALID_FIELD", "limit"),
    get("/executions?cursor=x", "INVALID_FIELD", "cursor"),
    get("/executions?cursor=99999999999999999999", "INVALID_FIELD", "cursor"),
    get("/executions/order/nobodys", "NOT_FOUND", undefined, 404),
  ],
  "b3-market-sync": [
    get("/quotes/petr4", "NOT_FOUND", undefined, 404),
    get("/quotes/XXXX3", "NOT_FOUND", undefined, 404),
  ],
};

const ownerOf = (path: string) =>
  ({
    auth: "broker-identity",
    orders: "broker-order",
    wallets: "broker-wallet",
    assets: "broker-asset",
    reports: "broker-report",
  })[/^\/api\/v1\/(\w+)/.exec(path)?.[1] ?? ""] as keyof System["urls"] | undefined;

async function tryAt(place: string, [what, path, asked, ...expected]: Bad): Promise<string[]> {
  const { by, method = "GET", ...request } = asked;
  const token = by === "service" ? {} : { token: (by === "admin" ? admin : investor).token };
  const headers = by === "service" ? { "x-service-token": secrets.serviceToken } : request.headers;
  const answer = await call(method, `${place}${path}`, {
    ...request,
    ...token,
    ...(headers ? { headers } : {}),
  });
  const { status, code, field, requestId } = answer.body;
  const type = answer.headers.get("content-type");
  const found = [answer.status, code, field];
  const isWell =
    status === answer.status && type?.startsWith("application/problem+json") === true && requestId !== "";
  if (isWell && JSON.stringify(found) === JSON.stringify([...expected.slice(0, 2), expected[2]])) return [];
  return [
    `${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)} (${JSON.stringify(answer.body)})`,
  ];
}

describe("bad input", () => {
  it("is refused with a code and the field, and writes nothing", { timeout: 120_000 }, async () => {
    const before = await countAll();
    const problems: string[] = [];
    for (const bad of throughGateway) {
      const owner = ownerOf(bad[1]);
      const places = [gateway, ...(owner === undefined ? [] : [system.urls[owner]])];
      for (const place of places) problems.push(...(await tryAt(place, bad)));
    }
    for (const [name, list] of Object.entries(onPorts)) {
      for (const bad of list) problems.push(...(await tryAt(system.urls[name as keyof System["urls"]], bad)));
    }
    expect(problems).toEqual([]);
    expect(await countAll()).toEqual(before);
    expect(system.log.filter((line) => /"status":5\d\d|"level":"error"/.test(line))).toEqual([]);
  });
});

/** As the collector has it. */
function normalize(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return JSON.stringify(body);
  }
}

/** What no schema takes, or no reader can read; each with a name of its own. */
const unreadable: Readonly<Record<string, string>> = {
  empty: "",
  "cut off": '{"orderId": "x"',
  "no JSON": "hello",
  null: "null",
  list: "[]",
  text: '"x"',
  nothing: "{}",
  nested: `${"[".repeat(2_000)}${"]".repeat(2_000)}`,
  large: JSON.stringify({ orderId: "x".repeat(70_000) }),
  NUL: '{"orderId": "a\\u0000b", "userId": "a\\u0000b", "ticker": "PETR4"}',
  "wrong types": '{"orderId": 1, "userId": 2, "ticker": 3, "status": true, "price": "x", "eventId": []}',
  "no number": '{"orderId": "bad", "userId": "bad", "ticker": "PETR4", "quantity": 1e999, "price": 1e999}',
};

describe("a message that can never be valid", () => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await collectMessages(system);
  }, 60_000);
  afterAll(() => collector?.close(), 30_000);

  const dead = (channel: string) => collector.messages.filter((message) => message.channel === channel);

  it("is put aside with its reason on each queue and topic, and the next one is read", {
    timeout: 90_000,
  }, async () => {
    const before = await countRows(["broker-wallet-db", "broker-order-db"].map(system.storePath));
    const context = createTestContext("stranger");
    const rabbitmq = openRabbitmq(system.rabbitmq, context);
    const kafka = openKafkaLink({ ...context, brokers: [system.kafka] });
    try {
      await vi.waitFor(() => rabbitmq.ping(), waiting);
      for (const { routingKey } of [toExchange, toBroker]) {
        for (const [messageId, body] of Object.entries(ofQueues)) {
          const id = messageId.replaceAll(" ", "-");
          await rabbitmq.publish({ exchange: ordersExchange, routingKey, messageId: id, body: body });
        }
      }
      for (const { name } of topics) {
        const records = Object.entries(unreadable).map(([messageId, value]) => ({
          key: "somebody",
          messageId,
          value: value,
        }));
        await kafka.send(name, records);
      }
      await vi.waitFor(() => {
        for (const { routingKey } of [toExchange, toBroker]) {
          const found = dead(`${routingKey}.dead`);
          const payloads = found.map(({ payload }) => JSON.stringify(payload));
          for (const body of Object.values(ofQueues)) expect(payloads, routingKey).toContain(normalize(body));
          // The exchange's refusals of what it could not read name orders that nobody knows.
          if (routingKey === toExchange.routingKey) expect(found.length).toBe(Object.keys(ofQueues).length);
          for (const { headers } of found) expect(headers[messageHeaders.reason]).toMatch(/./);
        }
        for (const { name, consumers } of topics) {
          const found = dead(`${name}.dlt`);
          for (const id of Object.keys(unreadable)) {
            const copies = found.filter(({ headers }) => headers[messageHeaders.messageId] === id);
            expect(copies.length, `${id} of ${name}`).toBe(consumers.length);
            for (const { headers } of copies) expect(headers[messageHeaders.reason]).toMatch(/./);
          }
        }
      }, waiting);
    } finally {
      await rabbitmq.close();
      await kafka.close();
    }
    expect(await countRows(["broker-wallet-db", "broker-order-db"].map(system.storePath))).toEqual(before);
    const placed = await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
    await vi.waitFor(async () => {
      expect((await investor.order(placed.body.orderId)).status).toBe("FILLED");
      expect(await findViolations(system.databases)).toEqual([]);
    }, waiting);
  });

  const ofQueues: Readonly<Record<string, string>> = {
    ...unreadable,
    "no order": '{"orderId": "nobodys", "status": "FILLED", "action": "NEW"}',
    "no quantity":
      '{"orderId": "nobodys", "status": "DONE", "ticker": "PETR4", "side": "BUY", "quantity": 0}',
    fraction:
      '{"orderId": "nobodys", "status": "FILLED", "executedPrice": 1.00001, "ticker": "PETR4", "side": "BUY", "quantity": 1, "price": 1.00001}',
  };
});
