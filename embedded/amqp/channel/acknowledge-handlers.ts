import { AmqpError } from "../wire/amqp-error.js";
import type { Channel } from "./channel.js";
import type { Handlers } from "./handlers.js";

interface Refused {
  readonly tag: number;
  readonly multiple: boolean;
  readonly requeue: boolean;
  readonly cause: "returned" | "lost";
}

function refuse(channel: Channel, refused: Refused): void {
  channel.unacked.settle(refused, ({ stored }, ids) =>
    refused.requeue ? stored.requeue(ids, refused.cause) : stored.reject(ids),
  );
  channel.resumeConsumers();
}

function recover(channel: Channel, requeue: boolean): void {
  if (!requeue) throw new AmqpError(540, "requeue=false");
  refuse(channel, { tag: 0, multiple: true, requeue, cause: "returned" });
}

export const acknowledgeHandlers: Handlers = {
  "basic.ack": (channel, { deliveryTag: tag, multiple }) => {
    channel.unacked.settle({ tag, multiple }, ({ stored }, ids) => stored.ack(ids));
    channel.resumeConsumers();
  },
  "basic.nack": (channel, { deliveryTag: tag, multiple, requeue }) => {
    refuse(channel, { tag, multiple, requeue, cause: "returned" });
  },
  "basic.reject": (channel, { deliveryTag: tag, requeue }) => {
    // A quorum queue of RabbitMQ 4.3 counts basic.reject as a failed delivery, basic.nack as none.
    refuse(channel, { tag, multiple: false, requeue, cause: "lost" });
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
