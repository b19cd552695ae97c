import { isOutage } from "../../kit/outage.js";
import { isSqliteBusy } from "../../kit/sql/sqlite-errors.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { SeedStore } from "./stores.js";

/** Codes, numbers and names that the clients of the stores give their errors. */
const kinds = {
  missingTable: ["ER_NO_SUCH_TABLE", "42P01"],
  login: ["ER_ACCESS_DENIED_ERROR", "ER_DBACCESS_DENIED_ERROR", "28P01", "28000", "3D000", "18"],
  full: ["ENOSPC", "ER_DISK_FULL", "ER_RECORD_FILE_FULL", "53100", "14031"],
  taken: ["ER_DUP_ENTRY", "1062", "23505", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"],
} as const;

const texts: Readonly<Partial<Record<keyof typeof kinds, RegExp>>> = {
  missingTable: /^no such table/,
  login: /WRONGPASS|NOAUTH|Authentication failed/i,
  full: /^OOM command not allowed|disk is full|No space left/i,
  taken: /UNIQUE constraint failed/,
};

function isKind(error: unknown, kind: keyof typeof kinds): boolean {
  const {
    code,
    errno,
    message = "",
  } = (error ?? {}) as { code?: unknown; errno?: unknown; message?: string };
  const known: readonly string[] = kinds[kind];
  return known.includes(String(code)) || known.includes(String(errno)) || texts[kind]?.test(message) === true;
}

/** The table is not there: the service that owns it never migrated, or nothing was seeded. */
export function isMissingTable(error: unknown): boolean {
  return isKind(error, "missingTable");
}

/** Whether the store does not answer at all. */
export function isStoreDown(error: unknown): boolean {
  return (
    !isKind(error, "login") && !isKind(error, "missingTable") && isOutage(error) && !isKind(error, "full")
  );
}

/** What a store's client says, as what the user can do about it; anything else as it came. */
export function explainStoreError(
  error: unknown,
  { store, owner }: Pick<SeedStore, "store" | "owner">,
): unknown {
  if (!(error instanceof Error) || error instanceof MybrokerError) return error;
  const facts = { details: { store }, cause: error };
  if (isKind(error, "login")) {
    return new MybrokerError({
      ...facts,
      code: "seed.login-refused",
      message: `${store} refuses the login of ${owner}: it knows another password than .env`,
      hint: "see what does not fit:  {mybroker} doctor",
      exitCode: exitCodes.no,
    });
  }
  if (isKind(error, "full")) {
    return new MybrokerError({
      ...facts,
      code: "seed.disk-full",
      message: `${store} has no room for the data set, and nothing of it was kept there`,
      hint: "make room, or take a smaller one:  {mybroker} seed --scale 0.1",
      exitCode: exitCodes.machine,
    });
  }
  if (isKind(error, "taken")) {
    return new MybrokerError({
      ...facts,
      code: "seed.key-taken",
      message: `${store} has a row that is not of the data set under a key of the data set: ${error.message}`,
      hint: "take other users and orders:  {mybroker} seed --random-seed 43",
      exitCode: exitCodes.no,
    });
  }
  if (isSqliteBusy(error)) {
    return new MybrokerError({
      ...facts,
      code: "seed.store-busy",
      message: `${store} was in use by another process for seconds`,
      hint: "try again:  {mybroker} seed",
      exitCode: exitCodes.no,
    });
  }
  if (isMissingTable(error)) {
    return new MybrokerError({
      ...facts,
      code: "seed.no-schema",
      message: `${store} lacks a table of ${owner}: ${error.message}`,
      hint: `{mybroker} up ${owner}`,
      exitCode: exitCodes.no,
    });
  }
  if (isOutage(error)) return storeDown([store], error);
  return error;
}

/** @param stores by their service in the compose file */
export function storeDown(stores: readonly string[], cause?: unknown): MybrokerError {
  const several = stores.length > 1;
  return new MybrokerError({
    code: "seed.store-down",
    message: `${stores.join(", ")} ${several ? "do" : "does"} not answer`,
    hint: `{mybroker} up ${stores.join(" ")}`,
    exitCode: exitCodes.no,
    details: { stores },
    cause,
  });
}

/** The same as every command says it. */
export function nothingRuns({ name }: { readonly name: string }): MybrokerError {
  return new MybrokerError({
    code: "project.not-running",
    message: `${name} does not run`,
    hint: "{mybroker} up",
    exitCode: exitCodes.no,
    details: { project: name },
  });
}
