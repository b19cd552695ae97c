import type { OrderMessage } from "../../../contracts/messages.js";
import { toExchange } from "../../../contracts/topology.js";
import { toPayload } from "../../../kit/money.js";
import { makeId } from "../../shared/make-id.js";
import type { OutboxRow } from "../../shared/outbox/outbox.js";
import type { TracedChange } from "../app/ports.js";
import type { Order } from "../domain/order.js";

export const orderEventsTopic = "order-events-v1";

/** All that a change has to publish, in this order. */
export function toOutboxRows({ order, event, actions = [], traceparent }: TracedChange): OutboxRow[] {
  const trace = traceparent === undefined ? {} : { traceparent };
  const rows: OutboxRow[] = actions.map((action) => {
    const messageId = makeId();
    return {
      channel: "rabbitmq",
      destination: toExchange.routingKey,
      key: order.orderId,
      messageId,
      payload: toOrderMessage(order, action, messageId),
      ...trace,
    };
  });
  if (event === undefined) return rows;
  const eventId = makeId();
  const payload = { ...event, eventId };
  return [
    ...rows,
    {
      channel: "kafka",
      destination: orderEventsTopic,
      key: order.userId,
      messageId: eventId,
      payload,
      ...trace,
    },
  ];
}

function toOrderMessage(order: Order, action: "NEW" | "CANCEL", messageId: string): OrderMessage {
  const { orderId, ticker, quantity, side, type, timeInForce } = order;
  return {
    ...{ messageId, orderId, action, ticker, quantity, side, type, timeInForce },
    price: toPayload(order.price),
    eventTimestamp: new Date().toISOString(),
  };
}
