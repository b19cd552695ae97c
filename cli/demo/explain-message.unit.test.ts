import { describe, expect, it } from "vitest";
import { ordersExchange, toBroker, toExchange } from "../../contracts/topology.js";
import type { StreamRecord } from "../streams/record.js";
import { explainMessage } from "./explain-message.js";

function kafka(stream: string, value: object): StreamRecord {
  const bytes = Buffer.from(JSON.stringify(value));
  return { source: "kafka", stream, kind: "topic", key: "u", publishedMs: 0, headers: {}, bytes };
}

function rabbit(key: string, value: object): StreamRecord {
  const message = kafka("audit.broker.orders", value);
  return { ...message, source: "rabbit", kind: "stream", key, exchange: ordersExchange };
}

const messages: readonly StreamRecord[] = [
  ...["RESERVE", "SETTLEMENT", "REFUND"].map((transactionType) =>
    kafka("wallet-events-v1", { transactionType }),
  ),
  ...["PENDING", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "REJECTED"].map((status) =>
    kafka("order-events-v1", { status }),
  ),
  rabbit(toExchange.routingKey, { orderId: "a" }),
  ...["ACCEPTED", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "REJECTED"].map((status) =>
    rabbit(toBroker.routingKey, { status }),
  ),
];

describe("explainMessage", () => {
  it("has a sentence of its own for each message of an order's way, which fits below its line", () => {
    const sentences = messages.map(explainMessage);
    expect(new Set(sentences).size).toBe(messages.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].{10,65}\.$/);
  });

  it("says nothing of what it does not know", () => {
    expect(explainMessage(kafka("order-events-v1", { status: "UNHEARD_OF" }))).toBe("");
    expect(explainMessage(kafka("theirs", { status: "FILLED" }))).toBe("");
    expect(explainMessage({ ...kafka("order-events-v1", {}), bytes: Buffer.from("no JSON") })).toBe("");
  });
});
