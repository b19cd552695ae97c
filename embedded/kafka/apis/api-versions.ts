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
    const writer = new Writer();
    writeApiVersions(writer, { version, errorCode: kafkaErrors.NONE });
    return writer;
  },
};

export function writeApiVersions(writer: Writer, answer: { version: number; errorCode: number }): void {
  const flexible = answer.version >= 3;
  const writeApi = ({ key, min, max }: Api): void => {
    writer.int16(key).int16(min).int16(max);
    if (flexible) writer.noTaggedFields();
  };
  writer.int16(answer.errorCode);
  if (flexible) writer.compactArray([...apis.values()], writeApi);
  else writer.array([...apis.values()], writeApi);
  if (answer.version >= 1) writer.int32(0);
  if (flexible) writer.noTaggedFields();
}
