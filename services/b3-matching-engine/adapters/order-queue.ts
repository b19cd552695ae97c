import { Id } from "../../../contracts/fields.js";
import { messageHeaders } from "../../../contracts/message-headers.js";
import { OrderMessage } from "../../../contracts/messages.js";
import { toExchange } from "../../../contracts/topology.js";
import { MoneyError, parseMoney } from "../../../kit/money.js";
import { type Consumer, InvalidMessage } from "../../shared/messaging/messages.js";
import type { QueueMessage, RabbitmqLink, RawMessage } from "../../shared/messaging/rabbitmq-link.js";
import { readTrace } from "../../shared/trace.js";
import { compile } from "../../shared/validate.js";
import type { Wish } from "../app/batch-work.js";
import type { Engine } from "../app/engine.js";

const isId = compile(Id);
const batchSize = 200;

/** Orders and cancels of the broker: a batch is acked once it is stored; one that nobody can read is REJECTED. */
export function consumeOrders(rabbitmq: Pick<RabbitmqLink, "consume">, engine: Engine): Consumer {
  return rabbitmq.consume({
    queue: toExchange.queue,
    schema: OrderMessage,
    // The next batch is there when one is stored.
    prefetch: 2 * batchSize,
    maxBatch: batchSize,
    handle: (batch) => engine.run(batch.map(readWish)),
    onInvalid: async (raw) => {
      const orderId = (raw.body as { orderId?: unknown } | null | undefined)?.orderId;
      if (!isId(orderId).ok) return;
      await engine.run([{ kind: "REFUSE", orderId: String(orderId), ...readTraceparent(raw) }]);
    },
    probe: () => engine.ensureReady(),
  });
}

/** @throws InvalidMessage */
function readWish(message: QueueMessage<OrderMessage>): Wish {
  const { body } = message;
  const { orderId, ticker, side, quantity } = body;
  const trace = readTraceparent(message);
  if (body.action === "CANCEL") return { kind: "CANCEL", orderId, ...trace };
  if (ticker === undefined || side === undefined || quantity === undefined) {
    throw new InvalidMessage(message, "a new order has ticker, side and quantity");
  }
  const { type = "LIMIT", timeInForce = "DAY" } = body;
  const terms = { ticker, side, type, timeInForce, price: readPrice(message), quantity };
  return { kind: "NEW", orderId, terms, ...trace };
}

function readPrice(message: QueueMessage<OrderMessage>) {
  try {
    return message.body.price == null ? null : parseMoney(message.body.price);
  } catch (error) {
    throw error instanceof MoneyError ? new InvalidMessage(message, `/price ${error.message}`) : error;
  }
}

/** A sender without a trace begins none here. */
function readTraceparent({ headers }: Pick<RawMessage, "headers">): { traceparent?: string } {
  const traceparent = headers[messageHeaders.traceparent];
  return traceparent === undefined ? {} : { traceparent: readTrace({ traceparent }).traceparent };
}
