import { v7 as makeId } from "uuid";
import { expect } from "vitest";
import type { OrderEvent } from "../../../contracts/messages.js";
import { type Position, WalletSummary } from "../../../contracts/rest.js";
import { switchSqliteFile } from "../../../kit/sql/sqlite-file.js";
import { makeStoreFolder, startService } from "../../../test/support/domain-service.js";
import { call, startIdentity } from "../../../test/support/identity-service.js";
import { startTestKafka, type TestKafka } from "../../../test/support/kafka-broker.js";
import { createTestContext } from "../../../test/support/link-context.js";
import { type KafkaLink, openKafkaLink } from "../../shared/messaging/kafka-link.js";
import { compile } from "../../shared/validate.js";
import { brokerWallet } from "../main.js";

export const orderToken = "not-a-secret-order";

interface Answer {
  readonly status: number;
  readonly body: never;
}
type Headers = Record<string, string>;

/** The wallet with a real identity and Kafka around it. */
export interface WalletLab {
  readonly kafka: TestKafka;
  readonly link: KafkaLink;
  /** Of the administrator. */
  readonly admin: string;
  /** A new user's token. */
  register(): Promise<string>;
  request(
    ...args: [method: "GET" | "POST" | "PUT" | "DELETE", path: string, options?: Options]
  ): Promise<Answer>;
  get(token: string, path: string, headers?: Headers): Promise<Answer>;
  post(token: string, path: string, body: unknown, headers?: Headers): Promise<Answer>;
  /** As the order service does it; with the token null without one. */
  reservation(
    method: "PUT" | "DELETE",
    orderId: string,
    body?: unknown,
    token?: string | null,
  ): Promise<Answer>;
  cashOf(token: string): Promise<{ available: number; blocked: number }>;
  positionsOf(token: string): Promise<Position[]>;
  /** A reservation's body: BUY 100 PETR4 at 38.50. */
  terms(token: string, changes?: object): Promise<{ userId: string }>;
  /** Order events of 100 PETR4 at 38.50. */
  publish(...events: NewOrderEvent[]): Promise<void>;
  switchStore(store: "database" | "cache", on: boolean): void;
  restart(): Promise<void>;
  readonly databasePath: string;
  close(): Promise<void>;
}
export type NewOrderEvent = Partial<OrderEvent> & { orderId: string; userId: string };
interface Options {
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Headers;
}

export async function openWalletLab(): Promise<WalletLab> {
  const folder = await makeStoreFolder();
  const files = { database: `${folder.path}/wallet.sqlite`, cache: `${folder.path}/cache.sqlite` };
  const kafka = await startTestKafka();
  const identity = await startIdentity(folder.path);
  const start = () =>
    startService(brokerWallet, {
      DATABASE_URL: `sqlite://${files.database}`,
      CACHE_URL: `sqlite://${files.cache}`,
      KAFKA_BROKERS: kafka.address,
      IDENTITY_URL: identity.url,
      SERVICE_TOKEN_BROKER_ORDER: orderToken,
    });
  let wallet = await start();
  const link = openKafkaLink({ ...createTestContext("test"), brokers: [kafka.address] });
  await link.ensureTopics(["order-events-v1", "trading-assets-market-data-v1"]);
  const atIdentity = async (path: string, body: object) => {
    const answer = await call(
      { address: identity.url.slice("http://".length) },
      { method: "POST", path, body },
    );
    return (answer.body as { token: string }).token;
  };
  const admin = await atIdentity("/api/v1/auth/login", {
    email: "admin@mybroker.example",
    password: "not-a-secret-admin",
  });

  const request: WalletLab["request"] = (method, path, options) =>
    call(wallet, { method, path, ...options }) as Promise<Answer>;
  const get: WalletLab["get"] = (token, path, headers = {}) =>
    request("GET", `/api/v1/wallets/me/${path}`, { token, headers });
  const summaryOf = async (token: string) => {
    const { body } = await get(token, "summary");
    expect(compile(WalletSummary)(body)).toMatchObject({ ok: true });
    return body as WalletSummary;
  };
  return {
    ...{ kafka, link, admin, request, get, databasePath: files.database },
    register: () => {
      const email = `${makeId()}@example.com`;
      return atIdentity("/api/v1/auth/register", { name: "Bia", email, password: "not-a-secret-8" });
    },
    post: (token, path, body, headers = {}) =>
      request("POST", `/api/v1/wallets/${path}`, { body, token, headers }),
    reservation: (method, orderId, body, token = orderToken) =>
      request(method, `/internal/v1/reservations/${orderId}`, {
        body,
        headers: token === null ? {} : { "x-service-token": token },
      }),
    cashOf: async (token) => {
      const { available, blocked } = await summaryOf(token);
      return { available, blocked };
    },
    positionsOf: async (token) => (await get(token, "positions")).body as Position[],
    terms: async (token, changes = {}) => {
      const { userId } = await summaryOf(token);
      return { userId, ticker: "PETR4", side: "BUY", quantity: 100, unitPrice: 38.5, ...changes };
    },
    publish: (...events) => link.send("order-events-v1", events.map(toRecord)),
    switchStore: (store, on) => switchSqliteFile(files[store], on),
    restart: async () => {
      await wallet.close();
      wallet = await start();
    },
    close: async () => {
      for (const file of Object.values(files)) switchSqliteFile(file, true);
      await link.close();
      await wallet.close();
      await identity.close();
      await kafka.close();
      await folder.remove();
    },
  };
}

function toRecord(event: NewOrderEvent) {
  const defaults = {
    ...{ ticker: "PETR4", quantity: 100, price: 38.5, executedPrice: null, side: "BUY", status: "PENDING" },
    eventTimestamp: new Date().toISOString(),
  };
  return { key: event.userId, value: { ...defaults, ...event }, messageId: makeId() };
}
