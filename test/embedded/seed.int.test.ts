import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRandom } from "../../kit/seeded-random.js";
import { openBulk } from "../../kit/sql/bulk/bulk.js";
import { findViolations } from "../brokerage/find-violations.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { waitUntil } from "./support/wait-until.js";

const points = process.env.MYBROKER_LONG_RUNS === "1" ? 30 : 5;
const firstSeed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);
const engine = "b3-matching-engine";
/** Tables whose rows the mark of each database counts. */
const counted = {
  "broker-identity-db": ["users"],
  "broker-wallet-db": ["accounts", "transactions"],
  "broker-order-db": ["orders", "executions"],
  "b3-core-db": ["orders", "results"],
} as const;

let cli: BuiltCli;
let project: EmbeddedProject;
let own: Readonly<Record<string, number>>;

beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  const up = await project.run("--runtime", "embedded", "up");
  expect(up.exitCode, up.stderr).toBe(0);
  const bought = await project.run("order", "buy", "PETR4", "100", "--watch");
  expect(bought.exitCode, bought.stderr).toBe(0);
  own = Object.fromEntries((await readStores()).flatMap(({ rows }) => Object.entries(rows)));
}, 240_000);
afterAll(async () => {
  await project?.remove();
  cli?.remove();
}, 60_000);

function openStore(store: string) {
  return openBulk({ kind: "sqlite", path: join(project.place, "data", "stores", `${store}.sqlite`) });
}

interface Mark {
  readonly dataSet: string;
  readonly rows: Readonly<Record<string, number>>;
}

/** The mark of each database, and how many rows it has by "store table". */
function readStores() {
  return Promise.all(
    Object.entries(counted).map(async ([store, tables]) => {
      const session = await openStore(store);
      try {
        const marks = await session.query<{ mark: string }>("select mark from mybroker_seed").catch(() => []);
        const rows: Record<string, number> = {};
        for (const table of tables) {
          const [row] = await session.query<{ total: number }>(`select count(*) as total from ${table}`);
          rows[`${store} ${table}`] = row?.total ?? -1;
        }
        return { store, mark: marks[0] && (JSON.parse(marks[0].mark) as Mark), rows };
      } finally {
        await session.close();
      }
    }),
  );
}

/** What is in a database is what its mark says, and what was there before the first seed. */
async function expectWhole(): Promise<void> {
  for (const { store, mark, rows } of await readStores()) {
    for (const [name, total] of Object.entries(rows)) {
      const table = name.split(" ")[1] ?? "";
      expect([name, total]).toEqual([name, (own[name] ?? 0) + (mark?.rows[table] ?? 0)]);
    }
    expect(store).toBeDefined();
  }
}

async function engineRuns(): Promise<boolean> {
  const { data } = await project.json<{ services: { service: string; state: string }[] }>("ps");
  return data.services.some(({ service, state }) => service === engine && state === "ready");
}

function findDatabases() {
  const file = (name: string) =>
    ({ kind: "sqlite", path: join(project.place, "data", "stores", `${name}.sqlite`) }) as const;
  return { order: file("broker-order-db"), wallet: file("broker-wallet-db"), engine: file("b3-core-db") };
}

it(`leaves no database with half a data set at ${points} kills (MYBROKER_SEED=${firstSeed})`, {
  timeout: points * 60_000 + 60_000,
}, async () => {
  console.log(`MYBROKER_SEED=${firstSeed}`);
  const random = createRandom(firstSeed);
  for (let point = 1; point <= points; point += 1) {
    const child = project.start([
      "seed",
      "--scale",
      "0.1",
      "--random-seed",
      String(point),
      "--progress",
      "plain",
    ]);
    await waitUntil(() => child.stderrSoFar() !== "", { what: "the first progress", limitMs: 60_000 });
    // Waits for nothing: this is the random moment of the kill.
    await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
    child.kill("SIGKILL");
    await child.ended;
    await expectWhole();
  }
  const { exitCode, stderr } = await project.run("seed", "--scale", "0.1", "--random-seed", "42");
  expect(exitCode, stderr).toBe(0);
  await expectWhole();
  expect(await engineRuns()).toBe(true);
  await waitUntil(async () => (await findViolations(findDatabases())).length === 0, {
    what: "the invariants",
    limitMs: 30_000,
  });
  const greeting = await project.run();
  expect(greeting.stdout).toMatch(/\nSeeded with data set \S+, scale 0\.1\.\n/);
  const again = await project.run("seed");
  expect(again.stdout).toMatch(/^Already there \(\w{6}\)\. Nothing to do in /);
});

