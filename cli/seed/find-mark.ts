import { existsSync } from "node:fs";
import { openSqliteFile } from "../../kit/sql/sqlite-file.js";
import { type Place, storePathOf } from "../runtime/place.js";
import { markName, parseMark, type SeedMark } from "./load/mark.js";

/** The store that stands for all of them: they are committed together. */
const store = "broker-order-db";

/**
 * What is seeded on an embedded runtime, found in a few milliseconds; null where nothing is. undefined: it cannot be
 * told so fast.
 */
export async function findEmbeddedMark(place: Place): Promise<SeedMark | null | undefined> {
  const path = storePathOf(place, store);
  if (!existsSync(path)) return undefined;
  try {
    const file = await openSqliteFile(path, { checked: true });
    try {
      const tables = file.all("select 1 from sqlite_master where name = ?", [markName]);
      if (tables.length === 0) return null;
      const [row] = file.all(`select mark from ${markName} where part = ?`, ["order"]);
      return parseMark(row?.mark as string | undefined) ?? null;
    } finally {
      file.close();
    }
  } catch {
    // Somebody writes, or the file is damaged: both are others' to tell.
    return undefined;
  }
}
