import type { QueueArguments, QueueKind } from "./queue.js";

/** What the arguments of a classic or quorum queue ask for; undefined where they ask for nothing. */
export interface Limits {
  readonly messageTtlMs: number | undefined;
  readonly expiresMs: number | undefined;
  readonly maxLength: number | undefined;
  readonly maxLengthBytes: number | undefined;
  readonly overflow: "drop-head" | "reject-publish" | "reject-publish-dlx";
  /** Negative: none. */
  readonly deliveryLimit: number;
  readonly deadLetters: boolean;
  readonly singleActiveConsumer: boolean;
}

/** RabbitMQ 4.0 and later give every quorum queue this one. */
const defaultDeliveryLimit = 20;

/** Arguments of a wrong type are refused at the declare, before they come here. */
export function readLimits(kind: QueueKind, given: QueueArguments): Limits {
  const overflow = given["x-overflow"];
  return {
    messageTtlMs: readNumber(given["x-message-ttl"]),
    expiresMs: readNumber(given["x-expires"]),
    maxLength: readNumber(given["x-max-length"]),
    maxLengthBytes: readNumber(given["x-max-length-bytes"]),
    overflow: overflow === "reject-publish" || overflow === "reject-publish-dlx" ? overflow : "drop-head",
    deliveryLimit: kind === "quorum" ? (readNumber(given["x-delivery-limit"]) ?? defaultDeliveryLimit) : -1,
    deadLetters: typeof given["x-dead-letter-exchange"] === "string",
    singleActiveConsumer: given["x-single-active-consumer"] === true,
  };
}

/** Whether that much is more than the queue may have ready. */
export function isOver(
  { maxLength, maxLengthBytes }: Limits,
  ready: { readonly count: number; readonly bytes: number },
): boolean {
  return (
    (maxLength !== undefined && ready.count > maxLength) ||
    (maxLengthBytes !== undefined && ready.bytes > maxLengthBytes)
  );
}

/** What fits in a record. */
const farFuture = 2 ** 48 - 1;

/**
 * When a message that comes now expires, in ms since 1970; 0: never. The shorter of its own time and the queue's
 * counts.
 */
export function findExpiry({ messageTtlMs }: Limits, expirationMs: number | undefined): number {
  const ttlMs = Math.min(expirationMs ?? Number.POSITIVE_INFINITY, messageTtlMs ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(ttlMs) ? Math.min(Date.now() + ttlMs, farFuture) : 0;
}

/** Decoders differ in what they make of 64 bits. */
export function readNumber(value: unknown): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : undefined;
}
