import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createRandom } from "../../../kit/seeded-random.js";
import { endOrders } from "../../brokerage/end-orders.js";
import { findDifferences } from "../../brokerage/find-differences.js";
import { findViolations, type OrderDatabases } from "../../brokerage/find-violations.js";
import { enter, giveShares, type Investor, waitForPrices } from "../../brokerage/investor.js";
import { findStrays, type Load, startLoad } from "../../brokerage/load.js";
import { readPages } from "../../brokerage/read-pages.js";
import { type BuiltCli, buildCli } from "../../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../../support/embedded-project.js";
import { tellFigures } from "../../support/tell-figures.js";
import { waitUntil } from "../support/wait-until.js";

const points = process.env.MYBROKER_LONG_RUNS === "1" ? 50 : 5;
const seed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);
const ordersEach = Math.ceil(Number(process.env.MYBROKER_ORDERS ?? 60 * points) / points);
const perSecond = 40;
const longestLifeMs = 1_500;
const waiting = { timeout: 90_000, interval: 200 };

let cli: BuiltCli;
let project: EmbeddedProject;
let gateway: string;
let investors: Investor[];
let password: string;

beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  const up = await project.run("up");
  expect(up.exitCode, up.stderr).toBe(0);
  gateway = `http://127.0.0.1:${project.portOf("broker-gateway")}`;
  const env = readFileSync(join(project.folder, ".env"), "utf8");
  password = /^SEED_USER_PASSWORD=(.+)$/m.exec(env)?.[1] ?? "";
  const admin = await enter(gateway, "admin@mybroker.example", password);
  investors = [];
  for (const name of ["ana", "bruno", "carla"]) {
    const investor = await enter(gateway, `${name}@example.com`, password);
    await investor.deposit(1_000_000);
    for (const ticker of ["PETR4", "MXRF11"]) {
      await giveShares(gateway, { admin, userId: investor.userId, ticker, quantity: 20_000 });
    }
    investors.push(investor);
  }
  await waitForPrices(gateway, admin.token);
}, 240_000);
afterAll(async () => {
  await project?.remove();
  cli?.remove();
}, 60_000);

function findDatabases(): OrderDatabases {
  const file = (name: string) =>
    ({ kind: "sqlite", path: join(project.place, "data", "stores", `${name}.sqlite`) }) as const;
  return { order: file("broker-order-db"), wallet: file("broker-wallet-db"), engine: file("b3-core-db") };
}

/** In the middle of orders; sometimes once more while it reads what the last kill left. */
async function killOnce(load: Load, random: () => number): Promise<void> {
  const answered = () => load.orders.filter(({ answer }) => answer !== undefined).length;
  const before = answered();
  await waitUntil(() => answered() > before, { what: "an order after the start", limitMs: 60_000 });
  // Waits for nothing: this is the random moment of the kill.
  await new Promise((resolve) => setTimeout(resolve, random() * longestLifeMs));
  const pid = project.readOwnerPid();
  process.kill(pid, "SIGKILL");
  if (random() < 0.3) {
    const up = project.start(["up"]);
    // As above, now somewhere in the start.
    await new Promise((resolve) => setTimeout(resolve, 300 + random() * 1_500));
    const next = readPid();
    if (next !== undefined && next !== pid) killIfThere(next);
    await up.ended;
  }
  const { exitCode, stderr } = await project.run("up");
  expect(exitCode, stderr).toBe(0);
}

/** They live for 15 minutes; whoever places the next order has a new one. */
async function renewTokens(): Promise<void> {
  const renewed = await Promise.all(investors.map(({ email }) => enter(gateway, email, password)));
  investors.splice(0, investors.length, ...renewed);
}

function readPid(): number | undefined {
  try {
    return project.readOwnerPid();
  } catch {
    return undefined;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    expect(error).toMatchObject({ code: "ESRCH" });
  }
}

it(`loses and doubles no order at ${points} kills (MYBROKER_SEED=${seed})`, {
  timeout: points * 60_000 + 180_000,
}, async () => {
  console.log(`MYBROKER_SEED=${seed}`);
  const random = createRandom(seed);
  const load = startLoad({ gateway, investors, perSecond, most: ordersEach, random });
  for (let point = 1; point <= points; point += 1) {
    await killOnce(load, random);
    if (point % 10 === 0) await renewTokens();
    // Each life has some of its own, whatever was placed in vain before it.
    if (point < points) load.allow(ordersEach);
  }
  await waitUntil(() => load.orders.length === points * ordersEach, {
    what: "the last order",
    limitMs: 60_000,
  });
  // Whoever asks again within 30 s of an attempt that died with the process is told that it still runs.
  await load.finish(120_000);
  await vi.waitFor(async () => {
    expect(await findViolations(findDatabases())).toEqual([]);
    for (const one of investors) expect(await findDifferences(gateway, one)).toEqual([]);
  }, waiting);
  const all = await Promise.all(investors.map(({ token }) => readPages(gateway, "orders", token)));
  expect(findStrays(load.orders, all.flat())).toEqual([]);
  const repeated = load.orders.filter(({ tries }) => tries > 1).length;
  console.log(`${load.orders.length} orders, ${repeated} of them sent more than once`);
  expect(repeated).toBeGreaterThan(0);
  const ended = await endOrders({ databases: findDatabases(), gateway, investors });
  tellFigures({ kills: points, placed: load.orders.length, repeated, ...ended });
  expect((await project.run("down")).exitCode).toBe(0);
  expect(await findViolations(findDatabases())).toEqual([]);
});
