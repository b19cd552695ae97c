import { resolve } from "node:path";
import { expect } from "vitest";
import { waitForListener } from "../replace/ask-program.js";
import type { Child, EndedChild } from "../support/built-cli.js";
import { validateOutput } from "../support/validate-output.js";
import { python } from "./programs.js";

const example = resolve(import.meta.dirname, "../../examples/order-service/order_service.py");

/** The built CLI on a system that is up and has not seen an order. */
export interface SystemToReplaceIn {
  start(args: readonly string[]): Child;
  run(...args: readonly string[]): Promise<EndedChild>;
  /** The published port of a service. */
  portOf(service: string): number;
}

/**
 * Puts examples/order-service in the place of broker-order, has its orders filled, settled and reported, and gives the
 * place back.
 * @returns figures: how many orders it had filled
 */
export async function expectExampleFills(system: SystemToReplaceIn): Promise<{ filled: number }> {
  const json = async <Data>(...words: string[]): Promise<Data> => {
    const document = JSON.parse((await system.run(...words, "-o", "json")).stdout);
    validateOutput(document);
    return document.data;
  };
  const wallet = async () => {
    const { summary, positions } = await json<{
      summary: { available: number; blocked: number };
      positions: { ticker: string; available: number; blocked: number }[];
    }>("wallet", "show");
    return { ...summary, shares: positions.find(({ ticker }) => ticker === "PETR4") };
  };
  const before = await wallet();
  const replacing = system.start(["replace", "broker-order", "--", python, example]);
  await waitForListener(system.portOf("broker-order"), replacing);
  const bought = await system.run("order", "buy", "PETR4", "100", "--watch");
  expect(bought).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/FILLED +100 at R\$ \d+\.\d\d/),
  });
  const sold = await system.run("order", "sell", "PETR4", "200", "--watch");
  expect(sold).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/FILLED +200 at/) });
  // The wallet settles by the order service's events, which come after its answer.
  await expect.poll(wallet, { timeout: 30_000 }).toMatchObject({
    blocked: 0,
    shares: { available: (before.shares?.available ?? 0) - 100, blocked: 0 },
  });
  const refused = await system.run("order", "buy", "PETR4", "100000", "--price", "1000");
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("NO_FUNDS") });
  const { orders } = await json<{ orders: { side: string; status: string }[] }>("order", "list");
  expect(orders.map(({ side, status }) => [side, status])).toEqual([
    ["SELL", "FILLED"],
    ["BUY", "FILLED"],
  ]);
  const report = `http://127.0.0.1:${system.portOf("broker-gateway")}/api/v1/reports/me/orders`;
  const authorization = `Bearer ${(await system.run("token")).stdout}`;
  const reported = async () => {
    const answer = await fetch(report, { headers: { authorization } });
    return ((await answer.json()) as { items: { status: string }[] }).items.map(({ status }) => status);
  };
  await expect.poll(reported, { timeout: 30_000 }).toEqual(["FILLED", "FILLED"]);
  replacing.kill("SIGINT");
  expect((await replacing.ended).exitCode).toBe(130);
  // On Docker ours is started again, and takes its time to be ready.
  await expect.poll(async () => (await system.run("order", "list")).exitCode, { timeout: 60_000 }).toBe(0);
  expect(await system.run("order", "buy", "PETR4", "100", "--watch")).toMatchObject({ exitCode: 0 });
  return { filled: orders.length };
}
