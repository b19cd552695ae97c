import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { demoEmail } from "../../cli/brokerage/parts.js";
import { createDemoCommand } from "../../cli/commands/demo/definition.js";
import { initCommand } from "../../cli/commands/init/definition.js";
import { simulateCommand } from "../../cli/commands/simulate/definition.js";
import { upCommand } from "../../cli/commands/up/definition.js";
import { enter, waitForPrices } from "../brokerage/investor.js";
import { type CliRun, type CliSetting, runCli } from "../support/run-cli.js";
import { openTailLab, type TailLab } from "../tail/tail-lab.js";

interface DemoData {
  readonly order: {
    readonly messages: readonly { readonly source: string; readonly place: string; readonly what: string }[];
  };
}

let lab: TailLab;
let ups = 0;
/** The services are in this process already. */
const up = {
  ...upCommand,
  load: async () => async () => {
    ups += 1;
    const services = Object.keys(lab.system.urls);
    return { data: { services }, text: [`${services.length} ready in 1.0 s.`, "Next:  something"] };
  },
};
const commands = [initCommand, createDemoCommand({ up, simulate: simulateCommand })];
/** Some of the crowd's orders do not come to their end. */
const unfinished = {
  ...simulateCommand,
  load: async () => async () => ({ data: null, text: ["0 orders"], exitCode: 1 }),
};

beforeAll(async () => {
  lab = await openTailLab();
  const ports = Object.entries(lab.system.urls).map(([name, url]) => [name, new URL(url).port]);
  const noServers = ["identity", "wallet", "order", "asset"].map((name) => [`broker-${name}-db`, 1]);
  const others = ["b3-core-db", "broker-mongodb"].map((name) => [name, 1]);
  const lines = [...ports, ...noServers, ...others].map(
    ([name, port]) => `${String(name).toUpperCase().replaceAll("-", "_")}_HOST_PORT=${port}\n`,
  );
  appendFileSync(join(lab.folder, ".env"), lines.join(""));
  expect((await cli(["init"])).exitCode).toBe(0);
  const gateway = lab.system.urls["broker-gateway"];
  const investor = await enter(gateway, "stranger@mybroker.example", "not-a-secret");
  await waitForPrices(gateway, investor.token);
});
afterAll(() => lab.close());
beforeEach(() => {
  ups = 0;
});

function cli(words: readonly string[], setting: CliSetting = {}): Promise<CliRun> {
  const env = { DOCKER_HOST: "tcp://127.0.0.1:1" };
  return runCli(["--runtime", "docker", ...words], {
    ...{ cwd: lab.folder, homeDir: lab.folder, env, commands },
    ...setting,
  });
}

/** Ctrl-C as soon as this is shown. */
function interrupt(moment: string): Promise<CliRun> {
  const interruption = new AbortController();
  return cli(["demo", "--for", "1m"], {
    signal: interruption.signal,
    onOutput: (text) => {
      if (text.includes(moment)) interruption.abort(new Error("SIGINT"));
    },
  });
}

/** Without what differs from run to run: times, ids, prices, and the lines of the crowd. */
function steady(text: string): string {
  return text
    .replace(/(?<=tells them\non Kafka:\n)(.*\n)+?(?=\d+ orders in)/, "...\n")
    .replaceAll(/^\d\d:\d\d:\d\d\.\d{3} /gm, "TIME ")
    .replaceAll(/(?<=^TIME \w+ +\S+( b3)? +)[\da-f]{4} /gm, "ID ")
    .replaceAll(/ended .*/g, "ended ...")
    .replaceAll(/-?\d+\.\d+|\d+(?=, POST| a second to| ms)/g, "9.99")
    .replaceAll(/ +9\.99 has/g, " 9.99 has")
    .replaceAll(/\b[\da-f]{8}\b/g, "ID");
}

const phasesOf = (text: string) => text.split(/^(?=\d\/4 )/m);
/** A message, and below it what it means. */
const explained = /^TIME .*\n {13}.*\n/gm;

