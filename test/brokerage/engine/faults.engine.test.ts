import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { toBroker, toExchange } from "../../../contracts/topology.js";
import { createRandom } from "../../../kit/seeded-random.js";
import { tellFigures } from "../../support/tell-figures.js";
import { endOrders } from "../end-orders.js";
import { findDifferences } from "../find-differences.js";
import { findViolations } from "../find-violations.js";
import { call, type Investor } from "../investor.js";
import { findStrays, type Load, startLoad } from "../load.js";
import { readPages } from "../read-pages.js";
import { countMessages, countUnread } from "./deliver-again.js";
import { bringSystem, type EngineSystem, endow } from "./engine-system.js";
import { databases, deliverAllAgain, eventTopics, expectNoDeadLetters, inflictAll } from "./faults.js";

const isLong = process.env.MYBROKER_LONG_RUNS === "1";
const scale = isLong
  ? { orders: 2_000, perSecond: 25, outageMs: 10_000, atOnce: 1 }
  : { orders: Number(process.env.MYBROKER_ORDERS ?? 600), perSecond: 25, outageMs: 3_000, atOnce: 3 };
const seed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);
const names = ["ana", "bruno", "carla", "davi", "elisa", "fabio"];
const drained = { timeout: 300_000, interval: 2_000 };

let system: EngineSystem;

beforeAll(async () => {
  console.info(`MYBROKER_SEED=${seed}`);
  system = await bringSystem(`mybroker-faults-${process.pid}`);
}, 600_000);
afterAll(() => system?.close(), 120_000);

/** Everything that is on its way has arrived, and every invariant holds; the reports say the same. */
async function expectAllWell(investors: readonly Investor[]): Promise<void> {
  const startedMs = Date.now();
  try {
    const { stack } = system;
    await vi.waitFor(async () => {
      for (const { queue } of [toExchange, toBroker]) {
        expect(await countMessages(stack.target("rabbitmq"), queue)).toBe(0);
      }
      expect(await countUnread(stack.target("kafka"), "broker-wallet", ["order-events-v1"])).toBe(0);
      expect(await findViolations(system.databases)).toEqual([]);
    }, drained);
    await expectReports(investors);
  } catch (error) {
    console.error(await system.containers.readLogs(system.services));
    throw error;
  }
  console.info(`all invariants hold ${Math.round((Date.now() - startedMs) / 1_000)} s later`);
}

async function expectReports(investors: readonly Investor[]): Promise<void> {
  const unread = () => countUnread(system.stack.target("kafka"), "broker-report", eventTopics);
  await vi.waitFor(async () => expect(await unread()).toBe(0), drained);
  // Asked once: reading all of it again and again would keep the reports from being written.
  for (const one of investors) {
    // A page that comes too late on a busy machine is refused, and no difference.
    const ask = () => findDifferences(system.gateway, one);
    expect(await vi.waitFor(ask, { timeout: 60_000, interval: 2_000 })).toEqual([]);
  }
}

