import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Money } from "../../kit/money.js";
import type { DatabaseSettings } from "../../kit/sql/database.js";
import { type ComposeStack, prepareComposeStack } from "../../test/support/compose-stack.js";
import type { Wish } from "./app/batch-work.js";
import type { Engine } from "./app/engine.js";
import { hashMarket } from "./app/rebuild-market.js";
import { type EngineLab, openEngineLab, order, readResults, replay } from "./testing/engine-lab.js";

let stack: ComposeStack;
let lab: EngineLab;

beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-engine-${process.pid}`);
  await stack.compose("up", "--detach", "--wait", "b3-core-db");
  const { host, port, user = "", password = "", database = "" } = stack.target("b3-core-db");
  const settings: DatabaseSettings = { kind: "postgres", host, port, user, password, database };
  lab = await openEngineLab(settings);
});
afterAll(async () => {
  await lab?.close();
  await stack?.remove();
});

const hashOf = (engine: Engine) => (engine.market === undefined ? undefined : hashMarket(engine.market));

describe("the engine on Postgres", () => {
  it("stores, rebuilds and replays what it did, and takes up after its server was killed in between", async () => {
    let engine = await lab.start();
    const price = (reais: number): Wish => ({
      kind: "PRICE",
      prices: [["PETR4", Math.round(reais * 10_000) as Money]],
    });
    await engine.run([price(10), order("unlisted", "BUY", "150@10"), { kind: "CANCEL", orderId: "early" }]);
    await engine.run(
      Array.from({ length: 300 }, (_, index) =>
        order(
          `o${index}`,
          index % 3 === 0 ? "SELL" : "BUY",
          `${100 + (index % 5) * 100}@${10 + (index % 7) / 100}`,
        ),
      ),
    );
    await engine.run([order("o1", "BUY", "100@10"), { kind: "CANCEL", orderId: "o5" }, price(10.03)]);
    const before = hashOf(engine);
    engine = await lab.start();
    expect(hashOf(engine)).toBe(before);

    await stack.compose("kill", "b3-core-db");
    await expect(engine.run([order("lost", "BUY", "100@9")])).rejects.toThrow();
    await stack.compose("up", "--detach", "--wait", "b3-core-db");
    await vi.waitFor(() => engine.ensureReady(), { timeout: 60_000, interval: 500 });
    expect(hashOf(engine)).toBe(before);
    await engine.run([order("lost", "BUY", "100@9")]);

    const replayed = await replay(lab);
    expect(replayed.results).toEqual(await readResults(lab));
    expect(replayed.hash).toBe(hashOf(engine));
    const executions = await lab.database.db.selectFrom("executions").selectAll().execute();
    expect(executions.length).toBeGreaterThan(100);
  });

  it("is one at a time", async () => {
    await lab.start();
    await expect(lab.createSecond().ensureReady()).rejects.toThrow("another engine has the lock");
  });
});
