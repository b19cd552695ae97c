import { apis } from "../apis/api-table.js";
import { apiVersionsKey, refuseApiVersions } from "../apis/api-versions.js";
import type { Broker } from "../broker.js";
import { MalformedMessage, Reader } from "../protocol/reader.js";
import { Writer } from "../protocol/writer.js";
import type { Client } from "./listen.js";

/**
 * Serves one message: request header 1, or 2 for the one flexible version (ApiVersions 3), then the request. An API or
 * version that is not offered ends the connection, as in Apache Kafka.
 *
 * @returns the answer with its length in front
 */
export async function dispatch(
  broker: Broker,
  frame: Buffer,
  client: Client,
): Promise<readonly Buffer[] | undefined> {
  const reader = new Reader(frame);
  const writer = new Writer();
  const key = reader.int16();
  const version = reader.int16();
  const correlationId = reader.int32();
  const api = apis.get(key);
  if (api === undefined || version < api.min || version > api.max) {
    if (key !== apiVersionsKey) throw new MalformedMessage(`API ${key} version ${version} is not offered`);
    return frameAnswer(correlationId, refuseApiVersions(writer));
  }
  const clientId = reader.nullableString() ?? "";
  if (key === apiVersionsKey && version >= 3) reader.skipTaggedFields();
  if (version >= api.throttledFrom) writer.int32(0);
  const answer = await api.handle(broker, { version, reader, writer, clientId, client });
  return answer === undefined ? undefined : frameAnswer(correlationId, answer);
}

function frameAnswer(correlationId: number, answer: Writer): Buffer[] {
  const body = answer.finish();
  const sizeBytes = body.reduce((total, piece) => total + piece.length, 4);
  return [...new Writer().int32(sizeBytes).int32(correlationId).finish(), ...body];
}
