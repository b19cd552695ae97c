import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { formats } from "../../contracts/formats.js";
import { type ServiceName, serviceNames } from "../../services/definitions.js";
import { call, enter, type Investor } from "./investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

const ajv = new Ajv({ strict: false, formats });
const orderBody = { ticker: "PETR4", quantity: 100, side: "BUY", price: 1 };
/** Answered as its document says, and that is asked for below. */
const answered = new Set<string>();
const documents = new Map<ServiceName, Document>();
let system: System;
let investor: Investor;
let admin: Investor;
let orderId: string;

beforeAll(async () => {
  system = await startSystem();
  await waitUntilReady(system);
  const gateway = system.urls["broker-gateway"];
  investor = await enter(gateway, "openapi@example.com", secrets.password);
  admin = await enter(gateway, "admin@mybroker.example", secrets.password);
  await investor.deposit(100_000);
  const placed = await vi.waitUntil(async () => {
    const answer = await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
    return answer.status === 201 && answer;
  });
  orderId = placed.body.orderId;
  await vi.waitUntil(async () => (await investor.order(orderId)).status === "FILLED", { timeout: 10_000 });
  for (const name of serviceNames) {
    documents.set(name, (await call<Document>("GET", `${system.urls[name]}/openapi.json`)).body);
  }
}, 60_000);
afterAll(() => system.close());

interface Asked {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
}

/** Sends one request and holds the answer against the service's own document. */
async function expectAsDocumented(name: ServiceName, route: string, asked: Asked): Promise<void> {
  const [method = "", template = ""] = route.split(" ");
  const path = template.replace("{orderId}", orderId).replace("{ticker}", "PETR4");
  const { status, body, headers } = await call(method, `${system.urls[name]}${path}`, asked);
  expect({ route, status, body }).toMatchObject({ status: asked.status });
  const operation = documents.get(name)?.paths[template.split("?")[0] ?? ""]?.[method.toLowerCase()];
  const response = operation?.responses[status] ?? operation?.responses.default;
  const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";
  const schema = response?.content?.[type]?.schema;
  expect(schema, `${name} documents ${status} ${type} of ${route}`).toBeDefined();
  const validate = ajv.compile(schema ?? {});
  validate(body);
  expect({ route, body, errors: validate.errors }).toMatchObject({ errors: null });
  if (status < 300) answered.add(`${name} ${method} ${template.split("?")[0]}`);
}

