import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { waitUntil } from "./support/wait-until.js";

interface PsData {
  services: { service: string; kind: string; state: string; problem: string | null }[];
  process: { pid: number; residentBytes: number };
}

interface Order {
  orderId: string;
  status: string;
  cumQuantity: number;
  reason: string | null;
}

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
}, 120_000);
afterAll(() => cli.remove());
beforeEach(async () => {
  project = await createEmbeddedProject(cli);
});
afterEach(() => project.remove());

async function stateOf(service: string): Promise<PsData["services"][number] | undefined> {
  const { data } = await project.json<PsData>("ps", service);
  return data.services[0];
}

async function waitForState(service: string, state: string): Promise<void> {
  await expect.poll(async () => (await stateOf(service))?.state, { timeout: 15_000 }).toBe(state);
}

/** The records of a command that follows an order. */
async function watch(...args: readonly string[]): Promise<{ exitCode: number; orders: Order[] }> {
  const { exitCode, stdout } = await project.run("order", ...args, "--watch", "-o", "json");
  const records = stdout.split("\n").map((line) => JSON.parse(line) as { data: { order: Order } });
  return { exitCode, orders: records.map(({ data }) => data.order) };
}

describe("the domain services in the embedded process", () => {
  it("start with up, take an order, and fill it", async () => {
    const up = await project.run("up");
    expect(up).toMatchObject({ exitCode: 0 });
    expect(up.stderr).toMatch(/broker-gateway +ready +\d\.\d s +http:\/\/127\.0\.0\.1:\d+/);
    expect(up.stderr).not.toContain("The demo investor is not there");
    expect(up.stdout).toContain("order buy PETR4 100 --watch");
    const { exitCode, orders } = await watch("buy", "PETR4", "100");
    expect(exitCode).toBe(0);
    expect(orders.at(-1)).toMatchObject({ status: "FILLED", cumQuantity: 100 });
    const { data } = await project.json<PsData>("ps");
    expect(data.services.filter(({ kind }) => kind === "service")).toHaveLength(9);
    expect(data.process.residentBytes).toBeLessThan(300 * 1024 * 1024);
    const log = await project.run("logs", "broker-order");
    expect(log.stdout).toMatch(/^broker-order \| ready in/m);
    const lines = log.stdout.split("\n").filter((line) => line.startsWith("broker-order | {"));
    for (const line of lines) expect(JSON.parse(line.slice(15))).toMatchObject({ service: "broker-order" });
    // No secret of .env in any line of theirs.
    const env = readFileSync(join(project.folder, ".env"), "utf8");
    const password = /^SEED_USER_PASSWORD=(.+)$/m.exec(env)?.[1] ?? "";
    expect(password).not.toBe("");
    expect((await project.run("logs")).stdout).not.toContain(password);
  });

  it("leave out what is excluded, and --infra leaves out all of them", async () => {
    const infra = await project.run("up", "--infra");
    expect(infra.stdout).toMatch(/^11 ready in/m);
    expect((await project.run("up", "-x", "broker-order")).exitCode).toBe(0);
    expect((await stateOf("broker-order"))?.state).toBe("stopped");
    expect((await stateOf("broker-gateway"))?.state).toBe("ready");
    const refused = await project.run("order", "buy", "PETR4", "100");
    expect(refused.exitCode).toBeGreaterThan(0);
    expect((await project.run("start", "broker-order")).exitCode).toBe(0);
    expect((await watch("buy", "PETR4", "100")).orders.at(-1)?.status).toBe("FILLED");
  });

  it("name the one store that is stopped, and only its owner is unwell", async () => {
    await project.run("up");
    await project.run("stop", "broker-order-db");
    await waitForState("broker-order", "unhealthy");
    expect((await stateOf("broker-order"))?.problem).toContain("broker-order-db");
    const { data } = await project.json<PsData>("ps");
    const unwell = data.services.filter(({ state }) => state === "unhealthy").map(({ service }) => service);
    expect(unwell).toEqual(["broker-order"]);
    expect((await project.run("wallet", "show")).exitCode).toBe(0);
    expect((await project.run("order", "list")).exitCode).toBeGreaterThan(0);
    const up = await project.run("up");
    expect(up).toMatchObject({ exitCode: 0 });
    expect((await stateOf("broker-order"))?.state).toBe("ready");
    expect((await watch("buy", "VALE3", "100")).orders.at(-1)?.status).toBe("FILLED");
  });

  it("go on after each of their brokers was away", async () => {
    await project.run("up");
    for (const broker of ["rabbitmq", "kafka"]) {
      await project.run("restart", broker);
      for (const service of ["broker-order", "b3-matching-engine", "broker-wallet"])
        await waitForState(service, "ready");
      expect((await watch("buy", "PETR4", "100")).orders.at(-1)?.status).toBe("FILLED");
    }
  });

  it("are restarted for a setting that changed, which is named and not shown", async () => {
    await project.run("up");
    const path = join(project.folder, ".env");
    const env = readFileSync(path, "utf8");
    writeFileSync(
      path,
      env.replace(/^SERVICE_TOKEN_BROKER_ORDER=.*$/m, "SERVICE_TOKEN_BROKER_ORDER=not-a-secret-token"),
    );
    const run = await project.run("up");
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain("Restarting: broker-wallet: SERVICE_TOKEN_BROKER_ORDER changed.");
    expect(run.stderr + run.stdout).not.toContain("not-a-secret-token");
    expect((await watch("sell", "PETR4", "100")).orders.at(-1)?.status).toBe("FILLED");
  });

  it("give a program of one's own what it needs, with files in place of databases", async () => {
    await project.run("up");
    const { stdout } = await project.run("env", "broker-order");
    const names = stdout.split("\n").map((line) => line.split("=")[0]);
    expect(stdout).toMatch(/^DATABASE_URL=sqlite:\/\/\/.*broker-order-db\.sqlite$/m);
    expect(stdout).toContain(`PORT=${project.portOf("broker-order")}`);
    expect(stdout).toContain(`WALLET_URL=http://127.0.0.1:${project.portOf("broker-wallet")}`);
    expect(stdout).toContain(`KAFKA_BROKERS=127.0.0.1:${project.ports.kafka}`);
    expect(names).not.toContain("DATABASE_PASSWORD");
  });

  it("are not let start on a port that is taken", async () => {
    const { createServer } = await import("node:net");
    const holder = createServer();
    await new Promise<void>((resolve) =>
      holder.listen(project.portOf("broker-wallet"), "127.0.0.1", resolve),
    );
    try {
      const run = await project.run("up");
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain("BROKER_WALLET_HOST_PORT=");
    } finally {
      holder.close();
    }
  });
});

