import type { Message } from "./queue.js";

/**
 * What the files hold, record after record: a message; message numbers that are gone, as ranges; what became of
 * messages that are still there (delivered, counted, moved to the back). Numbers are unsigned and big-endian.
 */
export const recordType = { message: 1, gone: 2, state: 3 } as const;

/** Length and checksum stand before each record; encoders leave this room for SegmentLog to fill. */
export const framePrefixBytes = 8;

const messageHeadBytes = 22;
const rangeBytes = 12;
const stateBytes = 15;

export interface MessageFields {
  /** Place in the queue, or offset in the stream. */
  readonly id: number;
  /** Of a queue: when it expires, 0 for never. Of a stream: when it was published. Milliseconds since 1970. */
  readonly timeMs: number;
  /** Forgotten at the next start. */
  readonly transient: boolean;
  readonly redelivered: boolean;
  /** With a consumer, unacked. */
  readonly out: boolean;
  readonly deliveryCount: number;
}

export interface StateChange {
  readonly id: number;
  /** Another one than `id` when it went to the back. */
  readonly newId: number;
  readonly deliveryCount: number;
  readonly redelivered: boolean;
  readonly out: boolean;
}

/** From inclusive, to exclusive. */
export type IdRange = readonly [from: number, to: number];

export function encodeMessage(fields: MessageFields, message: Message): Buffer[] {
  const exchange = Buffer.from(message.exchange);
  const routingKey = Buffer.from(message.routingKey);
  const head = Buffer.allocUnsafe(framePrefixBytes + messageHeadBytes + exchange.length + routingKey.length);
  let at = head.writeUInt8(recordType.message, framePrefixBytes);
  at = head.writeUIntBE(fields.id, at, 6);
  at = head.writeUIntBE(fields.timeMs, at, 6);
  at = head.writeUInt8(flagsOf(fields) | (fields.transient ? 4 : 0), at);
  at = head.writeUInt16BE(Math.min(fields.deliveryCount, 0xffff), at);
  at = head.writeUInt8(exchange.length, at);
  at = head.writeUInt8(routingKey.length, at);
  at = head.writeUInt32BE(message.propertyBytes.length, at);
  exchange.copy(head, at);
  routingKey.copy(head, at + exchange.length);
  return [head, message.propertyBytes, message.body];
}

export function decodeMessageFields(payload: Buffer): MessageFields & { readonly bodyBytes: number } {
  const flags = payload.readUInt8(13);
  const otherBytes = payload.readUInt8(16) + payload.readUInt8(17) + payload.readUInt32BE(18);
  return {
    id: payload.readUIntBE(1, 6),
    timeMs: payload.readUIntBE(7, 6),
    transient: (flags & 4) !== 0,
    redelivered: (flags & 1) !== 0,
    out: (flags & 2) !== 0,
    deliveryCount: payload.readUInt16BE(14),
    bodyBytes: payload.length - messageHeadBytes - otherBytes,
  };
}

/** The buffers are parts of the payload. */
export function decodeMessage(payload: Buffer): Message {
  const exchangeEnd = messageHeadBytes + payload.readUInt8(16);
  const routingKeyEnd = exchangeEnd + payload.readUInt8(17);
  const propertiesEnd = routingKeyEnd + payload.readUInt32BE(18);
  return {
    exchange: payload.toString("utf8", messageHeadBytes, exchangeEnd),
    routingKey: payload.toString("utf8", exchangeEnd, routingKeyEnd),
    propertyBytes: payload.subarray(routingKeyEnd, propertiesEnd),
    body: payload.subarray(propertiesEnd),
  };
}

export function encodeGone(ranges: readonly IdRange[]): Buffer[] {
  const buffer = Buffer.allocUnsafe(framePrefixBytes + 1 + ranges.length * rangeBytes);
  let at = buffer.writeUInt8(recordType.gone, framePrefixBytes);
  for (const [from, to] of ranges) {
    at = buffer.writeUIntBE(from, at, 6);
    at = buffer.writeUIntBE(to, at, 6);
  }
  return [buffer];
}

export function decodeGone(payload: Buffer): IdRange[] {
  const ranges: IdRange[] = [];
  for (let at = 1; at < payload.length; at += rangeBytes) {
    ranges.push([payload.readUIntBE(at, 6), payload.readUIntBE(at + 6, 6)]);
  }
  return ranges;
}

export function encodeStates(changes: readonly StateChange[]): Buffer[] {
  const buffer = Buffer.allocUnsafe(framePrefixBytes + 1 + changes.length * stateBytes);
  let at = buffer.writeUInt8(recordType.state, framePrefixBytes);
  for (const change of changes) {
    at = buffer.writeUIntBE(change.id, at, 6);
    at = buffer.writeUIntBE(change.newId, at, 6);
    at = buffer.writeUInt16BE(Math.min(change.deliveryCount, 0xffff), at);
    at = buffer.writeUInt8(flagsOf(change), at);
  }
  return [buffer];
}

export function decodeStates(payload: Buffer): StateChange[] {
  const changes: StateChange[] = [];
  for (let at = 1; at < payload.length; at += stateBytes) {
    changes.push({
      id: payload.readUIntBE(at, 6),
      newId: payload.readUIntBE(at + 6, 6),
      deliveryCount: payload.readUInt16BE(at + 12),
      redelivered: ((payload[at + 14] ?? 0) & 1) !== 0,
      out: ((payload[at + 14] ?? 0) & 2) !== 0,
    });
  }
  return changes;
}

function flagsOf({ redelivered, out }: { redelivered: boolean; out: boolean }): number {
  return (redelivered ? 1 : 0) | (out ? 2 : 0);
}
