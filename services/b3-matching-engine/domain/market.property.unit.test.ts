import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Result } from "./commands.js";
import { describeMarket } from "./describe-market.js";
import { Market, type MarketSettings } from "./market.js";
import { NaiveMarket } from "./testing/naive-market.js";
import { changes, marketSettings, sequenceCommands } from "./testing/random-commands.js";

const told = ({ order, ...result }: Result) => ({ orderId: order.orderId, ...result });

/** Every result of a stream, as it was told. */
function run(settings: MarketSettings, list: Parameters<typeof sequenceCommands>[0]) {
  const market = new Market(settings);
  const seen = new Map<string, Result>();
  const results: Result[] = [];
  for (const command of sequenceCommands(list, seen, (orderId) => market.resting.has(orderId))) {
    for (const result of market.apply(command)) {
      seen.set(result.order.orderId, result);
      results.push(result);
    }
  }
  return { market, results };
}

describe("the market, whatever is asked of it", () => {
  it("answers every command as its naive twin does, and is left in the same state", () => {
    fc.assert(
      fc.property(marketSettings, changes, (settings, list) => {
        const market = new Market(settings);
        const twin = new NaiveMarket(settings);
        const seen = new Map<string, Result>();
        for (const command of sequenceCommands(list, seen, (orderId) => market.resting.has(orderId))) {
          const results = market.apply(command);
          expect(results.map(told)).toEqual(twin.apply(command).map(told));
          expect(describeMarket(market)).toBe(twin.describe());
          for (const result of results) seen.set(result.order.orderId, result);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("makes the same results and the same state of the same commands", () => {
    fc.assert(
      fc.property(marketSettings, changes, (settings, list) => {
        const [one, other] = [run(settings, list), run(settings, list)];
        expect(one.results.map(told)).toEqual(other.results.map(told));
        expect(describeMarket(one.market)).toBe(describeMarket(other.market));
      }),
      { numRuns: 100 },
    );
  });

  it("never executes worse than the limit, nor more than was asked, and both sides of a trade agree", () => {
    fc.assert(
      fc.property(marketSettings, changes, (settings, list) => {
        const { results } = run(settings, list);
        const executions = results.filter(({ executionId }) => executionId !== null);
        for (const { order, executedPrice, cumQuantity, leavesQuantity } of executions) {
          const { side, price, quantity } = order.terms ?? expect.fail("an execution without terms");
          const better =
            side === "BUY" ? (price ?? 0) - (executedPrice ?? 0) : (executedPrice ?? 0) - (price ?? 0);
          expect(better).toBeGreaterThanOrEqual(0);
          expect(cumQuantity + leavesQuantity).toBe(quantity);
        }
        const sideOf = new Map(executions.map((side) => [`${side.executionId} ${side.order.orderId}`, side]));
        expect(sideOf.size).toBe(executions.length);
        for (const { executionId, counterOrderId, ...side } of executions) {
          if (counterOrderId === null) continue;
          const counter = sideOf.get(`${executionId} ${counterOrderId}`);
          expect(counter?.counterOrderId).toBe(side.order.orderId);
          expect(counter?.executedPrice).toBe(side.executedPrice);
          expect(counter?.executedQuantity).toBe(side.executedQuantity);
          expect(counter?.order.terms?.side).not.toBe(side.order.terms?.side);
        }
      }),
      { numRuns: 100 },
    );
  });
});
