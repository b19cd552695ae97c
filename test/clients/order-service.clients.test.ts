import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitForListener } from "../replace/ask-program.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { describePrograms, python } from "./programs.js";

const example = resolve(import.meta.dirname, "../../examples/order-service/order_service.py");

describePrograms(["python3-pika", "python3-kafka"], () => {
  let cli: BuiltCli;
  let project: EmbeddedProject;

  beforeAll(async () => {
    cli = await buildCli();
    project = await createEmbeddedProject(cli);
    const up = await project.run("up");
    if (up.exitCode !== 0) throw new Error(up.stderr);
  }, 180_000);
  afterAll(async () => {
    await project?.remove();
    cli?.remove();
  });

  async function wallet() {
    const { data } = await project.json<{
      summary: { available: number; blocked: number };
      positions: { ticker: string; available: number; blocked: number }[];
    }>("wallet", "show");
    return { ...data.summary, shares: data.positions.find(({ ticker }) => ticker === "PETR4") };
  }

  it("the example order service, in the place of ours, takes orders that are filled and settled", async () => {
    const replacing = project.start(["replace", "broker-order", "--", python, example]);
    await waitForListener(project.portOf("broker-order"), replacing);
    const before = await wallet();
    const bought = await project.run("order", "buy", "PETR4", "100", "--watch");
    expect(bought).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/FILLED +100 at R\$ \d+\.\d\d/),
    });
    const sold = await project.run("order", "sell", "PETR4", "200", "--watch");
    expect(sold).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/FILLED +200 at/) });
    // The wallet settles by the order service's events, which come after its answer.
    await expect.poll(wallet, { timeout: 30_000 }).toMatchObject({
      blocked: 0,
      shares: { available: (before.shares?.available ?? 0) - 100, blocked: 0 },
    });
    const refused = await project.run("order", "buy", "PETR4", "100000", "--price", "1000");
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("NO_FUNDS") });
    const list = await project.json<{ orders: { side: string; status: string }[] }>("order", "list");
    expect(list.data.orders.map(({ side, status }) => [side, status])).toEqual([
      ["SELL", "FILLED"],
      ["BUY", "FILLED"],
    ]);
    const report = `http://127.0.0.1:${project.portOf("broker-gateway")}/api/v1/reports/me/orders`;
    const authorization = `Bearer ${(await project.run("token")).stdout}`;
    const reported = async () =>
      (
        (await (await fetch(report, { headers: { authorization } })).json()) as {
          items: { status: string }[];
        }
      ).items;
    await expect
      .poll(async () => (await reported()).map(({ status }) => status), { timeout: 30_000 })
      .toEqual(["FILLED", "FILLED"]);
    replacing.kill("SIGINT");
    expect((await replacing.ended).exitCode).toBe(130);
    expect((await project.run("order", "buy", "PETR4", "100", "--watch")).exitCode).toBe(0);
  });
});
