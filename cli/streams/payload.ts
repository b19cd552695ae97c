import { isUtf8 } from "node:buffer";
import { decode, type StreamRecord, toBuffer } from "./record.js";

/** What a payload is: JSON, other text, bytes that are no UTF-8, or nothing. */
export type Payload =
  | { readonly encoding: "json"; readonly value: unknown }
  | { readonly encoding: "text"; readonly value: string }
  | { readonly encoding: "base64"; readonly value: string }
  | { readonly encoding: "none"; readonly value: null };

/** What a payload is, by its bytes alone: JSON, else text in UTF-8, else base64. */
export function readPayload(record: StreamRecord): Payload {
  const { bytes } = record;
  if (bytes === null) return { encoding: "none", value: null };
  const value = decode(record);
  // JSON.parse takes bytes that are no UTF-8 for replacement characters.
  if (value !== undefined && isUtf8(bytes)) return { encoding: "json", value };
  const buffer = toBuffer(bytes);
  return isUtf8(bytes)
    ? { encoding: "text", value: buffer.toString("utf8") }
    : { encoding: "base64", value: buffer.toString("base64") };
}
