/** Of sockets and of the clients; a class of PostgreSQL's SQLSTATE ends with "*". */
const codes = [
  ...[
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
  ],
  ...["STORE_STOPPED", "STORE_NOT_READY", "SQLITE_BUSY", "EIO", "ENOSPC", "EROFS"],
  ...["PROTOCOL_CONNECTION_LOST", "PROTOCOL_SEQUENCE_TIMEOUT", "PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR"],
  ...["ER_SERVER_SHUTDOWN", "ER_CON_COUNT_ERROR", "ER_LOCK_DEADLOCK", "ER_LOCK_WAIT_TIMEOUT"],
  // Its schema is not there yet, or its user.
  ...["ER_NO_SUCH_TABLE", "42P01", "ER_ACCESS_DENIED_ERROR", "28P01"],
  // It takes no writes for now, or none of this user.
  ...["ER_OPTION_PREVENTS_STATEMENT", "25006", "ER_TABLEACCESS_DENIED_ERROR", "42501"],
  ...["08*", "57*", "40*", "53*", "55P03"],
];
const names =
  /^(Mongo(ServerSelection|Network|NetworkTimeout|NotConnected|PoolCleared)|MaxRetriesPerRequest)/;
/** Where clients give neither: pg, and ioredis. */
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|Connection is closed|Stream isn't writeable)/;

/** A store did not answer or could not do it now: nothing is wrong with what was asked. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code ?? "");
  if (codes.includes(code) || (code.length === 5 && codes.includes(`${code.slice(0, 2)}*`))) return true;
  return names.test(error.name) || messages.test(error.message);
}
