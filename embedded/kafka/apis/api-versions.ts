import type { Api } from "../broker.js";
import { kafkaErrors } from "../errors.js";
import { Writer } from "../protocol/writer.js";
import { apis } from "./api-table.js";

/** ApiVersions: what is offered. Version 3 is flexible in its request and answer, but not in the answer's header. */
export const apiVersions: Api = {
  key: 18,
  min: 0,
  max: 3,
  handle(_broker, { version, reader }) {
    if (version >= 3) {
      // Name and version of the client's software.
      reader.compactString();
      reader.compactString();
      reader.skipTaggedFields();
    }
    return writeApiVersions(version, kafkaErrors.NONE, [...apis.values()]);
  },
};

/** KIP-511: version 0 with error 35 and the versions of this API, from which the client learns what to ask for. */
export function refuseApiVersions(): Writer {
  return writeApiVersions(0, kafkaErrors.UNSUPPORTED_VERSION, [apiVersions]);
}

function writeApiVersions(version: number, errorCode: number, offered: readonly Api[]): Writer {
  const flexible = version >= 3;
  const writer = new Writer().int16(errorCode);
  const writeApi = ({ key, min, max }: Api): void => {
    writer.int16(key).int16(min).int16(max);
    if (flexible) writer.noTaggedFields();
  };
  if (flexible) writer.compactArray(offered, writeApi);
  else writer.array(offered, writeApi);
  if (version >= 1) writer.int32(0);
  return flexible ? writer.noTaggedFields() : writer;
}
