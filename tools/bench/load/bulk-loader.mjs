import { writeFileSync } from "node:fs";

/**
 * The seed's loader, for one table.
 * @param {{ openBulk: Function, createWorld: Function, createLineEncoder: Function }} sources from the bundled source
 */
export function createLoader({ openBulk, createWorld, createLineEncoder }) {
  return {
    /** The wallet's ledger of a data set: what has the most rows of all tables. */
    makeLedger(scale) {
      const world = createWorld({ randomSeed: 42, scale, asOfMs: Date.parse("2026-06-01T15:00:00Z") });
      const batches = [...world.rowsOf("wallet", "transactions")];
      return { table: batches[0].table, rows: batches.flatMap(({ rows }) => rows) };
    },
    /** The same rows as the servers' own clients read them. */
    writeLedger(path, { table, rows }) {
      const encode = createLineEncoder(table, (atMs) =>
        new Date(atMs).toISOString().replace("T", " ").slice(0, -1),
      );
      writeFileSync(path, rows.map(encode).join(""));
    },
    /**
     * Milliseconds from the first row to the end of the commit, into an empty table; the connection is there before.
     */
    async timeBulk(settings, { table, rows }) {
      const bulk = await openBulk(settings);
      await bulk.execute(`truncate table ${table.name}`);
      await bulk.commit();
      const startedMs = performance.now();
      for (let from = 0; from < rows.length; from += 1_000)
        await bulk.load(table, rows.slice(from, from + 1_000));
      await bulk.commit();
      const tookMs = performance.now() - startedMs;
      const [found] = await bulk.query(`select count(*) as total from ${table.name}`);
      await bulk.close();
      if (found?.total !== rows.length) throw new Error(`${found?.total} of ${rows.length} rows are there`);
      return tookMs;
    },
    async execute(settings, statements) {
      const bulk = await openBulk(settings);
      for (const statement of statements) await bulk.execute(statement);
      await bulk.commit();
      await bulk.close();
    },
  };
}
