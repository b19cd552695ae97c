/** An Error with a code, as the ones of Node have it. */
export function withCode(code: string, message: string, cause?: unknown): Error & { code: string } {
  return Object.assign(new Error(message, { cause }), { code });
}

/** Primary result codes of SQLite (the low byte of an extended one) that a user can mend. */
const mendable: Readonly<Record<number, readonly [code: string, what: string]>> = {
  8: ["EROFS", "cannot be written"],
  10: ["EIO", "cannot be read or written"],
  11: ["DATA_DAMAGED", "is damaged"],
  13: ["ENOSPC", "cannot grow: the disk is full"],
  14: ["EACCES", "cannot be opened"],
  26: ["DATA_DAMAGED", "is damaged: not a SQLite file"],
};

/** The error of libsql as one that names the file, if a user can mend it; any other as it came. */
export function translateSqliteError(error: unknown, path: string): unknown {
  const known = mendable[readPrimaryCode(error)];
  return known === undefined ? error : withCode(known[0], `${path} ${known[1]}`, error);
}

/** Another connection holds the file, or wrote since this transaction first read: SQLITE_BUSY, SQLITE_LOCKED. */
export function isSqliteBusy(error: unknown): boolean {
  return [5, 6].includes(readPrimaryCode(error));
}

function readPrimaryCode(error: unknown): number {
  const { rawCode } = error as { rawCode?: unknown };
  return typeof rawCode === "number" ? rawCode & 0xff : 0;
}
