import { isUtf8 } from "node:buffer";
import type { Style } from "../output/output.js";
import { placeOf } from "./contract-of.js";
import { describeMessage } from "./describe-message.js";
import { OrderMemory } from "./order-memory.js";
import { type StreamRecord, toBuffer } from "./record.js";
import { type Cell, layOut } from "./text-line.js";

export interface TextSetting {
  readonly style: Style;
  readonly columns: number;
  /** Unix milliseconds. */
  now(): number;
}

/** Records as lines for a reader: "12:04:31.118 kafka   order-events  7f3c  BUY   100 PETR4  38.50  PENDING". */
export function createTextFormat({ style, columns, now }: TextSetting): (record: StreamRecord) => string {
  const describing = { style, orders: new OrderMemory() };
  const colours = { kafka: style.cyan, rabbit: style.yellow };
  return (record) => {
    const { source, publishedMs } = record;
    const cells = describeMessage(record, describing) ?? describePayload(record, { style, columns });
    return layOut(
      [
        [`${shortTime(publishedMs, now())} `, style.dim],
        [source.padEnd(7), colours[source]],
        [` ${placeOf(record).label.padEnd(13)} `],
        ...withNote(cells, record, style),
      ],
      columns,
    );
  };
}

/** Before what cannot be shown as it is; after what can, where the line may end without it. */
function withNote(cells: readonly Cell[], { note, kind }: StreamRecord, style: Style): readonly Cell[] {
  if (note === undefined) return cells;
  return kind === "firehose"
    ? [...cells, [`  (${note})`, style.dim]]
    : [[`(${note}) `, style.yellow], ...cells];
}

const dayMs = 86_400_000;

/**
 * "12:04:31.118", with the day in front where that is not today, and the year where it is another; UTC, as all times
 * that we print.
 */
export function shortTime(timeMs: number, nowMs: number): string {
  const iso = isoTime(timeMs);
  const today = Math.floor(timeMs / dayMs) === Math.floor(nowMs / dayMs);
  if (today) return iso.slice(11, 23);
  const thisYear = iso.slice(0, 4) === isoTime(nowMs).slice(0, 4);
  return `${iso.slice(thisYear ? 5 : 0, 10)} ${iso.slice(11, 23)}`;
}

/** RFC 3339; a time that no calendar has, which a stranger may have put in a header, is shown as the first one. */
export function isoTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

function describePayload(
  record: StreamRecord,
  { style, columns }: Pick<TextSetting, "style" | "columns">,
): Cell[] {
  const { key, bytes } = record;
  const front: Cell[] = key === null || key === "" ? [] : [[`${key}  `, style.bold]];
  return [...front, ...previewOf(bytes, { style, columns })];
}

function previewOf(
  bytes: Uint8Array | null,
  { style, columns }: Pick<TextSetting, "style" | "columns">,
): Cell[] {
  if (bytes === null) return [["(no payload)", style.dim]];
  if (bytes.length === 0) return [["(empty)", style.dim]];
  // Nobody sees more than the line has; a character has four bytes at most.
  const head = toBuffer(bytes).subarray(0, columns * 4);
  if (isUtf8(bytes)) return [[head.toString("utf8")]];
  const hex = head
    .subarray(0, columns)
    .toString("hex")
    .replaceAll(/(..)(?=.)/g, "$1 ");
  return [[`(${bytes.length} bytes) `, style.dim], [hex]];
}
