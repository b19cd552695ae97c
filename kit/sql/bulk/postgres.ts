import { pipeline } from "node:stream/promises";
import { connectTimeoutMs, type ServerSettings } from "../engines/engine.js";
import { withCode } from "../sqlite-errors.js";
import type { BulkSession } from "./bulk.js";
import { createLineEncoder } from "./encode-text.js";
import { createGatherer, toBuffers } from "./gather.js";
import { createTransaction } from "./transaction.js";

const bigintType = 20;
const numericType = 1700;
const timestamptzType = 1184;

export async function openPostgresBulk(settings: ServerSettings): Promise<BulkSession> {
  const { Client, types } = await import("../../drivers/pg.js");
  const { copyFrom } = await import("../../drivers/pg-copy-streams.js");
  const { host, port, user, password, database } = settings;
  const keepText = (text: string) => text;
  const parsers: Readonly<Record<number, (text: string) => unknown>> = {
    [bigintType]: Number,
    [numericType]: keepText,
    [timestamptzType]: keepText,
  };
  const client = new Client({
    ...{ host, port, user, password, database },
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    options: "-c TimeZone=UTC -c statement_timeout=0",
    types: { getTypeParser: (type, format) => parsers[type] ?? types.getTypeParser(type, format) },
  });
  // One that breaks tells the call that is under way, or the next one.
  client.on("error", () => {});
  await client.connect();
  const gatherer = createGatherer(
    (table) => createLineEncoder(table, (atMs) => new Date(atMs).toISOString()),
    async ({ name, columns }, pieces, rows) => {
      const names = columns.map((column) => `"${column.name}"`).join(", ");
      const copy = client.query(copyFrom(`copy "${name}" (${names}) from stdin`));
      await pipeline(toBuffers(pieces), copy);
      if (copy.rowCount !== rows)
        throw withCode("BULK_REFUSED", `${name} took ${copy.rowCount} of ${rows} rows`);
    },
  );
  const run = async (statement: string, values: readonly unknown[] = []) => {
    let place = 0;
    return client.query(
      statement.replaceAll("?", () => `$${++place}`),
      [...values],
    );
  };
  return {
    kind: "postgres",
    method: "COPY",
    ...createTransaction(gatherer, {
      begin: () => run("begin"),
      commit: () => run("commit"),
      rollback: () => run("rollback"),
      execute: async (statement, values) => (await run(statement, values)).rowCount ?? 0,
      query: async (statement, values) => (await run(statement, values)).rows,
    }),
    close: () => client.end().catch(() => {}),
  };
}
