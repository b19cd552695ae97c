import type { BulkRow, BulkTable } from "./bulk.js";

/** Fewer round trips do not pay beyond this, and it is what a session keeps of each table. */
const sendAtCharacters = 1_000_000;

interface Gathered {
  readonly table: BulkTable;
  readonly encode: (row: BulkRow) => string;
  text: string;
  rows: number;
}

export interface Gatherer {
  add(table: BulkTable, rows: readonly BulkRow[]): Promise<void>;
  flush(): Promise<void>;
  /** Forgets what was gathered and waits for what is under way. */
  clear(): Promise<void>;
}

/**
 * Gathers the text of rows by table and has it sent a megabyte at a time: one piece is under way while the next one is
 * made, so that neither side waits for the other all the time.
 */
export function createGatherer(
  createEncoder: (table: BulkTable) => (row: BulkRow) => string,
  send: (table: BulkTable, text: string, rows: number) => Promise<void>,
): Gatherer {
  const tables = new Map<string, Gathered>();
  let underWay: Promise<void> = Promise.resolve();
  const sendOff = async (gathered: Gathered): Promise<void> => {
    const { table, text, rows } = gathered;
    gathered.text = "";
    gathered.rows = 0;
    await underWay;
    underWay = send(table, text, rows);
    // Told by the next call, which waits for it.
    underWay.catch(() => {});
  };
  const gatheredOf = (table: BulkTable): Gathered => {
    const known = tables.get(table.name);
    if (known !== undefined) return known;
    const made = { table, encode: createEncoder(table), text: "", rows: 0 };
    tables.set(table.name, made);
    return made;
  };
  return {
    async add(table, rows) {
      const gathered = gatheredOf(table);
      for (const row of rows) gathered.text += gathered.encode(row);
      gathered.rows += rows.length;
      if (gathered.text.length >= sendAtCharacters) await sendOff(gathered);
    },
    async flush() {
      for (const gathered of tables.values()) if (gathered.rows > 0) await sendOff(gathered);
      await underWay;
    },
    async clear() {
      tables.clear();
      await underWay.catch(() => {});
      underWay = Promise.resolve();
    },
  };
}