describe("the OpenAPI documents", () => {
  it("say what the services answer", async () => {
    const { token } = investor;
    const service = { "x-service-token": secrets.serviceToken };
    const ask = expectAsDocumented;
    for (const name of serviceNames) {
      await ask(name, "GET /health/live", { status: 200 });
      await ask(name, "GET /health/ready", { status: 200 });
    }
    const password = secrets.password;
    const login = { email: investor.email, password };
    await ask("broker-identity", "POST /api/v1/auth/register", {
      body: { ...login, name: "New", email: "new@example.com" },
      status: 201,
    });
    await ask("broker-identity", "POST /api/v1/auth/register", {
      body: { ...login, name: "N" },
      status: 409,
    });
    await ask("broker-identity", "POST /api/v1/auth/login", { body: login, status: 200 });
    await ask("broker-identity", "POST /api/v1/auth/login", { body: {}, status: 422 });
    await ask("broker-identity", "GET /api/v1/auth/me", { token, status: 200 });
    await ask("broker-identity", "GET /api/v1/auth/me", { status: 401 });
    await ask("broker-identity", "GET /api/v1/auth/users", { token: admin.token, status: 200 });
    await ask("broker-identity", "GET /api/v1/auth/users", { token, status: 403 });
    await ask("broker-identity", "GET /.well-known/jwks.json", { status: 200 });

    await ask("broker-asset", "GET /api/v1/assets", { token, status: 200 });
    await ask("broker-asset", "GET /api/v1/assets/{ticker}", { token, status: 200 });
    await ask("broker-asset", "GET /api/v1/assets/{ticker}/price", { token, status: 200 });

    await ask("broker-wallet", "GET /api/v1/wallets/me/summary", { token, status: 200 });
    await ask("broker-wallet", "GET /api/v1/wallets/me/positions", { token, status: 200 });
    await ask("broker-wallet", "GET /api/v1/wallets/me/transactions?limit=2", { token, status: 200 });
    await ask("broker-wallet", "POST /api/v1/wallets/me/deposit", {
      token,
      body: { amount: 1 },
      status: 200,
    });
    await ask("broker-wallet", "POST /api/v1/wallets/me/deposit", {
      token,
      body: { amount: 0 },
      status: 422,
    });
    await ask("broker-wallet", "POST /api/v1/wallets/me/withdraw", {
      token,
      body: { amount: 1 },
      status: 200,
    });
    const custody = { userId: investor.userId, ticker: "VALE3", quantity: 1 };
    const asAdmin = { token: admin.token, body: custody, status: 200 };
    await ask("broker-wallet", "POST /api/v1/wallets/custody-in", asAdmin);
    await ask("broker-wallet", "POST /api/v1/wallets/custody-out", asAdmin);
    await ask("broker-wallet", "POST /api/v1/wallets/custody-in", { token, body: custody, status: 403 });

    await ask("broker-order", "POST /api/v1/orders", { token, body: orderBody, status: 201 });
    await ask("broker-order", "POST /api/v1/orders", {
      token,
      body: { ...orderBody, quantity: 1 },
      status: 422,
    });
    await ask("broker-order", "GET /api/v1/orders?limit=1", { token, status: 200 });
    await ask("broker-order", "GET /api/v1/orders/{orderId}", { token, status: 200 });
    await ask("broker-order", "GET /api/v1/orders/{orderId}", { token: admin.token, status: 404 });

    await ask("broker-report", "GET /api/v1/reports/me/orders", { token, status: 200 });
    await ask("broker-report", "GET /api/v1/reports/me/statement", { token, status: 200 });
    await ask("broker-report", "GET /api/v1/reports/assets/{ticker}/history", { token, status: 200 });

    await ask("b3-market-sync", "GET /quotes", { token, status: 200 });
    await ask("b3-market-sync", "GET /quotes/{ticker}", { token, status: 200 });
    await ask("b3-matching-engine", "GET /executions", { token, status: 200 });
    await ask("b3-matching-engine", "GET /executions/order/{orderId}", { token, status: 200 });
    await ask("b3-matching-engine", "GET /book/{ticker}", { token, status: 200 });

    const resting = await investor.place({ ...orderBody, side: "BUY" });
    orderId = resting.body.orderId;
    await ask("broker-order", "DELETE /api/v1/orders/{orderId}", { token, status: 202 });

    orderId = "01a20585-08b6-7267-97b8-615b512774fb";
    const reservation = {
      userId: investor.userId,
      ticker: "PETR4",
      side: "BUY",
      quantity: 1,
      unitPrice: 1,
    };
    const reserve = "PUT /internal/v1/reservations/{orderId}";
    await ask("broker-wallet", reserve, { body: reservation, status: 401 });
    await ask("broker-wallet", reserve, { headers: service, body: reservation, status: 200 });
    await ask("broker-wallet", "DELETE /internal/v1/reservations/{orderId}", {
      headers: service,
      status: 200,
    });
  }, 30_000);

  it("leave out no route, and have none that was not asked for here", () => {
    const documented = [...documents].flatMap(([name, { paths }]) =>
      Object.entries(paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => `${name} ${method.toUpperCase()} ${path}`),
      ),
    );
    const own = documented.filter(
      (route) => !route.endsWith(" /metrics") && !route.startsWith("broker-gateway "),
    );
    const asked = [...answered].filter((route) => !route.startsWith("broker-gateway "));
    expect(asked.sort()).toEqual(own.sort());
  });

  it("are one at the gateway for all that is behind it", () => {
    const paths = Object.keys(documents.get("broker-gateway")?.paths ?? {});
    for (const [name, document] of documents) {
      const open = Object.keys(document.paths).filter((path) => path.startsWith("/api/v1/"));
      expect(paths, name).toEqual(expect.arrayContaining(open));
    }
    expect(paths.filter((path) => path.startsWith("/internal"))).toEqual([]);
  });
});
