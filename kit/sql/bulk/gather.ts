import type { BulkRow, BulkTable } from "./bulk.js";

/** Fewer round trips do not pay beyond this, and it is what a session keeps of each table. */
const sendAtCharacters = 400_000;

interface Gathered {
  readonly table: BulkTable;
  readonly encode: (row: BulkRow) => string;
  /** Each of one call: a text that grows row by row is made of a thousand parts until somebody reads it. */
  pieces: string[];
  characters: number;
  rows: number;
}

export interface Gatherer {
  add(table: BulkTable, rows: readonly BulkRow[]): Promise<void>;
  flush(): Promise<void>;
  /** Forgets what was gathered and waits for what is under way. */
  clear(): Promise<void>;
}

/**
 * Gathers the text of rows by table and has it sent 400 kB at a time: one piece is under way while the next one is
 * made, so that neither side waits for the other all the time.
 */
export function createGatherer(
  createEncoder: (table: BulkTable) => (row: BulkRow) => string,
  send: (table: BulkTable, pieces: readonly string[], rows: number) => Promise<void>,
): Gatherer {
  const tables = new Map<string, Gathered>();
  let underWay: Promise<void> = Promise.resolve();
  const sendOff = async (gathered: Gathered): Promise<void> => {
    const { table, pieces, rows } = gathered;
    Object.assign(gathered, { pieces: [], characters: 0, rows: 0 });
    await underWay;
    underWay = send(table, pieces, rows);
    // Told by the next call, which waits for it.
    underWay.catch(() => {});
  };
  const gatheredOf = (table: BulkTable): Gathered => {
    const known = tables.get(table.name);
    if (known !== undefined) return known;
    const made = { table, encode: createEncoder(table), pieces: [], characters: 0, rows: 0 };
    tables.set(table.name, made);
    return made;
  };
  return {
    async add(table, rows) {
      const gathered = gatheredOf(table);
      const piece = rows.map(gathered.encode).join("");
      gathered.pieces.push(piece);
      gathered.characters += piece.length;
      gathered.rows += rows.length;
      if (gathered.characters >= sendAtCharacters) await sendOff(gathered);
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

/** A packet of MySQL has 16 MiB at most; smaller ones leave the socket room to breathe. */
const pieceBytes = 256 * 1024;

/** One after the other: a socket keeps what it was given until it is sent. */
export function* toBuffers(pieces: readonly string[]): Generator<Buffer> {
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes);
  }
}
