import type { ResultMessage } from "../../../contracts/messages.js";
import { toBroker } from "../../../contracts/topology.js";
import { toPayload } from "../../../kit/money.js";
import { makeId } from "../../shared/make-id.js";
import type { OutboxRow } from "../../shared/outbox/outbox.js";
import type { Answer } from "../app/ports.js";

/** A result as the broker reads it, in the order of its order. */
export function toOutboxRow({ told, traceparent }: Answer): OutboxRow {
  const messageId = makeId();
  const payload: ResultMessage = {
    messageId,
    orderId: told.orderId,
    status: told.status,
    ...(told.executedPrice === null ? {} : { executedPrice: toPayload(told.executedPrice) }),
    ...(told.executionId === null ? {} : { executionId: told.executionId }),
    ...(told.executedQuantity === null ? {} : { executedQuantity: told.executedQuantity }),
    cumQuantity: told.cumQuantity,
    leavesQuantity: told.leavesQuantity,
    orderSeq: told.orderSeq,
    ...(told.reason === null ? {} : { reason: told.reason }),
    eventTimestamp: new Date(told.at).toISOString(),
  };
  return {
    channel: "rabbitmq",
    destination: toBroker.routingKey,
    key: told.orderId,
    messageId,
    payload,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
