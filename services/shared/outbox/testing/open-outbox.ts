import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { type Database, openDatabase } from "../../../../kit/sql/database.js";
import type { OutboxSchema } from "../outbox.js";

export interface TestOutbox {
  readonly path: string;
  readonly database: Database<OutboxSchema>;
  close(): Promise<void>;
}

/** The table as outbox.ts says it for SQLite, in a file of its own. */
export async function openTestOutbox(): Promise<TestOutbox> {
  const folder = await mkdtemp(join(tmpdir(), "mybroker-outbox-"));
  const path = join(folder, "outbox.sqlite");
  const database = await openDatabase<OutboxSchema>({ kind: "sqlite", path });
  for (const statement of await readSqliteDdl()) await sql.raw(statement).execute(database.db);
  return {
    path,
    database,
    close: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** From the words of the docstring, so that they are known to be right. */
async function readSqliteDdl(): Promise<string[]> {
  const source = await readFile(join(import.meta.dirname, "../outbox.ts"), "utf8");
  const mysql = /MySQL:\n(.*?)\n \*\n/s.exec(source)?.[1] ?? "";
  return mysql
    .replaceAll(/^ \* */gm, "")
    .replace("bigint not null auto_increment primary key", "integer primary key")
    .replaceAll(/varchar\(\d+\)/g, "text")
    .replaceAll("bigint", "integer")
    .replace(/\) character set.*;/, ");")
    .split(";")
    .filter((statement) => statement.trim() !== "");
}
