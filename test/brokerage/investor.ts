import { randomUUID } from "node:crypto";
import { expect, vi } from "vitest";
import type {
  OrderBody,
  PlaceOrderBody,
  Position,
  SessionBody,
  WalletSummary,
} from "../../contracts/rest.js";

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export interface Asked {
  readonly token?: string;
  /** Text is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Default: none. */
  readonly timeoutMs?: number;
}

/** One request, as any client sends it. */
export async function call<Body = Record<string, unknown>>(
  method: string,
  url: string,
  { token, body, headers = {}, timeoutMs }: Asked = {},
): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: unknown = /json/.test(response.headers.get("content-type") ?? "")
    ? JSON.parse(text)
    : { text };
  return { status: response.status, body: parsed as Body, headers: response.headers };
}

/** Somebody with an account, over the gateway's REST. */
export interface Investor {
  readonly userId: string;
  readonly email: string;
  readonly token: string;
  deposit(amount: number): Promise<void>;
  withdraw(amount: number): Promise<void>;
  place(order: PlaceOrderBody, idempotencyKey?: string): Promise<Answer<OrderBody & { code?: string }>>;
  cancel(orderId: string): Promise<Answer<OrderBody>>;
  order(orderId: string): Promise<OrderBody>;
  orders(): Promise<OrderBody[]>;
  summary(): Promise<WalletSummary>;
  positions(): Promise<Position[]>;
}

/** Logs in, or registers who is new. */
export async function enter(gateway: string, email: string, password: string): Promise<Investor> {
  const login = await call<SessionBody>("POST", `${gateway}/api/v1/auth/login`, {
    body: { email, password },
  });
  const session =
    login.status === 200
      ? login
      : await call<SessionBody>("POST", `${gateway}/api/v1/auth/register`, {
          body: { name: email.split("@")[0], email, password },
        });
  expect(session.status, JSON.stringify(session.body)).toBeLessThan(300);
  const { token, userId } = session.body;
  const api = `${gateway}/api/v1`;
  const get = async <Body>(path: string): Promise<Body> => {
    const answer = await call<Body>("GET", `${api}/${path}`, { token });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const move = async (what: "deposit" | "withdraw", amount: number): Promise<void> => {
    const headers = { "idempotency-key": randomUUID() };
    const answer = await call("POST", `${api}/wallets/me/${what}`, { token, body: { amount }, headers });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  };
  return {
    userId,
    email,
    token,
    deposit: (amount) => move("deposit", amount),
    withdraw: (amount) => move("withdraw", amount),
    place: (order, idempotencyKey = randomUUID()) =>
      call("POST", `${api}/orders`, { token, body: order, headers: { "idempotency-key": idempotencyKey } }),
    cancel: (orderId) => call("DELETE", `${api}/orders/${orderId}`, { token }),
    order: (orderId) => get(`orders/${orderId}`),
    orders: async () => (await get<{ items: OrderBody[] }>("orders?limit=200")).items,
    summary: () => get("wallets/me/summary"),
    positions: () => get<Position[]>("wallets/me/positions"),
  };
}

/** Shares that the admin hands in. */
export async function giveShares(
  gateway: string,
  { admin, userId, ticker, quantity }: { admin: Investor; userId: string; ticker: string; quantity: number },
): Promise<void> {
  const answer = await call("POST", `${gateway}/api/v1/wallets/custody-in`, {
    token: admin.token,
    body: { userId, ticker, quantity },
    headers: { "idempotency-key": randomUUID() },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

/** Orders at the market need one. */
export async function waitForPrices(gateway: string, token: string): Promise<void> {
  const url = `${gateway}/api/v1/assets/PETR4/price`;
  await vi.waitUntil(async () => (await call("GET", url, { token })).status === 200, {
    timeout: 10_000,
    interval: 20,
  });
}
