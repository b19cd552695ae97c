import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ResultMessage } from "../../../contracts/messages.js";
import type { Money } from "../../../kit/money.js";
import {
  type EngineLab,
  noon,
  openEngineLab,
  order,
  readResults,
  replay,
  settings,
} from "../testing/engine-lab.js";
import type { Wish } from "./batch-work.js";
import type { Engine } from "./engine.js";
import { hashMarket } from "./rebuild-market.js";

let lab: EngineLab;
beforeEach(async () => {
  lab = await openEngineLab();
});
afterEach(() => lab.close());

const tell = ({ orderId, orderSeq, status, executedQuantity, reason }: ResultMessage) =>
  [orderId, orderSeq, status, executedQuantity, reason].filter((part) => part != null).join(" ");
const takeSent = async () => (await lab.takeSent()).map(tell);
const cancel = (orderId: string): Wish => ({ kind: "CANCEL", orderId });
const price = (reais: number): Wish => ({
  kind: "PRICE",
  prices: [["PETR4", Math.round(reais * 10_000) as Money]],
});

function hashOf(engine: Engine): string {
  if (engine.market === undefined) throw new Error("the engine has no market");
  return hashMarket(engine.market);
}

describe("the engine", () => {
  it("sends what came of each order, in its order", async () => {
    const engine = await lab.start();
    await engine.run([order("s", "SELL", "200@10"), order("b", "BUY", "300@10")]);
    expect(await takeSent()).toEqual([
      "s 1 ACCEPTED",
      "b 1 ACCEPTED",
      "b 2 PARTIALLY_FILLED 200",
      "s 2 FILLED 200",
    ]);
    const { executionId, executedPrice, cumQuantity, leavesQuantity } = (await readResults(lab))[2] ?? {};
    expect({ executionId, executedPrice, cumQuantity, leavesQuantity }).toEqual({
      executionId: "2-1",
      executedPrice: 100_000,
      cumQuantity: 200,
      leavesQuantity: 100,
    });
  });

  it("answers a repeated order with its stored results, in a batch, after it, and after a restart", async () => {
    const engine = await lab.start();
    await engine.run([order("s", "SELL", "100@10"), order("s", "SELL", "100@10")]);
    expect(await takeSent()).toEqual(["s 1 ACCEPTED", "s 1 ACCEPTED"]);
    await engine.run([order("b", "BUY", "100@10")]);
    await takeSent();
    const restarted = await lab.start();
    await restarted.run([order("s", "SELL", "100@10")]);
    expect(await takeSent()).toEqual(["s 1 ACCEPTED", "s 2 FILLED 100"]);
    expect(restarted.market?.sequence).toBe(2);
  });

  it("ends an order that is cancelled before it comes, and one that is cancelled twice only once", async () => {
    const engine = await lab.start();
    await engine.run([cancel("early"), order("early", "BUY", "100@10"), cancel("early")]);
    const answer = "early 1 CANCELLED UNKNOWN_ORDER";
    expect(await takeSent()).toEqual([answer, answer, answer]);
    await engine.run([order("b", "BUY", "100@10"), cancel("b")]);
    await engine.run([cancel("b")]);
    expect(await takeSent()).toEqual(["b 1 ACCEPTED", "b 2 CANCELLED", "b 1 ACCEPTED", "b 2 CANCELLED"]);
    expect(await lab.database.db.selectFrom("orders").select("status").execute()).toEqual([
      { status: "CANCELLED" },
      { status: "CANCELLED" },
    ]);
  });

  it("refuses a cancel that comes too late once, and repeats that", async () => {
    const engine = await lab.start();
    await engine.run([order("s", "SELL", "100@10"), order("b", "BUY", "100@10"), cancel("s")]);
    expect((await takeSent()).at(-1)).toBe("s 3 CANCEL_REJECTED TOO_LATE");
    await engine.run([cancel("s")]);
    expect(await takeSent()).toEqual(["s 1 ACCEPTED", "s 2 FILLED 100", "s 3 CANCEL_REJECTED TOO_LATE"]);
    const stored = lab.database.db.selectFrom("orders").select("status").where("order_id", "=", "s");
    expect(await stored.executeTakeFirst()).toEqual({ status: "FILLED" });
  });

  it("cancels an order that another fills in the same batch before it", async () => {
    const engine = await lab.start();
    await engine.run([order("s", "SELL", "100@10")]);
    await engine.run([order("b", "BUY", "100@10"), cancel("s")]);
    expect((await takeSent()).at(-1)).toBe("s 3 CANCEL_REJECTED TOO_LATE");
  });

  it("refuses an order that nobody can read, unless it is known", async () => {
    const engine = await lab.start();
    await engine.run([order("b", "BUY", "100@10"), { kind: "REFUSE", orderId: "b" }]);
    await engine.run([{ kind: "REFUSE", orderId: "x" }, order("x", "BUY", "100@10")]);
    const refused = "x 1 REJECTED ENGINE_REFUSED";
    expect(await takeSent()).toEqual(["b 1 ACCEPTED", "b 1 ACCEPTED", refused, refused]);
  });

  it("makes a command only of prices that have changed", async () => {
    const engine = await lab.start();
    await engine.run([price(10)]);
    await engine.run([price(10)]);
    await engine.run([]);
    const restarted = await lab.start();
    await restarted.run([price(10)]);
    expect(restarted.market?.sequence).toBe(1);
  });
});

