import { crc32c } from "../../storage/crc32c.js";
import { DataDamagedError } from "../../storage/data-damaged.js";

const frameHeaderBytes = 8;
const openingBrace = "{".charCodeAt(0);

/** Length and CRC-32C of the payload, both 32 bits big endian, then the payload: a JSON object. */
export function encodeFrame(value: object): Buffer {
  const payload = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(crc32c(payload), 4);
  return Buffer.concat([header, payload]);
}

/**
 * Calls back with each value of a file, in order.
 * @returns where the whole frames end: what lies behind is an unfinished write
 * @throws DataDamagedError when whole frames follow what is none
 */
export function readFrames(path: string, bytes: Buffer, onValue: (value: unknown) => void): number {
  let position = 0;
  for (let end = endOfFrame(bytes, 0); end !== undefined; end = endOfFrame(bytes, position)) {
    onValue(JSON.parse(bytes.toString("utf8", position + frameHeaderBytes, end)));
    position = end;
  }
  for (let later = position + 1; later < bytes.length; later += 1) {
    if (endOfFrame(bytes, later) !== undefined) {
      throw new DataDamagedError(path, position, "no whole record stands there, but others follow");
    }
  }
  return position;
}

function endOfFrame(bytes: Buffer, position: number): number | undefined {
  const start = position + frameHeaderBytes;
  if (bytes[start] !== openingBrace) return undefined;
  const end = start + bytes.readUInt32BE(position);
  if (end > bytes.length) return undefined;
  return crc32c(bytes, start, end) === bytes.readUInt32BE(position + 4) ? end : undefined;
}
