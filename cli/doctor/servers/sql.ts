import type { ProbeTarget } from "../../ready/probe.js";
import { describeError } from "../../ready/servers/login-session.js";
import { oneLine } from "../../ready/servers/wire.js";
import { type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { checkServers, type Examination, type Examine } from "./examine.js";
import { findExpectedTables, migrationsTable } from "./expected-tables.js";
import { recreateTables } from "./recreate-tables.js";
import { isLeftOver, makeScratchName } from "./scratch-name.js";
import { listTables, type SqlClient, type SqlEngine, sqlEngines } from "./sql-engines.js";
import { runInside } from "./unlock-line.js";

export const sqlChecks = [
  { engine: sqlEngines.mysql, title: "MySQL takes the application's login, writes, and has every table" },
  {
    engine: sqlEngines.postgres,
    title: "PostgreSQL takes the application's login, writes, and has every table",
  },
].map(({ engine, title }) =>
  checkServers({
    kind: engine.kind,
    title,
    finds: ["read-only", "no-rights", "cannot-write", "missing-table"].map(
      (thing) => `${engine.kind}.${thing}`,
    ),
    examine: examineWith(engine),
  }),
);

function examineWith(engine: SqlEngine): Examine {
  return (examination) => [examineDatabase(engine, examination)];
}

async function examineDatabase(engine: SqlEngine, examination: Examination): Promise<readonly Finding[]> {
  const startedMs = performance.now();
  const { facts, target } = examination;
  const client = await engine.open(target, examination.session);
  const tables = await listTables(client, engine);
  const expected = await findExpectedTables({ facts, target, tables, client });
  const missing = expected.filter((table) => !tables.includes(table));
  const [row] = await client.query(engine.readOnly);
  const readOnly = Number(row?.read_only) === 1;
  const refusal = readOnly ? undefined : await writeScratch(client, engine, tables);
  const findings = [
    ...missing.map((table) => tellMissing(engine, examination, table)),
    ...(readOnly ? [tellReadOnly(engine, examination)] : []),
    ...(refusal === undefined ? [] : [tellRefusal(engine, target, refusal)]),
  ];
  if (findings.length > 0) return findings;
  const tookMs = Math.round(performance.now() - startedMs);
  return [
    fine(
      `${engine.kind}.works`,
      target.service,
      `${target.user ?? ""} wrote and read a row, ${tables.length} tables, ${tookMs} ms`,
    ),
  ];
}

/** undefined where it works. */
async function writeScratch(
  client: SqlClient,
  engine: SqlEngine,
  tables: readonly string[],
): Promise<unknown> {
  for (const name of tables.filter((table) => isLeftOver(table))) {
    await client.query(`drop table ${name}`).catch(() => {});
  }
  const name = makeScratchName();
  try {
    for (const statement of engine.scratch(name)) await client.query(statement);
    return undefined;
  } catch (error) {
    // Absent where even making it was refused.
    await client
      .query(engine.kind === "postgres" ? "rollback" : `drop table if exists ${name}`)
      .catch(() => {});
    return error;
  }
}

function tellMissing({ kind }: SqlEngine, { target }: Examination, table: string): Finding {
  const { service } = target;
  const id = `${kind}.missing-table`;
  return {
    id,
    subject: service,
    level: "error",
    message: `${service} has no table ${table}, which the migrations of ${target.extension.owner} made`,
    ...(table === migrationsTable
      ? { fix: `{mybroker} logs ${target.extension.owner}` }
      : {
          evidence: ["its rows are gone; the fix makes it again without any"],
          fix: `{mybroker} doctor --fix ${id}`,
          repair: recreateTables(service),
        }),
  };
}

function tellReadOnly({ kind, unlock }: SqlEngine, { target }: Examination): Finding {
  const { service } = target;
  return {
    id: `${kind}.read-only`,
    subject: service,
    level: "error",
    message: `${service} is read-only: every write is refused`,
    fix: runInside(service, unlock),
    ...(kind === "mysql" ? { repair: repairWith("restart", service) } : {}),
  };
}

function tellRefusal({ kind, noRights, grant }: SqlEngine, target: ProbeTarget, error: unknown): Finding {
  const { service, user = "", database = "" } = target;
  const code = String((error as { errno?: unknown }).errno ?? describeError(error).code);
  const reason = oneLine(describeError(error).message);
  const denied = noRights.includes(code);
  return {
    id: `${kind}.${denied ? "no-rights" : "cannot-write"}`,
    subject: service,
    level: "error",
    message: denied
      ? `${service}: ${user} has not the rights that a service needs in ${database}: ${reason}`
      : `${service} cannot write: ${reason}`,
    fix: denied ? runInside(service, grant) : `{mybroker} logs ${service}`,
  };
}
