import type { DoctorFacts, Repair } from "../check.js";
import { findExpectedTables, readStatements, tableOf } from "./expected-tables.js";
import { listTables, sqlEngines } from "./sql-engines.js";
import { onceItAnswers, withSession } from "./with-session.js";

/** What --fix does about tables that are gone: the migrations' own statements for them, and no rows. */
export function recreateTables(service: string): Repair {
  return {
    command: `make the tables that ${service} lacks, without rows`,
    stage: "servers",
    run: (facts) => onceItAnswers(() => recreate(facts, service)),
  };
}

async function recreate(facts: DoctorFacts, service: string): Promise<void> {
  const target = (await facts.targets()).get(service);
  const { owner = "", kind } = target?.extension ?? {};
  if (target === undefined || (kind !== "mysql" && kind !== "postgres")) return;
  const statements = [...(await readStatements(facts, { owner, kind })).values()].flat();
  await withSession(async (session) => {
    const client = await sqlEngines[kind].open(target, session);
    const tables = await listTables(client, sqlEngines[kind]);
    const expected = await findExpectedTables({ facts, target, tables, client });
    const missing = new Set(expected.filter((table) => !tables.includes(table)));
    for (const statement of statements) {
      if (missing.has(tableOf(statement)?.table ?? "")) await client.query(statement);
    }
  });
}