it("undoes what it began on Ctrl-C, and starts the engine again", async () => {
  const before = await readStores();
  const child = project.start(["seed", "--random-seed", "77", "--scale", "0.5", "--progress", "plain"]);
  await waitUntil(() => child.stderrSoFar().includes("broker-wallet-db       loading"), {
    what: "the load",
    limitMs: 60_000,
  });
  child.kill("SIGINT");
  expect((await child.ended).exitCode).toBe(130);
  expect(await readStores()).toEqual(before);
  await waitUntil(engineRuns, { what: "the engine", limitMs: 30_000 });
});

it("logs its users in, and hides the password that they share", async () => {
  const { data } = await project.json<{ loginEmail: string }>("seed");
  const { exitCode, stdout } = await project.run("token", "--user", data.loginEmail);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
});

it.each([
  [["--scale", "0"], "a scale is a number from 0.01 to 100, not 0"],
  [["--scale", "-1"], "a scale is a number from 0.01 to 100, not -1"],
  [["--scale", "abc"], "a scale is a number from 0.01 to 100, not abc"],
  [["--scale", "1000"], "a scale is a number from 0.01 to 100, not 1000"],
  [["--random-seed", "1.5"], "--random-seed takes a whole number up to 4294967295, not 1.5"],
  [["--as-of", "yesterday"], "--as-of takes a day such as 2026-11-22, not yesterday"],
  [["--as-of", "2026-02-31"], "--as-of takes a day such as 2026-11-22, not 2026-02-31"],
  [["--as-of", "2999-01-01"], "--as-of 2999-01-01 is in the future: today is "],
  [["--only", "broker-walet-db"], "Did you mean:  broker-wallet-db"],
  [["--verify", "--reset"], "--verify only looks, at all stores: it does not go with --reset"],
  [["--reset"], "answer it with --yes"],
])("refuses %j with exit 2", async (args, message) => {
  const { exitCode, stderr } = await project.run("seed", ...args);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
});

it("makes no order beside it fail", async () => {
  const simulation = project.start(["simulate", "--rate", "20/s", "--duration", "15s"]);
  const orders = ["order", "list", "--user", "sim-1@mybroker.example", "-o", "json"];
  // Its investors have logged in by then.
  await waitUntil(async () => (await project.run(...orders)).stdout.includes("orderId"), {
    what: "the simulation's first order",
    limitMs: 60_000,
  });
  const { exitCode, stderr } = await project.run("seed", "--reset", "--yes", "--scale", "0.5");
  expect(exitCode, stderr).toBe(0);
  const { stdout } = await simulation.ended;
  expect(stdout).toMatch(/orders in .*accepted/);
  // While a database is the seed's they wait; what is refused is so for its own sake.
  const refused = /refused +(.*)/.exec(stdout)?.[1] ?? "";
  for (const [, code] of refused.matchAll(/([A-Z_]+) \d+/g))
    expect(["NO_PRICE", "NO_FUNDS", "NO_SHARES"]).toContain(code);
}, 180_000);

it("says what to type where nothing runs", async () => {
  await project.run("down");
  const { exitCode, stderr } = await project.run("seed");
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/does not run[\s\S]*mybroker\.js up/)]);
});