describe("the stack on an engine", () => {
  it(`loses nothing of ${scale.orders} orders whatever is killed, stopped and delivered twice`, {
    timeout: isLong ? 1_800_000 : 600_000,
  }, async () => {
    const { orders, perSecond } = scale;
    const random = createRandom(seed);
    const enterAll = () => Promise.all(names.map((name) => system.enter(name)));
    let investors = await enterAll();
    for (const investor of investors) await endow(system, investor);
    const { gateway } = system;
    const load = startLoad({ gateway, investors, perSecond, most: Number.POSITIVE_INFINITY, random });
    onTestFinished(() => load.finish(0).catch(() => {}));
    const startedMs = Date.now();
    const say = (text: string) =>
      console.info(
        `${Math.round((Date.now() - startedMs) / 1_000)} s, ${load.orders.length} orders: ${text}`,
      );
    const delivered = await inflictAll(system, { ...scale, random }, say);
    await vi.waitUntil(() => load.orders.length >= orders, { timeout: 300_000, interval: 100 });
    await load.finish(120_000);
    say(JSON.stringify({ ...delivered, ...summarize(load) }));
    // The first logins may have run out.
    investors = await enterAll();
    await expectAllWell(investors);
    say(JSON.stringify(await deliverAllAgain(system, random)));
    await expectAllWell(investors);
    const all = await Promise.all(investors.map(({ token }) => readPages(gateway, "orders", token)));
    expect(findStrays(load.orders, all.flat())).toEqual([]);
    expect(load.orders.filter(({ answer }) => answer?.status === 201).length).toBeGreaterThan(orders / 2);
    // Whatever was away, it was told as that.
    expect([...load.repeated.keys()].filter((answer) => answer.startsWith("500"))).toEqual([]);
    await expectNoDeadLetters(system);
    const { databases, containers } = system;
    const ended = await endOrders({ databases, gateway, investors });
    tellFigures({
      killed: containers.countHit("kill"),
      restarted: containers.countHit("restart"),
      recreated: containers.countHit("rm"),
      stopped: containers.countHit("stop"),
      frozen: containers.countHit("pause"),
      placed: load.orders.length,
      ...ended,
    });
  });

  it("accepts exactly what an account can pay of 200 orders at once, and gives all of it back", async () => {
    const poor = await system.enter("poor");
    await poor.deposit(50 * 10);
    const order = { ticker: "PETR4F", quantity: 10, side: "BUY", price: 1 } as const;
    const answers = await Promise.all(Array.from({ length: 200 }, () => poor.place(order)));
    const accepted = answers.filter(({ status }) => status === 201).map(({ body }) => body.orderId);
    const refused = answers.filter(({ status }) => status !== 201).map(({ body }) => body.code);
    expect(new Set(refused)).toEqual(new Set(["NO_FUNDS"]));
    expect(accepted).toHaveLength(50);
    expect(await poor.summary()).toMatchObject({ available: 0, blocked: 500 });
    const cancelled = await Promise.all(accepted.map((orderId) => poor.cancel(orderId)));
    expect(new Set(cancelled.map(({ status }) => status))).toEqual(new Set([202]));
    const cash = async () => {
      const { available, blocked } = await poor.summary();
      return { available, blocked };
    };
    await expect.poll(cash, { timeout: 60_000, interval: 250 }).toEqual({ available: 500, blocked: 0 });
    await expectAllWell([poor]);
  });

  describe.each(databases)("without %s", (database) => {
    let token: string;
    beforeAll(async () => {
      // A token of now lives longer than this.
      ({ token } = await system.enter("reader"));
      await system.containers.stop(database);
    });
    afterAll(() => system.containers.start(database));

    it("every other service answers and is ready; its owner lives, and names what is gone", async () => {
      for (const service of system.services) {
        const url = system.urlOf(service);
        const owns = owners[database]?.includes(service) === true;
        const live = await call("GET", `${url}/health/live`);
        expect([service, live.status]).toEqual([service, 200]);
        const missing = async () => {
          const { status, body } = await call<Ready>("GET", `${url}/health/ready`);
          const names = body.dependencies.filter(({ ok }) => !ok).map(({ name }) => name);
          return { service, status, names };
        };
        const expected = { service, status: owns ? 503 : 200, names: owns ? [database] : [] };
        await expect.poll(missing, { timeout: 30_000, interval: 250 }).toEqual(expected);
        const path = reads[service];
        if (owns || path === undefined) continue;
        const read = await call("GET", `${url}${path}`, { token });
        expect([service, read.status, read.body]).toEqual([service, 200, read.body]);
      }
      const routed = database === "broker-wallet-db" ? "orders" : "wallets/me/summary";
      const throughGateway = await call("GET", `${system.gateway}/api/v1/${routed}`, { token });
      expect(throughGateway.status, JSON.stringify(throughGateway.body)).toBe(200);
    });
  });
});

interface Ready {
  readonly dependencies: readonly { readonly name: string; readonly ok: boolean }[];
}

const owners: Readonly<Record<string, readonly string[]>> = {
  "broker-identity-db": ["broker-identity"],
  "broker-asset-db": ["broker-asset"],
  "broker-wallet-db": ["broker-wallet"],
  "broker-order-db": ["broker-order"],
  "b3-core-db": ["b3-matching-engine"],
  "broker-mongodb": ["broker-market-data", "broker-report"],
};

/** What each has to read; broker-market-data has nothing, broker-gateway what the others have. */
const reads: Readonly<Record<string, string>> = {
  "broker-identity": "/api/v1/auth/me",
  "broker-asset": "/api/v1/assets/PETR4/price",
  "broker-wallet": "/api/v1/wallets/me/summary",
  "broker-order": "/api/v1/orders",
  "broker-report": "/api/v1/reports/me/orders",
  "b3-market-sync": "/quotes",
  "b3-matching-engine": "/book/PETR4",
};

function summarize({ orders, repeated }: Load) {
  const answers = new Map<string, number>();
  for (const { answer } of orders) {
    const told = `${answer?.status} ${answer?.code}`.trimEnd();
    answers.set(told, (answers.get(told) ?? 0) + 1);
  }
  return { answers: Object.fromEntries(answers), repeated: Object.fromEntries(repeated) };
}
