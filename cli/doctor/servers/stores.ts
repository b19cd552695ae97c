import { existsSync } from "node:fs";
import { isStoreKind, type ServiceStatus } from "../../../contracts/embedded-control.js";
import { actOnService } from "../../runtime/control-client.js";
import { type Place, storePathOf } from "../../runtime/place.js";
import type { Check, DoctorFacts, Finding, Repair } from "../check.js";
import { fine } from "../check.js";
import { findExpectedTables, readStatements, tableOf } from "./expected-tables.js";
import type { SqlClient } from "./sql-engines.js";

/** On the embedded runtime a database is a file; the process that has it open writes to it and reads it. */
export const storeCheck: Check = {
  id: "store.works",
  title: "every store of the embedded runtime is written to and read, and has every table",
  finds: ["store.works", "store.failing", "store.missing-table"],
  run: async (facts) => {
    const { ground } = facts;
    if (ground.runtime !== "embedded") return [];
    const stores = (ground.status?.services ?? []).filter(
      ({ kind, state }) => isStoreKind(kind) && state === "ready",
    );
    return (await Promise.all(stores.map((store) => examineStore(facts, ground.place, store)))).flat();
  },
};

async function examineStore(
  facts: DoctorFacts,
  place: Place,
  { name, kind }: ServiceStatus,
): Promise<Finding[]> {
  const status = await actOnService(place, name, "check");
  if (status === undefined || status.problem !== null) {
    const message = `${name} cannot be used: ${status?.problem ?? "the process ended meanwhile"}`;
    const fix = `{mybroker} logs ${name}`;
    return [{ id: "store.failing", subject: name, level: "error", message, fix }];
  }
  // The process has it open and notices nothing.
  if (!existsSync(storePathOf(place, name))) return [tellFile(place, name, "was deleted while it was open")];
  let missing: string[];
  try {
    missing = kind === "mysql" || kind === "postgres" ? await findMissing(facts, place, name) : [];
  } catch (error) {
    if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== "EIO") throw error;
    // Another file of its name, beside the log of the one that is open.
    return [tellFile(place, name, `is not the one that is open: ${error.message}`)];
  }
  const id = "store.missing-table";
  if (missing.length === 0) return [fine("store.works", name, `written to and read`)];
  return missing.map((table) => ({
    id,
    subject: name,
    level: "error",
    message: `${name} has no table ${table}, which the migrations of its service made`,
    evidence: ["its rows are gone; the fix makes it again without any"],
    fix: `{mybroker} doctor --fix ${id}`,
    repair: recreateInFile(place, name),
  }));
}

function tellFile(place: Place, name: string, what: string): Finding {
  return {
    id: "store.failing",
    subject: name,
    level: "error",
    message: `the file of ${name} ${what}; nothing that is written from now on is kept`,
    evidence: [storePathOf(place, name)],
    fix: "{mybroker} down && {mybroker} up",
  };
}

async function findMissing(facts: DoctorFacts, place: Place, name: string): Promise<string[]> {
  const { openBulk } = await import("../../../kit/sql/bulk/bulk.js");
  const extension = facts.project.services[name]?.["x-mybroker"];
  if (extension === undefined) return [];
  const file = await openBulk({ kind: "sqlite", path: storePathOf(place, name) });
  try {
    const client: SqlClient = { query: (statement) => file.query(statement) };
    const tables = await listFileTables(client);
    const target = { extension: { ...extension, kind: "sqlite" } };
    const expected = await findExpectedTables({ facts, target, tables, client });
    return expected.filter((table) => !tables.includes(table));
  } finally {
    await file.close();
  }
}

async function listFileTables(client: SqlClient): Promise<string[]> {
  const rows = await client.query("select name from sqlite_master where type in ('table', 'view')");
  return rows.map(({ name }) => String(name));
}

function recreateInFile(place: Place, name: string): Repair {
  return {
    command: `make the tables that ${name} lacks, without rows`,
    stage: "servers",
    run: async (facts) => {
      const missing = new Set(await findMissing(facts, place, name));
      const owner = facts.project.services[name]?.["x-mybroker"]?.owner ?? "";
      const statements = [...(await readStatements(facts, { owner, kind: "sqlite" })).values()].flat();
      const { openBulk } = await import("../../../kit/sql/bulk/bulk.js");
      const file = await openBulk({ kind: "sqlite", path: storePathOf(place, name) });
      try {
        for (const statement of statements) {
          if (missing.has(tableOf(statement)?.table ?? "")) await file.execute(statement);
        }
        await file.commit();
      } finally {
        await file.close();
      }
    },
  };
}
