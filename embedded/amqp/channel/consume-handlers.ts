import { randomBytes } from "node:crypto";
import type { QueueKind } from "../queues/queue.js";
import type { BrokerQueue } from "../topology/binding.js";
import { queueTitle } from "../topology/equivalence.js";
import { traceMessage } from "../topology/firehose.js";
import { AmqpError } from "../wire/amqp-error.js";
import { plainTable, type Table } from "../wire/table.js";
import { ChannelConsumer, deliveredProperties } from "./channel-consumer.js";
import type { Handlers } from "./handlers.js";

/** Of basic.consume, by queue type: as RabbitMQ, and filters of streams, which are not offered. */
const refusedArguments: Readonly<Record<QueueKind, readonly string[]>> = {
  classic: ["x-stream-offset"],
  quorum: ["x-stream-offset"],
  stream: ["x-priority", "x-stream-filter"],
};

/** @throws AmqpError 406 for what its type cannot do */
function assertConsumable({ name, kind }: BrokerQueue, given: Table, prefetchCount: number): void {
  const refused = refusedArguments[kind].find((argument) => given.has(argument));
  if (refused !== undefined) {
    throw new AmqpError(406, `invalid arg '${refused}' for ${queueTitle(name)} of queue type ${kind}`);
  }
  if (kind === "stream" && prefetchCount === 0) {
    throw new AmqpError(406, `consumer prefetch count is not set for stream ${queueTitle(name)}`);
  }
}

export const consumeHandlers: Handlers = {
  "basic.qos": (channel, { prefetchSize, prefetchCount }) => {
    if (prefetchSize !== 0) throw new AmqpError(540, `prefetch_size!=0 (${prefetchSize})`);
    // With `global` too it counts for each consumer: RabbitMQ 4.3 shares none.
    channel.prefetchCount = prefetchCount;
    channel.send("basic.qos-ok", {});
  },
  "basic.consume": (channel, values) => {
    const queue = channel.findQueue(values.queue);
    const tag =
      values.consumerTag === "" ? `amq.ctag-${randomBytes(16).toString("base64url")}` : values.consumerTag;
    if (channel.consumers.has(tag)) throw new AmqpError(530, `attempt to reuse consumer tag '${tag}'`);
    const { noAck, exclusive } = values;
    const { prefetchCount } = channel;
    assertConsumable(queue, values.arguments, prefetchCount);
    if (exclusive && queue.kind === "classic" && queue.effective["x-single-active-consumer"] === true) {
      throw new AmqpError(403, `${queueTitle(queue.name)} in exclusive use`);
    }
    const consumer = new ChannelConsumer(channel, {
      tag,
      queue,
      noAck,
      exclusive,
      prefetchCount,
      arguments: plainTable(values.arguments),
    });
    consumer.subscribe();
    channel.consumers.set(tag, consumer);
    if (!values.noWait) channel.send("basic.consume-ok", { consumerTag: tag });
  },
  "basic.cancel": async (channel, { consumerTag, noWait }) => {
    const consumer = channel.consumers.get(consumerTag);
    channel.consumers.delete(consumerTag);
    consumer?.cancel();
    if (consumer !== undefined) await channel.host.topology.deleteUnused(consumer.queue);
    if (!noWait) channel.send("basic.cancel-ok", { consumerTag });
  },
  "basic.get": async (channel, { queue: name, noAck }) => {
    const queue = channel.findQueue(name);
    const delivery = await queue.stored.get(noAck);
    if (delivery === undefined) {
      channel.send("basic.get-empty", {});
      return;
    }
    const { message, deliveryId, redelivered } = delivery;
    traceMessage(channel.host.topology, message, { what: "deliver", queue: queue.name, redelivered });
    const deliveryTag = channel.nextDeliveryTag(
      noAck ? undefined : { queue, deliveryId, consumer: undefined },
    );
    const { exchange, routingKey, body } = message;
    channel.sendContent(
      "basic.get-ok",
      { deliveryTag, redelivered, exchange, routingKey, messageCount: queue.stored.readyCount },
      { properties: deliveredProperties(delivery), body },
    );
  },
};