describe("a batch that cannot be stored", () => {
  const lost = new Error("the connection is lost");

  it("is undone in the market too", async () => {
    const engine = await lab.start();
    await engine.run([order("s", "SELL", "100@10")]);
    const before = hashOf(engine);
    lab.failSave = async () => Promise.reject(lost);
    await expect(engine.run([order("b", "BUY", "100@10")])).rejects.toBe(lost);
    expect(engine.market).toBeUndefined();
    await expect(engine.run([])).rejects.toThrow("not ready");
    await engine.ensureReady();
    expect(hashOf(engine)).toBe(before);
    await engine.run([order("b", "BUY", "100@10")]);
    expect(await takeSent()).toEqual(["s 1 ACCEPTED", "b 1 ACCEPTED", "b 2 FILLED 100", "s 2 FILLED 100"]);
  });

  it("counts where it was stored and only the word of it was lost", async () => {
    const engine = await lab.start();
    lab.failSave = async (save) => {
      await save();
      throw lost;
    };
    await expect(engine.run([order("b", "BUY", "100@10")])).rejects.toBe(lost);
    await engine.ensureReady();
    expect(engine.market?.resting.has("b")).toBe(true);
    await engine.run([order("b", "BUY", "100@10")]);
    expect(await takeSent()).toEqual(["b 1 ACCEPTED", "b 1 ACCEPTED"]);
  });

  it("of a second engine never is: it waits for the first", async () => {
    const first = await lab.start();
    const second = lab.createSecond();
    await expect(second.ensureReady()).rejects.toThrow("another engine has the lock");
    await first.close();
    await second.ensureReady();
    expect(second.market).toBeDefined();
  });
});

