import type { Delivery } from "../queues/queue.js";
import { decodeProperties, encodeProperties } from "../wire/properties.js";
import { type Field, longField } from "../wire/table.js";

/** The message's own property bytes, unless its queue has a header to add. */
export function deliveredProperties({ message, deliveryCount, streamOffset }: Delivery): Buffer {
  if (deliveryCount === 0 && streamOffset === undefined) return message.propertyBytes;
  const properties = decodeProperties(message.propertyBytes);
  const headers = new Map<string, Field>(properties.headers);
  if (deliveryCount > 0) headers.set("x-delivery-count", longField(deliveryCount));
  if (streamOffset !== undefined) headers.set("x-stream-offset", longField(streamOffset));
  return encodeProperties({ ...properties, headers });
}
