import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runSeed } from "../../cli/seed/run-seed.js";
import type { Verification } from "../../cli/seed/verify/verify-stores.js";
import { type SqlPart, sqlParts } from "../../cli/seed/world/parts.js";
import { marketPriceKey } from "../../contracts/messages.js";
import { openCache } from "../../kit/cache/cache.js";
import { openDocuments } from "../../kit/documents/documents.js";
import { openBulk } from "../../kit/sql/bulk/bulk.js";
import { type DatabaseSettings, openDatabase } from "../../kit/sql/database.js";
import { migrate, readMigrations } from "../../kit/sql/migrate.js";
import { findViolations } from "../brokerage/find-violations.js";
import { changesDuring, secretsOf } from "../interop/cli-on-stack.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { type ComposeStack, prepareComposeStack } from "../support/compose-stack.js";
import { validateOutput } from "../support/validate-output.js";
import { readTables } from "./read-tables.js";
import { portsOf, storesOf } from "./stores-of-system.js";

const root = resolve(import.meta.dirname, "../..");
const engine = "b3-matching-engine";
const databases: Readonly<Record<SqlPart, readonly [store: string, kind: "mysql" | "postgres"]>> = {
  identity: ["broker-identity-db", "mysql"],
  wallet: ["broker-wallet-db", "mysql"],
  order: ["broker-order-db", "mysql"],
  asset: ["broker-asset-db", "mysql"],
  exchange: ["b3-core-db", "postgres"],
};
const others = ["broker-mongodb", "broker-asset-cache", "broker-wallet-cache", "b3-market-cache"];
const asOf = "2026-06-01";

interface Told {
  readonly kind: string;
  readonly checksum: string;
  readonly loaded: { part: string; store: string; method: string; rows: Record<string, number> }[];
}

let stack: ComposeStack;
let cli: BuiltCli;
let folder: string;

function settingsOf(part: SqlPart, login: { user?: string; password?: string } = {}): DatabaseSettings {
  const [store, kind] = databases[part];
  const { host, port, user = "", password = "", database = "" } = { ...stack.target(store), ...login };
  return { kind, host, port, user, password, database };
}

/** The built CLI on the stack, with a state folder of the test's own. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const place = ["-p", stack.project, "-f", "docker-compose.yml", "--env-file", stack.envFile];
  const { PATH, DOCKER_HOST } = process.env;
  return cli.start([...place, "--progress", "plain", ...args], {
    cwd: root,
    env: { PATH, DOCKER_HOST, HOME: folder, ...env },
  });
}

async function seed(...args: string[]) {
  const run = await start(["seed", "--scale", "0.02", ...args, "-o", "json"]).ended;
  for (const secret of secretsOf(stack)) expect(run.stdout + run.stderr).not.toContain(secret);
  const document = JSON.parse(run.stdout) as {
    schema: string;
    data: Told;
    error: { code: string; message: string; hint: string } | null;
  };
  validateOutput(document);
  return { ...run, document, told: document.data };
}

async function countUsers(): Promise<number> {
  const session = await openBulk(settingsOf("identity"));
  const [row] = await session.query<{ total: number }>("select count(*) as total from users");
  await session.close();
  return row?.total ?? -1;
}

async function verify() {
  const run = await start(["seed", "--verify", "-o", "json"]).ended;
  const document = JSON.parse(run.stdout) as {
    schema: string;
    data: { verification: Verification };
  };
  validateOutput(document);
  const { differences, ...others } = document.data.verification;
  return {
    ...others,
    exitCode: run.exitCode,
    named: differences.map(({ store, table }) => `${store} ${table}`),
  };
}

/** Changes one row; what undoes it. */
async function bendRow(
  part: SqlPart,
  { table, key, column }: { readonly table: string; readonly key: string; readonly column: string },
): Promise<() => Promise<void>> {
  const session = await openBulk(settingsOf(part));
  const [row] = await session.query<{ id: string }>(`select min(${key}) as id from ${table}`);
  const change = async (by: number) => {
    await session.execute(`update ${table} set ${column} = ${column} + ? where ${key} = ?`, [
      by,
      row?.id ?? "",
    ]);
    await session.commit();
  };
  await change(1);
  return async () => {
    await change(-1);
    await session.close();
  };
}

