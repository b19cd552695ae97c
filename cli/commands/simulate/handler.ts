import { randomInt } from "node:crypto";
import { Agent } from "node:http";
import { createRandom } from "../../../kit/seeded-random.js";
import { openBrokerage } from "../../brokerage/brokerage.js";
import { exitCodes } from "../../errors/mybroker-error.js";
import type { CommandHandler } from "../../kernel/command.js";
import { countOf, formatDuration } from "../../output/units.js";
import { prepareInvestors } from "./investors.js";
import { type LoadResult, runLoad } from "./load.js";
import { wantOrders } from "./orders.js";

interface Options {
  readonly rate?: number;
  readonly users?: number;
  readonly duration?: number;
  readonly count?: number;
  readonly randomSeed?: number;
}

/** `simulate`: exit 1 where an order got no answer or never came to an end. */
export const simulate: CommandHandler = async (request) => {
  const { context, output, options } = request;
  const {
    rate = 10,
    users = 5,
    duration: durationMs = 60_000,
    count = Number.POSITIVE_INFINITY,
  } = options as Options;
  const randomSeed = (options as Options).randomSeed ?? randomInt(1, 2 ** 32 - 1);
  const brokerage = await openBrokerage(request);
  const setting = { rate, users, durationMs, randomSeed, ...(Number.isFinite(count) ? { count } : {}) };
  if (request.globals.dryRun) {
    return { project: brokerage.project, data: { setting, result: null }, text: [describe(setting)] };
  }
  const agent = new Agent({ keepAlive: true, noDelay: true, maxSockets: 64 });
  try {
    output.note(`${describe(setting)}.`);
    const investors = await prepareInvestors(brokerage, { users, agent });
    const orders = wantOrders(createRandom(randomSeed), users);
    const { signal } = context;
    const result = await runLoad({ brokerage, investors, agent, orders, rate, durationMs, count, signal });
    const failed = result.unfinished > 0 || (result.refused.NO_ANSWER ?? 0) > 0;
    return {
      project: brokerage.project,
      data: { setting, result: summarize(result) },
      text: render(result),
      exitCode: failed ? exitCodes.no : exitCodes.done,
    };
  } finally {
    agent.destroy();
  }
};

interface Setting {
  readonly rate: number;
  readonly users: number;
  readonly durationMs: number;
  readonly count?: number;
  readonly randomSeed: number;
}

function describe({ rate, users, durationMs, count, randomSeed }: Setting): string {
  const end = count === undefined ? `for ${formatDuration(durationMs)}` : `up to ${count} orders`;
  return `${rate} orders/s by ${countOf(users, "investor")} ${end}, random seed ${randomSeed}`;
}

function summarize(result: LoadResult) {
  const { placed, accepted, refused, ended, unfinished, placingMs, elapsedMs, roundTripsMs } = result;
  return {
    placed,
    accepted,
    refused,
    ended,
    unfinished,
    elapsedMs: Math.round(elapsedMs),
    ratePerSecond: perSecond(placed, placingMs),
    finalPerSecond: perSecond(accepted - unfinished, elapsedMs),
    roundTrip: {
      orders: roundTripsMs.length,
      p50Ms: percentile(roundTripsMs, 0.5),
      p95Ms: percentile(roundTripsMs, 0.95),
      p99Ms: percentile(roundTripsMs, 0.99),
    },
  };
}

function perSecond(orders: number, elapsedMs: number): number {
  return elapsedMs === 0 ? 0 : Math.round((orders * 10_000) / elapsedMs) / 10;
}

/** null of nothing. */
function percentile(ascending: readonly number[], share: number): number | null {
  const value = ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))];
  return value === undefined ? null : Math.round(value * 10) / 10;
}

function render(result: LoadResult): string[] {
  const { placed, accepted, refused, ended, unfinished, elapsedMs, roundTrip, finalPerSecond } =
    summarize(result);
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, number]) => `${name} ${number}`)
      .join("  ");
  const { orders, p50Ms, p95Ms, p99Ms } = roundTrip;
  // Of longer ones a tenth says nothing.
  const time = (timeMs: number | null) => `${(timeMs ?? 0) >= 100 ? Math.round(timeMs ?? 0) : timeMs} ms`;
  return [
    `${countOf(placed, "order")} in ${formatDuration(elapsedMs)}: ${accepted} accepted, ${finalPerSecond} a second to their end`,
    `  ended       ${list(ended) || "none"}${unfinished === 0 ? "" : `  unfinished ${unfinished}`}`,
    ...(Object.keys(refused).length === 0 ? [] : [`  refused     ${list(refused)}`]),
    ...(orders === 0
      ? []
      : [
          `  round trip  p50 ${time(p50Ms)}  p95 ${time(p95Ms)}  p99 ${time(p99Ms)}  (of ${orders}, POST to FILLED)`,
        ]),
    "Next:  {mybroker} order list --user sim-1@mybroker.example      {mybroker} ps",
  ];
}
