import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runOnStack } from "../interop/cli-on-stack.js";
import { bringServiceStack, queryPrometheus, type ServiceStack } from "./service-stack.js";

interface Dashboard {
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const folder = resolve(import.meta.dirname, "../../templates/grafana/dashboards");
const dashboards = readdirSync(folder).map(
  (file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Dashboard,
);
const queries = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) => panel.targets.map(({ expr }) => [title, panel.title, expr] as const)),
);

let brought: ServiceStack;
let traffic: Promise<void>;
let enough = false;

beforeAll(async () => {
  brought = await bringServiceStack(`mybroker-dashboards-${process.pid}`);
  traffic = keepTrading();
}, 600_000);

afterAll(async () => {
  enough = true;
  await traffic;
  await brought?.stack.remove();
}, 120_000);

/** Orders that are filled and a look into the book, until it is enough: a rate needs traffic between two scrapes. */
async function keepTrading(): Promise<void> {
  while (!enough) {
    const trade = await runOnStack(brought.stack, ["order", "buy", "PETR4", "100", "--watch"]);
    expect(trade.exitCode, trade.stdout + trade.stderr).toBe(0);
    expect((await runOnStack(brought.stack, ["book", "PETR4"])).exitCode).toBe(0);
  }
}

describe("dashboards", () => {
  it("are these, each with a name of its own", () => {
    expect(dashboards.map(({ title }) => title).sort()).toEqual(["Brokerage", "Exchange", "Infrastructure"]);
  });

  it.each(queries)("%s: %s has data after traffic: %s", async (_dashboard, _panel, expression) => {
    const numbers = async () =>
      (await queryPrometheus(brought.stack, expression)).filter(({ value: [, text] }) => text !== "NaN")
        .length;
    await expect.poll(numbers, { timeout: 90_000, interval: 1_000 }).toBeGreaterThan(0);
  });
});