async function bendDocument(): Promise<() => Promise<void>> {
  const { host, port, user = "", password = "" } = stack.target("broker-mongodb");
  const login = { kind: "mongodb", host, port, user, password } as const;
  const documents = await openDocuments({ ...login, database: "reports" });
  const reports = await documents.collection<{ status?: string }>("order_reports", []);
  const { value: page } = await reports.scan()[Symbol.asyncIterator]().next();
  const { id, version, document } = page[0];
  const put = async (changed: object) => {
    await reports.deleteAmong([id]);
    expect(await reports.insertNew([{ id, version, document: { ...document, ...changed } }])).toBe(1);
  };
  await put({ status: "BENT" });
  return async () => {
    await put({});
    await documents.close();
  };
}

async function bendKey(): Promise<() => Promise<void>> {
  const { host, port, password = "" } = stack.target("b3-market-cache");
  const cache = await openCache({ kind: "redis", host, port, password });
  const key = marketPriceKey("PETR4");
  const before = (await cache.get(key)) ?? "";
  await cache.set(key, "bent");
  return async () => {
    await cache.set(key, before);
    await cache.close();
  };
}

const engineRuns = async () => (await stack.container(engine)).State.Running;

beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-seed-${process.pid}`, ["services"]);
  cli = await buildCli();
  folder = await mkdtemp(join(tmpdir(), "mybroker-seed-"));
  const stores = Object.values(databases).map(([store]) => store);
  await stack.compose("up", "--detach", "--wait", ...stores, ...others);
}, 180_000);
afterAll(async () => {
  await stack?.remove();
  cli?.remove();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

describe("mybroker seed on the servers alone", () => {
  it("makes the schemas and loads every store by its bulk loader", async () => {
    const { exitCode, stdout, told } = await seed("--as-of", asOf);
    expect(exitCode, stdout).toBe(0);
    const methods = Object.fromEntries(told.loaded.map(({ part, method }) => [part, method]));
    expect(methods).toEqual({
      ...{
        identity: "LOAD DATA LOCAL",
        wallet: "LOAD DATA LOCAL",
        order: "LOAD DATA LOCAL",
        asset: "LOAD DATA LOCAL",
      },
      ...{ exchange: "COPY", "market-data": "insertMany", report: "insertMany" },
      ...{ "asset-cache": "SET", "wallet-cache": "SET", "market-cache": "SET" },
    });
    const [order, wallet, exchange] = [settingsOf("order"), settingsOf("wallet"), settingsOf("exchange")];
    expect(await findViolations({ order, wallet, engine: exchange })).toEqual([]);
  });

  it("has the same rows and the same checksum as the files of the embedded runtime", async () => {
    const storePath = (store: string) => join(folder, `${store}.sqlite`);
    for (const [part, [store]] of Object.entries(databases)) {
      const owner = storesOf({ storePath }).stores.find((one) => one.part === part)?.owner ?? "";
      const database = await openDatabase({ kind: "sqlite", path: storePath(store) });
      await migrate(
        database,
        await readMigrations(join(root, "services", owner, "adapters", "migrations"), "sqlite"),
      );
      await database.close();
    }
    const wish = { scale: 0.02, asOfMs: Date.parse(`${asOf}T15:00:00Z`), reset: false, dryRun: false };
    const embedded = await runSeed(storesOf({ storePath }), wish, portsOf());
    const { told } = await seed();
    expect(told).toMatchObject({ kind: "present", checksum: embedded.checksum });
    for (const part of sqlParts) {
      const path = storePath(databases[part][0]);
      expect(await readTables(part, settingsOf(part))).toEqual(
        await readTables(part, { kind: "sqlite", path }),
      );
    }
  });

  it("sends INSERTs where the server takes no files, and says so", async () => {
    const password = stack.env.get("BROKER_DB_ROOT_PASS") ?? "";
    const administrator = await openBulk(settingsOf("order", { user: "root", password }));
    await administrator.execute("set global local_infile = 0");
    const before = await readTables("order", settingsOf("order"));
    const { exitCode, stderr } = await start(["seed", "--only", "broker-order-db", "--reset", "--yes"]).ended;
    await administrator.execute("set global local_infile = 1");
    await administrator.close();
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain("broker-order-db: local_infile is off, so rows go there by INSERT.");
    expect(await readTables("order", settingsOf("order"))).toEqual(before);
  });

  it("names the store that does not answer, and the login that is refused", async () => {
    await stack.compose("stop", "broker-wallet-cache");
    const down = await seed("--random-seed", "5");
    expect([down.exitCode, down.document.error?.code]).toEqual([1, "seed.store-down"]);
    expect(down.document.error).toMatchObject({
      message: "broker-wallet-cache does not answer",
      hint: expect.stringMatching(/mybroker\.js up broker-wallet-cache$/),
    });
    await stack.compose("start", "broker-wallet-cache");
    const refused = await start(["seed"], { B3_CORE_PASSWORD: "not-a-secret-but-wrong" }).ended;
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("b3-core-db refuses the login of b3-matching-engine");
    expect(refused.stderr).not.toContain("not-a-secret-but-wrong");
  });
});

describe("beside a matching engine", () => {
  beforeAll(async () => {
    // The one image of the nine is built with this one.
    await stack.compose("build", "broker-gateway");
    await stack.compose("up", "--detach", engine);
  }, 120_000);

  it("is stopped while its rows are loaded, and starts again", async () => {
    const changes = await changesDuring(stack, async () => {
      // Of today: the engine ends the open orders of days that are over, and nobody is there to hear of it.
      const today = new Date().toLocaleDateString("sv-SE", { timeZone: "America/Sao_Paulo" });
      const { exitCode, stdout } = await seed("--random-seed", "6", "--as-of", today);
      expect(exitCode, stdout).toBe(0);
    });
    expect(changes.filter((change) => /container (stop|start)/.test(change))).toEqual(
      ["stop", "start"].map((action) => `container ${action} ${stack.project}-${engine}-1`),
    );
    expect(await engineRuns()).toBe(true);
  });

  it("is started by the next seed where one was killed, whose rows are gone", async () => {
    const child = start(["seed", "--scale", "0.2", "--random-seed", "7"]);
    await vi.waitUntil(() => child.stderrSoFar().includes("b3-core-db             loading"), {
      timeout: 60_000,
    });
    child.kill("SIGKILL");
    await child.ended;
    expect(await engineRuns()).toBe(false);
    expect(await countUsers()).toBe(20);
    const { exitCode, stdout, told } = await seed("--random-seed", "7");
    expect(exitCode, stdout).toBe(0);
    expect(told.kind).toBe("loaded");
    expect(await engineRuns()).toBe(true);
    expect(await countUsers()).toBe(20);
  });

  it("proves that all of it agrees, and names what does not on a server of each kind", async () => {
    expect(await verify()).toMatchObject({
      exitCode: 0,
      total: 0,
      named: [],
      stores: 9,
      counts: { orders: 400 },
    });
    const mend = [
      await bendRow("wallet", { table: "accounts", key: "user_id", column: "available" }),
      await bendRow("exchange", { table: "orders", key: "order_id", column: "cum_quantity" }),
      await bendDocument(),
      await bendKey(),
    ];
    const { exitCode, named, total } = await verify();
    await Promise.all(mend.map((undo) => undo()));
    expect(exitCode).toBe(1);
    expect(new Set(named)).toEqual(
      new Set([
        ...["broker-wallet-db accounts", "b3-core-db orders"],
        ...["broker-mongodb order_reports", "b3-market-cache market:price"],
      ]),
    );
    expect(total).toBe(named.length);
    expect(await verify()).toMatchObject({ exitCode: 0, total: 0, named: [] });
  });
});
