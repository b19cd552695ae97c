import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OrderEvent, OrderMessage, type ResultMessage } from "../../../contracts/messages.js";
import type { OrderBody, ProblemBody } from "../../../contracts/rest.js";
import { stack, withDefaults } from "../../../contracts/testing/stack-files.js";
import { ordersExchange, toBroker, toExchange } from "../../../contracts/topology.js";
import { runBroker, testAccount } from "../../../embedded/amqp/testing/run-broker.js";
import { type Database, openDatabase } from "../../../kit/sql/database.js";
import { eventually } from "../../../test/contract/amqp/lab.js";
import { startService } from "../../../test/support/domain-service.js";
import { findFreePorts } from "../../../test/support/free-ports.js";
import { startTestKafka } from "../../../test/support/kafka-broker.js";
import { createTestContext } from "../../../test/support/link-context.js";
import { createClient } from "../../shared/http/client.js";
import { openKafkaLink } from "../../shared/messaging/kafka-link.js";
import { openRabbitmq } from "../../shared/messaging/rabbitmq-link.js";
import type { OrderSchema } from "../adapters/order-rows.js";
import { createOrderStore } from "../adapters/order-store.js";
import { createWallet } from "../adapters/remote.js";
import { sweep } from "../app/sweep.js";
import { brokerOrder } from "../main.js";
import { startAssets, startIdentity, startWallet } from "./stand-ins.js";

export type Running = Awaited<ReturnType<typeof runOrderService>>;

/** The service on embedded brokers and a SQLite file, with stand-ins for identity, asset and wallet. */
export async function runOrderService(env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "broker-order-"));
  const path = join(folder, "broker-order-db.sqlite");
  const definitions = JSON.parse(withDefaults(stack.configs["rabbitmq-definitions"]?.content ?? ""));
  // The same again after a restart.
  const [port = 0] = await findFreePorts(1);
  const [identity, assets, wallet, amqp, kafka] = await Promise.all([
    startIdentity(),
    startAssets(),
    startWallet(),
    runBroker({ definitions, port }),
    startTestKafka(),
  ]);
  const lines: string[] = [];
  const serviceToken = "not-a-secret-token";
  const settings = {
    DATABASE_URL: `sqlite://${path}`,
    RABBITMQ_URL: `amqp://127.0.0.1:${amqp.broker.port}`,
    RABBITMQ_USER: testAccount.user,
    RABBITMQ_PASSWORD: testAccount.password,
    KAFKA_BROKERS: kafka.address,
    IDENTITY_URL: identity.url,
    WALLET_URL: wallet.url,
    ASSET_URL: assets.url,
    SERVICE_TOKEN: serviceToken,
    LOG_LEVEL: "info",
    ...env,
  };
  let service = await startService(brokerOrder, settings, lines);
  const database: Database<OrderSchema> = await openDatabase({ kind: "sqlite", path });
  const context = createTestContext("order-test");
  const rabbitmq = openRabbitmq({ host: "127.0.0.1", port: amqp.broker.port, ...testAccount }, context);
  const events = openKafkaLink({ ...context, brokers: [kafka.address], name: "order-events-test" });
  const sent: OrderMessage[] = [];
  const published: OrderEvent[] = [];
  const probe = async () => {};
  const listen = () => {
    rabbitmq.consume({
      queue: toExchange.queue,
      schema: OrderMessage,
      handle: async (batch) => void sent.push(...batch.map(({ body }) => body)),
      probe,
    });
    events.consume({
      groupId: "order-events-test",
      topics: { "order-events-v1": OrderEvent },
      handle: async (batch) => void published.push(...batch.map(({ value }) => value)),
      probe,
    });
  };
  listen();
  const ping = () =>
    rabbitmq.ping().then(
      () => true,
      () => false,
    );
  await eventually(ping, (isUp) => isUp);
  const walletClient = createClient({
    baseUrl: wallet.url,
    service: "broker-wallet",
    timeoutMs: 2_000,
    serviceToken,
  });
  const request = async (method: "GET" | "POST" | "DELETE", route: string, options: RequestOptions = {}) => {
    const { userId = "user-1", body, token, headers = {} } = options;
    const bearer = token ?? (await identity.tokenOf(userId));
    const response = await fetch(`http://${service.address}${route}`, {
      method,
      headers: {
        ...(bearer === "" ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
    return { status: response.status, body: (await response.json()) as any };
  };
  return {
    ...{
      path,
      assets,
      wallet,
      identity,
      sent,
      published,
      lines,
      database,
      context,
      request,
      kafka,
      amqp,
      rabbitmq,
    },
    place: (
      fields: object = {},
      options: RequestOptions = {},
    ): Promise<{ status: number; body: OrderBody & Pick<ProblemBody, "code" | "field"> }> =>
      request("POST", "/api/v1/orders", { ...options, body: { ...limitOrder, ...fields } }),
    find: async (orderId: string): Promise<OrderBody> =>
      (await request("GET", `/api/v1/orders/${orderId}`)).body,
    /** As the exchange answers. */
    answer: (result: ResultMessage, headers: Record<string, string> = {}) =>
      rabbitmq.publish({
        exchange: ordersExchange,
        routingKey: toBroker.routingKey,
        messageId: `${result.orderId}-${result.orderSeq}`,
        body: result,
        headers,
      }),
    messagesOf: (orderId: string) => sent.filter((message) => message.orderId === orderId),
    eventsOf: (orderId: string) => published.filter((event) => event.orderId === orderId),
    /** What the sweeper does at that time. */
    sweepAt: (now: number) =>
      sweep({ store: createOrderStore(database, () => {}), wallet: createWallet(walletClient) }, now),
    url: () => `http://${service.address}`,
    metrics: async () => (await fetch(`http://${service.address}/metrics`)).text(),
    restart: async () => {
      await service.close();
      service = await startService(brokerOrder, settings, lines);
    },
    close: async () => {
      await service.close();
      walletClient.close();
      await Promise.all([rabbitmq.close(), events.close(), database.close()]);
      await Promise.all([identity.close(), assets.close(), wallet.close(), amqp.stop(), kafka.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

export const limitOrder = { ticker: "PETR4", quantity: 100, side: "BUY", price: 38.5 };

interface RequestOptions {
  readonly userId?: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

export function eventuallyEqual<T>(read: () => T | Promise<T>, wanted: T): Promise<unknown> {
  return eventually(
    async () => JSON.stringify(await read()),
    (got) => got === JSON.stringify(wanted),
  );
}
