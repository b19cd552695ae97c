import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { ServiceName } from "../../services/definitions.js";
import { openKafkaLink } from "../../services/shared/messaging/kafka-link.js";
import { createTestContext } from "../support/link-context.js";
import { enter, type Investor, waitForPrices } from "./investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

/** Type, labels of its samples and where it is: what dashboards go by. */
const metrics: Record<string, { type: string; sample: RegExp; of: readonly ServiceName[] }> = {
  orders_total: { type: "counter", sample: /^orders_total\{status="FILLED"\} 1$/m, of: ["broker-order"] },
  order_roundtrip_seconds: {
    type: "histogram",
    sample: /^order_roundtrip_seconds_count 1$/m,
    of: ["broker-order"],
  },
  outbox_lag_seconds: {
    type: "gauge",
    sample: /^outbox_lag_seconds \d/m,
    of: ["broker-order", "broker-wallet", "b3-matching-engine"],
  },
  kafka_consumer_lag_records: {
    type: "gauge",
    sample: /^kafka_consumer_lag_records\{topic="trading-assets-market-data-v1",partition="\d"\} \d/m,
    of: ["broker-wallet", "broker-asset", "broker-report"],
  },
  dead_letters_total: {
    type: "counter",
    sample: /^dead_letters_total\{source="trading-assets-market-data-v1"\} 1$/m,
    of: ["broker-wallet", "broker-asset", "broker-report"],
  },
};
let system: System;
let investor: Investor;

beforeAll(async () => {
  system = await startSystem();
  await waitUntilReady(system);
  const gateway = system.urls["broker-gateway"];
  investor = await enter(gateway, "metrics@example.com", secrets.password);
  await waitForPrices(gateway, investor.token);
}, 120_000);
afterAll(() => system.close());

async function read(name: ServiceName): Promise<string> {
  return (await fetch(`${system.urls[name]}/metrics`)).text();
}

it("has the metrics that are agreed on, with their labels", async () => {
  for (const name of ["broker-order", "b3-matching-engine"] as const) {
    expect(await read(name), name).toContain("# TYPE dead_letters_total counter");
  }
  const link = openKafkaLink({ ...createTestContext("test"), brokers: [system.kafka] });
  await link.send("trading-assets-market-data-v1", [{ key: "PETR4", value: "no JSON", messageId: "m1" }]);
  await link.close();
  await investor.deposit(100_000);
  const { status } = await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
  expect(status).toBe(201);
  for (const [metric, { type, sample, of }] of Object.entries(metrics)) {
    for (const name of of) {
      await vi.waitFor(async () => expect(await read(name), name).toMatch(sample), { timeout: 20_000 });
      expect(await read(name), name).toContain(`# TYPE ${metric} ${type}`);
    }
  }
});