describe("the demo investor", () => {
  it("begins with R$ 100,000 and shares, once, whatever is repeated", async () => {
    await project.run("up");
    const show = () =>
      project.json<{ summary: { total: number }; positions: { ticker: string; available: number }[] }>(
        "wallet",
        "show",
      );
    const before = (await show()).data;
    expect(before.summary.total).toBe(100_000);
    expect(before.positions.map(({ ticker, available }) => [ticker, available]).sort()).toEqual([
      ["ITUB4", 500],
      ["MXRF11", 100],
      ["PETR4", 1_000],
      ["VALE3", 500],
    ]);
    await project.run("up", "--force-recreate");
    expect((await show()).data.summary.total).toBe(100_000);
    await project.run("down");
    await project.run("up");
    const { data } = await show();
    expect(data).toMatchObject({ summary: { total: 100_000 }, positions: before.positions.map(() => ({})) });
  });
});

describe("orders, users and books", () => {
  it("keep users apart, refuse with a reason, rest and are cancelled", async () => {
    await project.run("up");
    expect((await project.run("user", "add", "ana@example.com")).exitCode).toBe(0);
    const poor = await project.json("order", "buy", "PETR4", "100", "--user", "ana@example.com");
    expect(poor).toMatchObject({ ok: false, error: { code: "order.no-funds", exitCode: 1 } });
    await project.run("wallet", "deposit", "10000.50", "--user", "ana@example.com");
    const placed = await project.json<{ order: Order }>(
      ...["order", "buy", "PETR4", "100", "--price", "1.00", "--user", "ana@example.com"],
    );
    const { orderId } = placed.data.order;
    expect(placed.data.order.status).toBe("PENDING");
    expect((await project.run("order", "show", orderId)).exitCode).toBe(1);
    const follower = project.start(["order", "show", orderId, "--watch", "--user", "ana@example.com"]);
    await waitUntil(() => follower.stdoutSoFar().includes("PENDING"));
    const cancelled = await project.run("order", "cancel", orderId, "--user", "ana@example.com");
    expect(cancelled.exitCode).toBe(0);
    const followed = await follower.ended;
    expect(followed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("CANCELLED") });
    const list = await project.json<{ orders: Order[] }>("order", "list", "--user", "ana@example.com");
    expect(list.data.orders.map(({ status }) => status)).toEqual(["CANCELLED", "REJECTED"]);
    const wallet = await project.json<{ summary: object }>("wallet", "show", "--user", "ana@example.com");
    expect(wallet.data.summary).toMatchObject({ available: 10_000.5, blocked: 0 });
    const users = await project.json<{ users: { email: string }[] }>("user", "list");
    expect(users.data.users.map(({ email }) => email)).toEqual(
      expect.arrayContaining(["ana@example.com", "demo@mybroker.example", "admin@mybroker.example"]),
    );
    const book = await project.json<{ book: { bids: unknown[]; asks: unknown[] } }>("book", "PETR4");
    expect(book.data.book.bids.length + book.data.book.asks.length).toBeGreaterThan(0);
    const token = await project.run("token");
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it("say what is wrong with what was typed, and where nothing runs", async () => {
    for (const args of [
      ["order", "by", "PETR4", "100"],
      ["order", "buy", "petr", "100"],
      ["order", "buy", "PETR4", "1.5"],
      ["order", "buy", "PETR4", "100", "--price", "free"],
      ["order", "show"],
      ["wallet", "deposit", "-5"],
      ["user", "add", "nobody"],
      ["book", "4"],
    ]) {
      expect(await project.run(...args), args.join(" ")).toMatchObject({ exitCode: 2, stdout: "" });
    }
    const away = await project.json("wallet", "show");
    expect(away.error).toMatchObject({ code: "brokerage.unreachable", exitCode: 3 });
  });
});