describe("mybroker demo", () => {
  it("shows each part with the command that does the same, and ends by itself", async () => {
    const { exitCode, stdout, stderr } = await cli(["demo", "--for", "2s"]);
    expect({ exitCode, ups }, stderr).toEqual({ exitCode: 0, ups: 1 });
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const [, ends = ""] = /tells them\non Kafka:\n(.*?)\n\d+ orders in/s.exec(stdout) ?? [];
    const isEnd = /^\S+ kafka +order-events .* (FILLED|CANCELLED|REJECTED|EXPIRED)\b/;
    expect(ends.split("\n").filter((line) => !isEnd.test(line))).toEqual([]);
    expect(stderr).toMatch(/^10 orders\/s by 5 investors for 2\.0 s, random seed \d+\.\n$/);
    const [, system = "", order = "", trace = "", crowd = ""] = phasesOf(steady(stdout));
    expect(system).toMatchInlineSnapshot(`
      "1/4  The system
           $ mybroker up
      A brokerage and the exchange it trades on: nine small services, a store for each
      domain, Kafka inside the brokerage, RabbitMQ between the two.
      9 ready in 9.99 s.

      "
    `);
    expect(order.replaceAll(explained, "")).toMatchInlineSnapshot(`
      "2/4  One order, and every message that it causes
           $ mybroker order buy PETR4 100
           $ mybroker tail orders wallet
      An order is REST at the gateway, a reservation in the wallet, a message to the
      exchange on RabbitMQ, a result back, and an event on Kafka for whoever cares.

      "
    `);
    // Two brokers within a millisecond: which comes first is nobody's promise.
    expect(order.match(explained)?.sort().join("")).toMatchInlineSnapshot(`
      "TIME kafka   order-events  ID  BUY   100 PETR4  9.99  FILLED
                   The result is recorded once, and told to wallet and reports.
      TIME kafka   order-events  ID  BUY   100 PETR4  9.99  PENDING
                   Kafka, inside the brokerage: it is stored, and who listens knows.
      TIME kafka   wallet-events ID  REFUND 9.99 has 9.99 …
                   The price was better than the worst allowed: the rest is free.
      TIME kafka   wallet-events ID  RESERVE 9.99 has 9.99 …
                   The wallet holds back what it may cost: nothing is spent twice.
      TIME kafka   wallet-events ID  SETTLEMENT 9.99 has 9.99 …
                   The wallet books the trade: cash on one side, shares on the other.
      TIME rabbit  -> b3         ID  BUY   100 PETR4  9.99
                   RabbitMQ, to the exchange: persistent, confirmed by the broker.
      TIME rabbit  <- b3         ID  BUY   100 PETR4  9.99  ACCEPTED
                   The exchange has stored it: from here on it cannot get lost.
      TIME rabbit  <- b3         ID  BUY   100 PETR4  9.99  FILLED
                   Matched: what was traded, and at which price.
      "
    `);
    expect(trace.split("\n").slice(0, 4).join("\n")).toMatchInlineSnapshot(`
      "3/4  The same order, from the POST to the report
           $ mybroker tail --trace ID
      Its life line: each hop with its time in milliseconds, read from both brokers
      and the databases. Were one missing, this would name it."
    `);
    expect(crowd).toMatchInlineSnapshot(`
      "4/4  A crowd
           $ mybroker simulate --rate 10/s --duration 2s
           $ mybroker tail orders
      5 investors, 10 orders a second: most at the market, some with a limit, some
      that rest and are taken back. A few of their ends, as the brokerage tells them
      on Kafka:
      ...
      20 orders in 9.99 s: 20 accepted, 9.99 a second to their end
        ended ...
        round trip  p50 9.99 ms  p95 9.99 ms  p99 9.99 ms  (of 9.99, POST to FILLED)
      FILLED found its other side; CANCELLED was taken back, or found nobody at its
      price. The round trip is over both brokers and back.

      That was it, in 9.99 s. The system runs on. What to type now:
        mybroker order buy VALE3 100 --watch  an order of your own
        mybroker tail all --validate          every message against its contract
        mybroker seed                         1,000 users, 20,000 orders
        mybroker replace broker-order -- CMD  your own service in its place
        mybroker doctor                       is all well?
        mybroker down                         stop it; the data stay
      "
    `);
  });

  it("has its figures as one document, and says nothing else", async () => {
    const run = await cli(["demo", "--for", "1s", "-o", "json"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const data = run.json().data as DemoData;
    expect(data).toMatchObject({
      system: { started: true, ready: 9 },
      order: { ticker: "PETR4", quantity: 100, status: "FILLED", missing: [] },
      crowd: { setting: { rate: 10, durationMs: 1_000 }, result: { placed: 10, unfinished: 0 } },
    });
    const seen = data.order.messages.map(({ source, place, what }) => `${source} ${place} ${what}`);
    expect(seen.sort()).toEqual([
      "kafka order-events FILLED",
      "kafka order-events PENDING",
      "kafka wallet-events REFUND",
      "kafka wallet-events RESERVE",
      "kafka wallet-events SETTLEMENT",
      "rabbit -> b3 NEW",
      "rabbit <- b3 ACCEPTED",
      "rabbit <- b3 FILLED",
    ]);
  });

  it.each(["1/4", "wallet-events", "4/4"])("ends with 130 when it is interrupted at %s", async (moment) => {
    const { exitCode, stderr } = await interrupt(moment);
    expect(exitCode).toBe(130);
    expect(stderr).toContain("✖ Interrupted: what runs by now runs on\n  Do      mybroker down");
  });

  it("says what to do where orders are refused", async () => {
    await lab.system.stopService("broker-order");
    await lab.system.startService("broker-order", { B3_MATCHING_MODE: "reference" });
    const { exitCode, stderr } = await cli(["demo", "--for", "1s"]);
    await lab.system.stopService("broker-order");
    await lab.system.startService("broker-order");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^✖ The order was refused: .*\(UNSUPPORTED_IN_MODE\)\n {2}Do .*B3_MATCHING_MODE=book/,
    );
  });

  it("sells where the cash is gone, tells its own order alone, and ends with 1 where the crowd's do not end", async () => {
    const demo = await enter(lab.system.urls["broker-gateway"], demoEmail, "not-a-secret");
    const { available } = await demo.summary();
    await demo.withdraw(available);
    const other = await enter(lab.system.urls["broker-gateway"], "stranger@mybroker.example", "not-a-secret");
    await other.deposit(50_000);
    let placing: Promise<unknown> | undefined;
    const { exitCode, stdout } = await cli(["demo", "--for", "1s"], {
      commands: [createDemoCommand({ up, simulate: unfinished })],
      onOutput: (text) => {
        if (text.includes("2/4")) placing ??= other.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
      },
    });
    await placing;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/SELL +100 PETR4 .*FILLED/);
    const [, , order = ""] = phasesOf(stdout);
    const ids = [...order.matchAll(/^[\d:.]+ \w+ +\S+(?: b3)? +([\da-f]{4}) /gm)].map(([, id]) => id);
    expect(new Set(ids).size, order).toBe(1);
  });

  it("does nothing in a dry run but to name the commands", async () => {
    const { exitCode, stdout } = await cli(["demo", "--for", "5m", "--dry-run"]);
    expect({ exitCode, ups }).toEqual({ exitCode: 0, ups: 0 });
    expect(stdout).toMatchInlineSnapshot(`
      "A demonstration would show, in this order:
        mybroker up
        mybroker order buy PETR4 100
        mybroker tail orders wallet
        mybroker tail --trace ORDER
        mybroker simulate --rate 10/s --duration 300s
        mybroker tail orders
      "
    `);
  });

  it("refuses a time that is none", async () => {
    const { exitCode, stderr } = await cli(["demo", "--for", "soon"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--for takes a time from 1s to 24h, not soon");
  });
});
