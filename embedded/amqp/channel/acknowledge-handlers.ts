import { AmqpError } from "../wire/amqp-error.js";
import type { Channel } from "./channel.js";
import type { Handlers } from "./handlers.js";

function refuse(channel: Channel, values: { tag: number; multiple: boolean; requeue: boolean }): void {
  channel.unacked.settle(values, ({ stored }, ids) =>
    values.requeue ? stored.requeue(ids, "returned") : stored.reject(ids),
  );
  channel.resumeConsumers();
}

function recover(channel: Channel, requeue: boolean): void {
  if (!requeue) throw new AmqpError(540, "requeue=false");
  refuse(channel, { tag: 0, multiple: true, requeue });
}

export const acknowledgeHandlers: Handlers = {
  "basic.ack": (channel, { deliveryTag: tag, multiple }) => {
    channel.unacked.settle({ tag, multiple }, ({ stored }, ids) => stored.ack(ids));
    channel.resumeConsumers();
  },
  "basic.nack": (channel, { deliveryTag: tag, multiple, requeue }) => {
    refuse(channel, { tag, multiple, requeue });
  },
  "basic.reject": (channel, { deliveryTag: tag, requeue }) => {
    refuse(channel, { tag, multiple: false, requeue });
  },
  "basic.recover": (channel, { requeue }) => {
    recover(channel, requeue);
    channel.send("basic.recover-ok", {});
  },
  "basic.recover-async": (channel, { requeue }) => recover(channel, requeue),
  "confirm.select": (channel, { noWait }) => {
    channel.startConfirms();
    if (!noWait) channel.send("confirm.select-ok", {});
  },
  "channel.flow": (channel, { active }) => {
    if (!active) throw new AmqpError(540, "active=false");
    channel.send("channel.flow-ok", { active });
  },
};
