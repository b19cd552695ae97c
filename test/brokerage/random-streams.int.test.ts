import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { toBroker, toExchange } from "../../contracts/topology.js";
import { createRandom } from "../../kit/seeded-random.js";
import { openDatabase } from "../../kit/sql/database.js";
import { type Disorder, spreadDisorder } from "./disorder.js";
import { findDifferences } from "./find-differences.js";
import { findViolations } from "./find-violations.js";
import { call, enter, giveShares, type Investor, waitForPrices } from "./investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

const long = process.env.MYBROKER_LONG_RUNS === "1";
const seed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);
const limits = { runs: long ? 60 : 2, rounds: long ? 6 : 3, steps: long ? 40 : 25 };
const waiting = { timeout: 60_000, interval: 100 };
const tickers = ["PETR4", "PETR4F", "MXRF11"] as const;

let system: System;
let gateway: string;
let disorder: Disorder;
let traders: Investor[];
let placed: { readonly trader: Investor; readonly orderId: string }[] = [];

beforeAll(async () => {
  console.log(`MYBROKER_SEED=${seed}`);
  system = await startSystem({ env: { QUOTE_INTERVAL: "1" } });
  gateway = system.urls["broker-gateway"];
  await waitUntilReady(system);
  disorder = await spreadDisorder(system, createRandom(seed));
  const admin = await enter(gateway, "admin@mybroker.example", secrets.password);
  traders = [];
  for (const name of ["ana", "bruno", "carla", "davi"]) {
    const trader = await enter(gateway, `${name}@example.com`, secrets.password);
    // The last one is soon out of money, and is refused then.
    await trader.deposit(name === "davi" ? 2_000 : 200_000);
    for (const [ticker, quantity] of [["PETR4", 1_050] as const, ["MXRF11", 300] as const]) {
      await giveShares(gateway, { admin, userId: trader.userId, ticker, quantity });
    }
    traders.push(trader);
  }
  await waitForPrices(gateway, admin.token);
}, 120_000);
afterAll(async () => {
  await disorder?.close();
  await system?.close();
}, 60_000);

const trader = fc.nat({ max: 3 });
const cents = fc.integer({ min: 1, max: 3_000_00 }).map((amount) => amount / 100);
const steps = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("order" as const),
      trader,
      ticker: fc.constantFrom(...tickers),
      side: fc.constantFrom("BUY" as const, "SELL" as const),
      size: fc.integer({ min: 1, max: 5 }),
      /** Ticks from the last price; null: at the market. */
      away: fc.option(fc.integer({ min: -6, max: 6 }), { freq: 4 }),
      timeInForce: fc.constantFrom("DAY" as const, "DAY" as const, "IOC" as const, "FOK" as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("cancel" as const), back: fc.nat({ max: 8 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("deposit" as const, "withdraw" as const),
      trader,
      amount: cents,
    }),
  },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;
const round = fc.record({
  steps: fc.array(steps, { minLength: limits.steps, maxLength: limits.steps }),
  /** Nobody reads while it lasts; then all comes shuffled, twice. */
  pileUp: fc.boolean(),
});

async function take(step: Step): Promise<void> {
  if (step.do === "order") return placeOrder(step);
  if (step.do === "cancel") {
    const known = placed.at(-1 - step.back);
    if (known !== undefined) expect((await known.trader.cancel(known.orderId)).status).toBe(202);
    return;
  }
  const { token } = traders[step.trader] as Investor;
  const url = `${gateway}/api/v1/wallets/me/${step.do}`;
  const { status, body } = await call("POST", url, { token, body: { amount: step.amount } });
  if (status !== 200) expect({ status, body }).toMatchObject({ status: 422, body: { code: "NO_FUNDS" } });
}

