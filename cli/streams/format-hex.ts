import { placeOf } from "./contract-of.js";
import { isoTime } from "./format-text.js";
import { printable } from "./printable.js";
import { type StreamRecord, toBuffer } from "./record.js";

const rowBytes = 16;

/** Each payload as a dump of its bytes, 16 a line, below a line that says which record it is of. */
export function formatHex(record: StreamRecord): string {
  const { source, publishedMs, key, partition, offset, bytes, note } = record;
  const place = partition === undefined ? "" : ` ${partition}@${offset}`;
  const what = bytes === null ? "no payload" : `${bytes.length} bytes`;
  const about = [
    isoTime(publishedMs),
    source,
    `${placeOf(record).label}${place}`,
    key ?? "",
    what,
    note ?? "",
  ];
  const title = printable(about.filter((part) => part !== "").join("  "));
  return [title, ...dump(toBuffer(bytes ?? new Uint8Array()))].join("\n");
}

function dump(bytes: Buffer): string[] {
  return Array.from({ length: Math.ceil(bytes.length / rowBytes) }, (_, row) => {
    const part = bytes.subarray(row * rowBytes, (row + 1) * rowBytes);
    const hex = part.toString("hex").replaceAll(/(..)(?=.)/g, "$1 ");
    const wide = hex.length > 23 ? `${hex.slice(0, 23)}  ${hex.slice(24)}` : hex;
    const text = part.toString("latin1").replaceAll(/[^\x20-\x7e]/g, ".");
    return `${(row * rowBytes).toString(16).padStart(8, "0")}  ${wide.padEnd(49)} |${text}|`;
  });
}
