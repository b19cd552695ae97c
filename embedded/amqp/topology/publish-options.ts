import type { PublishOptions } from "../queues/queue.js";
import { AmqpError } from "../wire/amqp-error.js";
import type { Properties } from "../wire/properties.js";

/** What the queues want to know. @throws AmqpError 406 for an expiration that is no number of milliseconds */
export function publishOptions({ deliveryMode, expiration }: Properties): PublishOptions {
  if (expiration !== undefined && (!/^\d{1,15}$/.test(expiration) || Number(expiration) > 0xffffffff)) {
    throw new AmqpError(406, `invalid expiration '${expiration}'`);
  }
  return {
    persistent: deliveryMode === 2,
    expirationMs: expiration === undefined ? undefined : Number(expiration),
  };
}
