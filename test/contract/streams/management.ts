import { describe, expect, it } from "vitest";
import { auditStream, ordersExchange, toExchange } from "../../../contracts/topology.js";
import { askManagement, type ManagementAddress } from "../../../kit/rabbitmq-management.js";
import type { Bench } from "./rabbit-bench.js";

export function describeManagement(bench: Bench): void {
  const ask = (vhost?: string) =>
    askManagement(bench.broker.management as ManagementAddress, vhost === undefined ? {} : { vhost });

  describe("the management API", () => {
    it("lists exchanges, queues and bindings as they were declared", async () => {
      const { lab } = bench;
      const channel = await lab.channel();
      const exchange = lab.name("headers");
      await channel.assertExchange(exchange, "headers", { autoDelete: true, durable: false });
      const { queue } = await channel.assertQueue(lab.name("queue"), {
        durable: true,
        arguments: { "x-expires": 60_000 },
      });
      await channel.bindQueue(queue, exchange, "key", { "x-match": "any", colour: "red", size: 3 });
      const [exchanges, queues, bindings] = await Promise.all([
        ask().listExchanges(),
        ask().listQueues(),
        ask().listBindings(),
      ]);
      expect(exchanges.find(({ name }) => name === exchange)).toMatchObject({
        ...{ type: "headers", durable: false, auto_delete: true, internal: false, arguments: {} },
      });
      expect(exchanges.find(({ name }) => name === ordersExchange)).toMatchObject({
        type: "direct",
        durable: true,
      });
      expect(queues.find(({ name }) => name === queue)).toMatchObject({
        ...{ type: "quorum", durable: true, auto_delete: false, arguments: { "x-expires": 60_000 } },
      });
      expect(queues.find(({ name }) => name === auditStream)).toMatchObject({
        type: "stream",
        arguments: { "x-max-age": "7D" },
      });
      expect(bindings).toContainEqual(
        expect.objectContaining({
          ...{ source: exchange, destination: queue, destination_type: "queue", routing_key: "key" },
          arguments: { "x-match": "any", colour: "red", size: 3 },
        }),
      );
      const { queue: destination, routingKey: routing_key } = toExchange;
      expect(bindings).toContainEqual(
        expect.objectContaining({ source: "", destination, routing_key: destination }),
      );
      expect(bindings).toContainEqual(
        expect.objectContaining({ source: ordersExchange, destination, routing_key }),
      );
    });

    it("knows no other virtual host", async () => {
      await expect(ask("no-such-host").listQueues()).rejects.toMatchObject({ status: 404 });
    });

    it("switches tracing on and off", async () => {
      for (const on of [true, false]) {
        await ask().setTracing(on);
        expect(await ask().isTracing()).toBe(on);
      }
    });
  });
}
