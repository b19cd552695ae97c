import { AmqpError } from "../wire/amqp-error.js";
import type { MethodArguments } from "../wire/method-codec.js";
import { type Field, type Table, tableOf } from "../wire/table.js";

type Tuning = MethodArguments<"connection.tune">;

/** What connection.tune proposes: RabbitMQ's defaults. */
export const offered: Tuning = { channelMax: 2047, frameMax: 131072, heartbeat: 60 };

/** RabbitMQ 4 refuses less. */
const smallestFrameMax = 8192;

/** The client's choice, 0 being what was offered. @throws AmqpError 530 outside of the offer */
export function negotiate(chosen: Tuning): Tuning {
  const channelMax = chosen.channelMax === 0 ? offered.channelMax : chosen.channelMax;
  const frameMax = chosen.frameMax === 0 ? offered.frameMax : chosen.frameMax;
  for (const [name, value, limit] of [
    ["channel_max", channelMax, offered.channelMax],
    ["frame_max", frameMax, offered.frameMax],
  ] as const) {
    if (value <= limit) continue;
    throw new AmqpError(
      530,
      `negotiated ${name} = ${value} is higher than the maximum allowed value (${limit})`,
    );
  }
  if (frameMax < smallestFrameMax) {
    throw new AmqpError(
      530,
      `negotiated frame_max = ${frameMax} is lower than the minimum allowed value (${smallestFrameMax})`,
    );
  }
  return { channelMax, frameMax, heartbeat: chosen.heartbeat };
}

export const serverProperties: Table = tableOf({
  product: "mybroker embedded",
  platform: "Node.js",
  information: "AMQP 0-9-1 for development; not RabbitMQ",
  capabilities: {
    publisher_confirms: true,
    exchange_exchange_bindings: true,
    "basic.nack": true,
    consumer_cancel_notify: true,
    "connection.blocked": true,
    consumer_priorities: true,
    authentication_failure_close: true,
    per_consumer_qos: true,
  },
});

/** What a client says of itself in `capabilities`. */
export function hasCapability(clientProperties: Table, name: string): boolean {
  const capabilities: Field | undefined = clientProperties.get("capabilities");
  const field = capabilities?.type === "F" ? capabilities.value.get(name) : undefined;
  return field?.type === "t" && field.value;
}
