import type { Api, Handler } from "../broker.js";
import { kafkaErrors } from "../errors.js";
import type { Writer } from "../protocol/writer.js";
import { apis } from "./api-table.js";

export const apiVersionsKey = 18;
export const produceKey = 0;

/** ApiVersions: what is offered. Version 3 is flexible in its request and answer, but not in the answer's header. */
export const apiVersions: Handler = (_broker, { version, reader, writer }) => {
  const flexible = version >= 3;
  if (flexible) {
    // Name and version of the client's software.
    reader.compactString();
    reader.compactString();
    reader.skipTaggedFields();
  }
  writer.int16(kafkaErrors.NONE);
  const offered = [...apis.values()];
  if (flexible) writer.compactArray(offered, (api) => writeApi(writer, api).noTaggedFields());
  else writer.array(offered, (api) => writeApi(writer, api));
  if (version >= 1) writer.int32(0);
  return flexible ? writer.noTaggedFields() : writer;
};

/** KIP-511: version 0 with error 35 and the versions of this API, from which the client learns what to ask for. */
export function refuseApiVersions(writer: Writer): Writer {
  const own = [...apis.values()].filter(({ key }) => key === apiVersionsKey);
  return writer.int16(kafkaErrors.UNSUPPORTED_VERSION).array(own, (api) => writeApi(writer, api));
}

/**
 * librdkafka compresses with gzip, snappy and lz4 only where Produce begins at version 0, so 0 is told as Apache Kafka
 * tells it; as there, what comes in a version before 3 is refused.
 */
function writeApi(writer: Writer, { key, min, max }: Api): Writer {
  return writer
    .int16(key)
    .int16(key === produceKey ? 0 : min)
    .int16(max);
}
