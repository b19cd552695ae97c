import { crc32 } from "node:zlib";
import { framePrefixBytes, recordType } from "./record.js";

/** A record and where it lies in its segment, the frame's eight bytes included. */
export interface Frame {
  readonly position: number;
  readonly sizeBytes: number;
  readonly payload: Buffer;
}

/** Longer than anything that AMQP carries here: a length above it is damage. */
const payloadLimitBytes = 1024 * 1024 * 1024;

/**
 * Fills the room that the encoder left; the salt is the segment's, so that a body with a copy of a file in it is no
 * record.
 */
export function sealFrame(chunks: readonly Buffer[], salt: number): void {
  const [head, ...rest] = chunks;
  if (!head) return;
  let checksum = crc32(head.subarray(framePrefixBytes), salt);
  let length = head.length - framePrefixBytes;
  for (const chunk of rest) {
    checksum = crc32(chunk, checksum);
    length += chunk.length;
  }
  head.writeUInt32BE(length, 0);
  head.writeUInt32BE(checksum, 4);
}

/** The size that the frame at the position says it has, when its eight bytes are there. */
export function frameSizeBytes(buffer: Buffer, position: number): number | undefined {
  if (position + framePrefixBytes > buffer.length) return undefined;
  return framePrefixBytes + buffer.readUInt32BE(position);
}

/** Undefined when what stands there is no whole and sound record. */
export function readFrame(buffer: Buffer, position: number, salt: number): Frame | undefined {
  const sizeBytes = frameSizeBytes(buffer, position);
  if (sizeBytes === undefined || sizeBytes === framePrefixBytes) return undefined;
  if (sizeBytes > payloadLimitBytes || position + sizeBytes > buffer.length) return undefined;
  const type = buffer.readUInt8(position + framePrefixBytes);
  if (type < recordType.message || type > recordType.state) return undefined;
  const payload = buffer.subarray(position + framePrefixBytes, position + sizeBytes);
  if (crc32(payload, salt) !== buffer.readUInt32BE(position + 4)) return undefined;
  return { position, sizeBytes, payload };
}

/** Where the next sound record begins; what a broken write leaves has none behind it, damage in the middle has. */
export function findFrame(buffer: Buffer, from: number, salt: number): number | undefined {
  for (let position = from; position + framePrefixBytes < buffer.length; position += 1) {
    if (readFrame(buffer, position, salt)) return position;
  }
  return undefined;
}
