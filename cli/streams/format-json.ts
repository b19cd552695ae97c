import { isoTime } from "./format-text.js";
import { readPayload } from "./payload.js";
import type { StreamRecord } from "./record.js";
import type { Problem } from "./validate.js";

/** `data` of one line of `tail -o json` (docs/schema/tail.schema.json). */
export function describeRecord(record: StreamRecord, problems: readonly Problem[] | undefined): object {
  const { source, stream, kind, key, partition, offset, exchange, publishedMs, headers, note } = record;
  return {
    kind,
    source,
    stream,
    key,
    partition: partition ?? null,
    offset: offset ?? null,
    exchange: exchange ?? null,
    time: isoTime(publishedMs),
    headers,
    ...readPayload(record),
    note: note ?? null,
    ...(problems === undefined ? {} : { problems }),
  };
}