async function placeOrder(step: Extract<Step, { do: "order" }>): Promise<void> {
  const { ticker, side, size, away, timeInForce } = step;
  const by = traders[step.trader] as Investor;
  const url = `${gateway}/api/v1/assets/${ticker}/price`;
  const { body: last } = await call<{ price: number }>("GET", url, { token: by.token });
  const price = away === null ? null : Math.max(1, Math.round(last.price * 100) + away) / 100;
  const quantity = ticker === "PETR4" ? size * 100 : size * 7;
  const { status, body } = await by.place({ ticker, side, quantity, price, timeInForce });
  if (status === 201) placed.push({ trader: by, orderId: body.orderId });
  else expect(["NO_FUNDS", "NO_SHARES"], JSON.stringify(body)).toContain(body.code);
}

/** Each service is away while what it is to read piles up. */
async function takePiledUp(all: readonly Step[]): Promise<void> {
  await system.stopService("b3-matching-engine");
  await takeAll(all);
  await waitUntilSent("order");
  await disorder.settle();
  expect(await disorder.shuffleQueue(toExchange)).toBeGreaterThan(0);
  await system.stopService("broker-order");
  await system.startService("b3-matching-engine");
  await vi.waitUntil(async () => (await disorder.count(toExchange.queue)) === 0, waiting);
  await waitUntilSent("engine");
  await disorder.settle();
  expect(await disorder.shuffleQueue(toBroker)).toBeGreaterThan(0);
  await Promise.all([system.stopService("broker-wallet"), system.stopService("broker-report")]);
  await system.startService("broker-order");
  await vi.waitUntil(async () => (await disorder.count(toBroker.queue)) === 0, waiting);
  await waitUntilSent("order");
  const readers = ["broker-wallet", "broker-report"] as const;
  const start = async () => {
    await Promise.all(readers.map((name) => system.startService(name)));
    await waitUntilReady(system);
  };
  expect(await disorder.shuffleEvents(readers, start)).toBeGreaterThan(0);
}

async function takeAll(all: readonly Step[]): Promise<void> {
  for (let from = 0; from < all.length; from += 5) await Promise.all(all.slice(from, from + 5).map(take));
}

async function waitUntilSent(name: "order" | "engine"): Promise<void> {
  const database = await openDatabase<{ outbox: { id: number } }>(system.databases[name]);
  const rows = () => database.db.selectFrom("outbox").select("id").execute();
  await vi.waitUntil(async () => (await rows()).length === 0, waiting).finally(() => database.close());
}

async function expectAllWell(): Promise<void> {
  await disorder.settle();
  await vi.waitFor(async () => {
    expect(await findViolations(system.databases)).toEqual([]);
    for (const one of traders) expect(await findDifferences(gateway, one)).toEqual([]);
    for (const { queue } of [toExchange, toBroker]) expect(await disorder.count(queue)).toBe(0);
  }, waiting);
  for (const { deadLetterQueue } of [toExchange, toBroker]) {
    expect(await disorder.count(deadLetterQueue)).toBe(0);
  }
}

it(`keeps every invariant whatever is traded, with all messages twice and out of order (MYBROKER_SEED=${seed})`, {
  timeout: long ? 3_600_000 : 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: limits.rounds, maxLength: limits.rounds }),
      async (rounds) => {
        placed = [];
        // A token lives for 15 minutes.
        traders = await Promise.all(traders.map(({ email }) => enter(gateway, email, secrets.password)));
        for (const { steps: all, pileUp } of rounds) await (pileUp ? takePiledUp(all) : takeAll(all));
        await expectAllWell();
      },
    ),
    // What has happened stays: a smaller stream would begin with the damage of the larger one.
    { seed, numRuns: limits.runs, endOnFailure: true },
  );
  expect(Math.min(disorder.copies.rabbitmq, disorder.copies.kafka)).toBeGreaterThan(20);
  // Nothing that still was on its way changes it, and nothing of all this was out of the ordinary for a service.
  await Promise.all([...Object.keys(system.urls)].map((name) => system.stopService(name as never)));
  expect(await findViolations(system.databases)).toEqual([]);
  expect(system.log.filter((line) => /"level":(50|60|"error"|"fatal")|dead letter/.test(line))).toEqual([]);
});
