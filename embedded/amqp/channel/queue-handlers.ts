import { randomBytes } from "node:crypto";
import type { Binding } from "../topology/binding.js";
import { queueTitle } from "../topology/equivalence.js";
import { AmqpError } from "../wire/amqp-error.js";
import type { Table } from "../wire/table.js";
import type { Channel } from "./channel.js";
import { assertBindable, unbind } from "./exchange-handlers.js";
import type { Handlers } from "./handlers.js";

interface QueueBinding {
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly arguments: Table;
}

function findBinding(channel: Channel, values: QueueBinding): Binding {
  const destination = channel.findQueue(values.queue);
  // Section 1.7.2.3 of the specification: without a queue's name, an empty key stands for that name as well.
  const useName = values.queue === "" && values.routingKey === "";
  return {
    source: channel.host.topology.exchange(values.exchange),
    destination,
    routingKey: useName ? destination.name : values.routingKey,
    arguments: values.arguments,
  };
}

function generateName(): string {
  return `amq.gen-${randomBytes(16).toString("base64url")}`;
}

export const queueHandlers: Handlers = {
  "queue.declare": async (channel, { queue: wanted, passive, noWait, ...spec }) => {
    const { topology, identity } = channel.host;
    const name = wanted === "" && !passive ? generateName() : wanted;
    const queue = passive
      ? channel.findQueue(name)
      : await topology.declareQueue({ ...spec, name }, identity);
    channel.lastQueue = queue.name;
    if (passive) queue.stored.touch();
    const { readyCount: messageCount, consumerCount } = queue.stored;
    if (!noWait) channel.send("queue.declare-ok", { queue: queue.name, messageCount, consumerCount });
  },
  "queue.bind": async (channel, values) => {
    await channel.host.topology.bind(() => {
      const binding = findBinding(channel, values);
      assertBindable(binding);
      return binding;
    });
    if (!values.noWait) channel.send("queue.bind-ok", {});
  },
  "queue.unbind": async (channel, values) => {
    await unbind(channel, () => findBinding(channel, values));
    channel.send("queue.unbind-ok", {});
  },
  "queue.purge": async (channel, { queue, noWait }) => {
    const messageCount = await channel.findQueue(queue).stored.purge();
    if (!noWait) channel.send("queue.purge-ok", { messageCount });
  },
  "queue.delete": async (channel, { queue: name, ifUnused, ifEmpty, noWait }) => {
    const { topology } = channel.host;
    const missing = name !== "" && !topology.queues.has(name);
    const messageCount = missing
      ? 0
      : await topology.deleteQueue(channel.findQueue(name), ({ name: found, kind, stored }) => {
          const flag = ifUnused ? "if-unused" : "if-empty";
          if (kind === "quorum" && (ifUnused || ifEmpty)) {
            const detail = `queue.delete operations with ${flag} flag set are not supported by quorum queues`;
            throw new AmqpError(540, `cannot delete ${queueTitle(found)}. ${detail}`);
          }
          if (ifUnused && stored.consumerCount > 0) throw new AmqpError(406, `${queueTitle(found)} in use`);
          if (ifEmpty && stored.readyCount > 0) throw new AmqpError(406, `${queueTitle(found)} not empty`);
        });
    if (!noWait) channel.send("queue.delete-ok", { messageCount });
  },
};
