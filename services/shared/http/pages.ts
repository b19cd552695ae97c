import type { Static } from "typebox";
import type { PageQuery } from "../../../contracts/rest.js";
import { refuse } from "./problem.js";

const pageSize = 50;

export interface PageSource<Row, Item, Place> {
  /** Where the page begins, of a cursor that an earlier page gave; undefined: it is not one of ours. */
  readonly readCursor: (cursor: string) => Place | undefined;
  /** In the order of the pages; `before` is absent for the first. */
  readonly find: (page: { readonly limit: number; readonly before: Place | undefined }) => Promise<Row[]>;
  /** The next page begins after this row. */
  readonly toCursor: (row: Row) => string | number;
  readonly show: (row: Row) => Item;
}

/** Answers a PageQuery. @throws Problem 422 INVALID_FIELD for a cursor that is not ours */
export async function readPage<Row, Item, Place>(
  { limit = pageSize, cursor }: Static<typeof PageQuery>,
  { readCursor, find, toCursor, show }: PageSource<Row, Item, Place>,
): Promise<{ items: Item[]; next: string | null }> {
  const before = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && before === undefined) {
    throw refuse("INVALID_FIELD", "The cursor is not one of ours.", "cursor");
  }
  // One more tells whether there is a next page.
  const rows = await find({ limit: limit + 1, before });
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(show), next: last === undefined ? null : String(toCursor(last)) };
}

/** Of rows that are counted from 1. */
export function readNumber(cursor: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(cursor) ? Number(cursor) : undefined;
}

/** Of rows that have ids: lower-case UUIDs. */
export function readId(cursor: string): string | undefined {
  return /^[0-9a-f-]{36}$/.test(cursor) ? cursor : undefined;
}
