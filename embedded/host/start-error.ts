import type { StartProblem } from "../../contracts/embedded-control.js";

/** Why the process cannot start, for the command that wanted it. */
export class StartError extends Error {
  readonly problems: readonly StartProblem[];

  constructor(problems: readonly StartProblem[]) {
    super(problems.map(({ message }) => message).join("; "));
    this.problems = problems;
  }
}

/** What SQLite calls what the file system has a name for, without the details that may follow ("_DIRECTORY"). */
const sqliteCodes: Readonly<Record<string, string>> = {
  SQLITE_FULL: "ENOSPC",
  SQLITE_READONLY: "EACCES",
  SQLITE_CORRUPT: "DATA_DAMAGED",
  SQLITE_NOTADB: "DATA_DAMAGED",
};

/** What was thrown as a problem in one line. */
export function describeProblem(thrown: unknown, service: string | null): StartProblem {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  const text = typeof message === "string" && message !== "" ? message : String(thrown);
  return {
    code: typeof code === "string" ? (sqliteCodes[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? ""] ?? code) : "FAILED",
    message: text.split("\n")[0] ?? "",
    service,
  };
}