describe("the end of a session", () => {
  const midnight = Date.parse("2026-11-24T03:00:00Z");
  const sessionEnds = async () =>
    (
      await lab.database.db.selectFrom("commands").selectAll().where("kind", "=", "SESSION_END").execute()
    ).map(({ payload }) => payload);

  it("comes before the first order of the next day", async () => {
    const engine = await lab.start();
    await engine.run([order("s", "SELL", "100@10")]);
    lab.now = midnight - 1;
    await engine.run([order("s2", "SELL", "100@10")]);
    lab.now = midnight;
    await engine.run([order("b", "BUY", "200@10")]);
    expect((await takeSent()).slice(2)).toEqual([
      "s 2 EXPIRED SESSION_END",
      "s2 2 EXPIRED SESSION_END",
      "b 1 ACCEPTED",
    ]);
  });

  it("is made up for at the start, for every day that is past", async () => {
    const engine = await lab.start();
    await engine.run([order("monday", "SELL", "100@10")]);
    await lab.database.db
      .updateTable("orders")
      .set({ session_date: "2026-11-20" })
      .where("order_id", "=", "monday")
      .execute();
    await (await lab.start()).run([order("monday 2", "SELL", "100@10")]);
    lab.now = midnight + 48 * 3_600_000;
    const later = await lab.start();
    await later.run([]);
    expect(await sessionEnds()).toEqual(['"2026-11-20"', '"2026-11-23"']);
    expect(later.market?.resting.size).toBe(0);
  });

  it("of the exchange is at 17:55, and nothing is taken after it", async () => {
    const engine = await lab.start({ session: "b3" });
    await engine.run([order("s", "SELL", "100@10")]);
    lab.now = Date.parse("2026-11-23T20:55:00Z");
    await engine.run([]);
    await engine.run([order("b", "BUY", "100@10")]);
    expect((await takeSent()).slice(1)).toEqual(["s 2 EXPIRED SESSION_END", "b 1 REJECTED SESSION_CLOSED"]);
  });

  it("forgets prices of more than a day ago, and never the last command", async () => {
    const engine = await lab.start();
    await engine.run([price(10)]);
    await engine.run([price(10.5)]);
    lab.now = noon + 48 * 3_600_000;
    await engine.run([price(11)]);
    const kept = await lab.database.db.selectFrom("commands").select("sequence").execute();
    expect(kept).toEqual([{ sequence: 3 }]);
    expect((await lab.start()).market?.sequence).toBe(3);
  });
});

/** Few orders at few prices, each perhaps repeated, cancelled before it comes, or in a batch that fails. */
const wish = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.nat(60), fc.constantFrom("BUY" as const, "SELL" as const), fc.nat(6), fc.nat(4))
      .map(([id, side, ticks, lots]) => order(`o${id}`, side, `${lots * 100 + 100}@${10 + ticks / 100}`)),
  },
  { weight: 3, arbitrary: fc.nat(60).map((id) => cancel(`o${id}`)) },
  { weight: 1, arbitrary: fc.nat(60).map((id): Wish => ({ kind: "REFUSE", orderId: `o${id}` })) },
  { weight: 2, arbitrary: fc.integer({ min: 998, max: 1_008 }).map((cents) => price(cents / 100)) },
);
const batch = fc.record({
  wishes: fc.array(wish, { maxLength: 12, size: "max" }),
  fate: fc.constantFrom("stored", "stored", "stored", "lost", "word lost", "restart", "next day"),
});

describe("whatever comes, however often, and whatever is lost", () => {
  it("the engine ends as if all stored commands were run once, and rebuilds the same state", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 12, size: "max" }), async (batches) => {
        const own = await openEngineLab();
        try {
          let engine = await own.start();
          for (const { wishes, fate } of batches) {
            if (fate === "next day") own.now += 24 * 3_600_000;
            if (fate === "restart") {
              const before = hashOf(engine);
              engine = await own.start();
              expect(hashOf(engine)).toBe(before);
            }
            if (fate === "lost") own.failSave = () => Promise.reject(new Error(fate));
            if (fate === "word lost")
              own.failSave = (save) => save().then(() => Promise.reject(new Error(fate)));
            await engine.run(wishes).catch(async (error: Error) => {
              expect(error.message).toBe(fate);
              await engine.ensureReady();
              // As the broker does: what was not acked comes again.
              await engine.run(wishes);
            });
            own.failSave = undefined;
          }
          // Prices of the day before are forgotten, and with them the means to run everything again.
          const priced = batches.some(({ wishes }) => wishes.some(({ kind }) => kind === "PRICE"));
          if (!priced || batches.every(({ fate }) => fate !== "next day")) {
            const replayed = await replay(own, settings);
            expect(replayed.results).toEqual(await readResults(own));
            expect(replayed.hash).toBe(hashOf(engine));
          }
          const after = hashOf(engine);
          expect(hashOf(await own.start())).toBe(after);
        } finally {
          await own.close();
        }
      }),
      { numRuns: 25 },
    );
  });
});
