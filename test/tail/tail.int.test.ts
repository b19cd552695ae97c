import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ordersExchange, toExchange } from "../../contracts/topology.js";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import { enter, waitForPrices } from "../brokerage/investor.js";
import type { CliRun } from "../support/run-cli.js";
import { openTailLab, type TailLab } from "./tail-lab.js";

interface Message {
  readonly kind: string;
  readonly source: string;
  readonly stream: string;
  readonly time: string;
  readonly encoding: string;
  readonly value: { readonly orderId?: string; readonly status?: string } | string;
  readonly problems?: readonly { readonly level: string; readonly field: string; readonly what: string }[];
}

let lab: TailLab;
let orderId = "";
beforeAll(async () => {
  lab = await openTailLab();
  const gateway = lab.system.urls["broker-gateway"];
  const investor = await enter(gateway, "tail@mybroker.example", "not-a-secret");
  await waitForPrices(gateway, investor.token);
  await investor.deposit(100_000);
  orderId = (await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY" })).body.orderId;
  const isFilled = async () => (await investor.order(orderId)).status === "FILLED";
  await vi.waitUntil(isFilled, { timeout: 15_000, interval: 20 });
});
afterAll(() => lab.close());

/** The lines without what differs from run to run. */
function lines({ stdout }: CliRun): string[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^\S+ /, "").replaceAll(/\d+\.\d\d/g, "9.99"));
}

function messagesOf(run: CliRun): Message[] {
  return run.records().map(({ data }) => data as Message);
}

/** Messages that no service of ours would send. */
async function publish(
  topic: string,
  messages: readonly { key?: string; value: string | Buffer }[],
): Promise<void> {
  const kafka = await createKafka({
    clientId: "stranger",
    brokers: [lab.system.kafka],
    timeoutMs: 5_000,
    retries: 3,
  });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: messages.map(({ key = null, value }) => ({ key, value })) });
  await producer.disconnect();
}

describe("tail orders", () => {
  it("shows an order's way over both brokers in the order in which it happened", async () => {
    const run = await lab.tail(["orders", "--no-follow"]);
    const short = orderId.slice(-4);
    expect(run.exitCode).toBe(0);
    expect(lines(run).sort()).toEqual(
      [
        `kafka   order-events  ${short}  BUY   100 PETR4  9.99  PENDING`,
        `rabbit  -> b3         ${short}  BUY   100 PETR4  9.99`,
        `rabbit  <- b3         ${short}  BUY   100 PETR4  9.99  ACCEPTED`,
        `rabbit  <- b3         ${short}  BUY   100 PETR4  9.99  FILLED`,
        `kafka   order-events  ${short}  BUY   100 PETR4  9.99  FILLED`,
      ].sort(),
    );
    const times = run.stdout.split("\n").flatMap((line) => /^[\d:.]{12}/.exec(line)?.[0] ?? []);
    expect(times).toEqual([...times].sort());
    expect(run.stderr).toMatch(
      /^kafka order-events-v1 \(3 partitions\), 2 messages\nrabbitmq audit\.broker\.orders \(stream\), 3 messages since [\d:]{8}(\n| · )last 10\n5 messages\n$/,
    );
  });

  it("is an object a line for a program, with the payload as it was sent", async () => {
    const run = await lab.tail(["orders", "--no-follow", "-o", "json"]);
    const messages = messagesOf(run);
    expect(run.stderr).toBe("");
    expect(messages.map(({ source }) => source).sort()).toEqual([
      "kafka",
      "kafka",
      "rabbit",
      "rabbit",
      "rabbit",
    ]);
    expect(messages.every(({ value }) => typeof value === "object" && value.orderId === orderId)).toBe(true);
  });

  it("prints payloads, dumps and templates", async () => {
    const raw = await lab.tail(["orders", "--no-follow", "-o", "raw"]);
    const payloads = raw.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(payloads.map((payload) => payload.orderId)).toEqual(Array(5).fill(orderId));
    const hex = await lab.tail(["orders", "--no-follow", "-n", "1", "-o", "hex"]);
    expect(hex.stdout).toMatch(/^\S+Z {2}\w+ {2}.*\n00000000 {2}7b 22(.*\n)+$/);
    const template = await lab.tail(["orders", "--no-follow", "--template", "{source} {value.orderId}"]);
    expect(template.stdout).toMatch(new RegExp(`^((kafka|rabbit) ${orderId}\n){5}$`));
  });

  it("finds the last that match, and says how it ended", async () => {
    const filled = 'value.status == "FILLED"';
    const filtered = await lab.tail(["all", "--no-follow", "--filter", filled, "-n", "5"]);
    expect(lines(filtered)).toHaveLength(2);
    const met = await lab.tail(["orders", "-n", "all", "--stop-when", filled]);
    expect([met.exitCode, met.stderr]).toEqual([
      0,
      expect.stringContaining("the last is the one to stop at"),
    ]);
    const unmet = await lab.tail(["orders", "--no-follow", "--stop-when", 'value.status == "EXPIRED"']);
    expect([unmet.exitCode, unmet.stderr]).toEqual([
      1,
      expect.stringContaining("! --stop-when: it ended without"),
    ]);
    const asJson = await lab.tail(["orders", "--no-follow", "-o", "json", "--stop-when", "false"]);
    expect(asJson.records().at(-1)).toMatchObject({
      ok: false,
      error: { code: "tail.not-met", exitCode: 1 },
    });
    const first = await lab.tail(["orders", "-n", "all", "--limit", "2"]);
    expect(lines(first)).toHaveLength(2);
    const odd = await lab.tail(["orders", "--no-follow", "--filter", "value.status > 5"]);
    expect(odd.stderr).toMatch(/The expression could not be applied to 4 messages: no such overload/);
  });

  it("reads one way of the audit stream by the queue's name, and times as docker does", async () => {
    const toThem = await lab.tail([toExchange.queue, "--no-follow"]);
    expect(lines(toThem)).toEqual([expect.stringContaining("-> b3")]);
    const none = await lab.tail(["orders", "--no-follow", "--until", "1h"]);
    expect([none.exitCode, none.stdout]).toEqual([0, ""]);
    const since = await lab.tail(["orders", "--no-follow", "--since", "10m", "-n", "1"]);
    expect(lines(since)).toHaveLength(1);
  });

  it("follows what comes, says once that nothing does, and ends when it is told to", async () => {
    const interruption = new AbortController();
    const topic = `live-${randomUUID()}`;
    await publish(topic, [{ value: "first" }]);
    let seen = "";
    const running = lab.tail(["--kafka", topic], {
      signal: interruption.signal,
      onOutput: (text) => {
        seen += text;
      },
    });
    await vi.waitUntil(() => seen.includes("first"), { timeout: 10_000 });
    await publish(topic, [{ key: "k", value: "second" }]);
    await vi.waitUntil(() => seen.includes("second"), { timeout: 10_000 });
    interruption.abort();
    const { stderr, exitCode } = await running;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/following\n2 messages\n$/);
    const idle = await lab.tail(["--kafka", topic, "-n", "0", "--idle-timeout", "3500ms"]);
    expect(idle.stderr).toMatch(
      /Nothing new yet\. To make some: {2}mybroker order buy PETR4 100\n0 messages, and then none/,
    );
  });
});

describe("tail --validate", () => {
  it("finds what our own services send as their contracts say", async () => {
    const run = await lab.tail(["all", "--validate", "--no-follow", "-n", "all"]);
    expect([run.exitCode, run.stdout]).toEqual([0, ""]);
    expect(run.stderr).toMatch(/\d+ messages: \d+ as their contract says, 0 not\n$/);
  });

  it("names the field that a service of somebody's own gets wrong, on either broker", async () => {
    const wrong = { orderId: "mine-1", userId: "u-1", ticker: "PETR4", quantity: "100", price: 38.5 };
    await publish("order-events-v1", [{ key: "u-1", value: JSON.stringify(wrong) }]);
    const connection = await connectRabbitmq({
      ...lab.system.rabbitmq,
      timeoutMs: 5_000,
      connectionName: "stranger",
    });
    const channel = await connection.createConfirmChannel();
    channel.publish(ordersExchange, toExchange.routingKey, Buffer.from('{"orderId":"mine-2"}'));
    await channel.waitForConfirms();
    await connection.close();
    const run = await lab.tail(["orders", "--validate", "--no-follow"]);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('             ✖ value.quantity must be integer, and is "100"\n');
    expect(run.stdout).toContain("             ✖ value.side is missing: only a CANCEL does without\n");
    expect(run.stderr).toMatch(/\d+ messages: \d+ as their contract says, 2 not\n/);

    const asJson = await lab.tail(["orders", "--validate", "--no-follow", "-o", "json"]);
    const documents = asJson.records();
    expect(documents.at(-1)).toMatchObject({ error: { code: "tail.broken-contract", exitCode: 1 } });
    const problems = messagesOf(asJson).flatMap((message) => message?.problems ?? []);
    expect(problems).toContainEqual({ level: "violation", field: "value.status", what: "is missing" });
  });
});

describe("what a message holds", () => {
  it("moves nobody's cursor, and shows no secret, in whichever form it is printed", async () => {
    const topic = `hostile-${randomUUID()}`;
    await publish(topic, [
      { key: "\u001b[2J", value: "\u001b]0;title\u0007 \u009b31m \u202e not-a-secret" },
      { value: Buffer.from([0xff, 0x9b, 0x31]) },
      { value: JSON.stringify({ password: "not-a-secret", c1: "\u009b" }) },
    ]);
    for (const form of [[], ["-o", "json"], ["-o", "hex"], ["--template", "{key} {value}"]]) {
      const run = await lab.tail(["--kafka", topic, "--no-follow", ...form]);
      expect(run.exitCode).toBe(0);
      expect(run.stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(run.stdout).not.toContain("not-a-secret");
      expect(run.stdout).not.toContain(
        Buffer.from("a-secret")
          .toString("hex")
          .replaceAll(/(..)(?=.)/g, "$1 "),
      );
      if (form[1] === "json") expect(messagesOf(run)).toHaveLength(3);
    }
    const raw = await lab.tail(["--kafka", topic, "--no-follow", "-o", "raw"]);
    expect(raw.stdout).toContain("\u001b]0;title");
    expect(raw.stdout).not.toContain("not-a-secret");
    const seen = await lab.tail(["--kafka", topic, "--no-follow", "-o", "raw"], { tty: true });
    expect(seen.stdout).toContain("\\x1b]0;title");
  });
});

describe("what cannot be done", () => {
  it.each([
    [["ordrs"], "Did you mean:  mybroker tail orders"],
    [["--kafka", "order-events-v2"], "order-events-v1"],
    [["--filter", "value.ticker ="], "  value.ticker =\n               ^"],
    [["--template", "{x}"], "{x} is not known"],
    [["-n", "-5"], "--tail takes a number of messages or all, not -5"],
    [["--limit", "0"], "--limit takes a number of messages from 1 on, not 0"],
    [["--idle-timeout", "soon"], "--idle-timeout takes a time such as 10s or 5m, not soon"],
    [["--since", "yesterday"], '"yesterday" is no point in time'],
    [["--from-beginning", "-n", "5"], "--from-beginning and --tail exclude each other"],
    [["--from-beginning", "--since", "5m"], "--from-beginning and --since exclude each other"],
    [["--template", "{key}", "-o", "raw"], "--template and -o raw exclude each other"],
    [["--validate", "-o", "hex"], "--validate and -o hex exclude each other"],
    [["--trace", "7f3c", "--kafka", "x"], "--trace and --kafka exclude each other"],
    [["-o", "xml"], "Allowed choices are text, json, raw, hex"],
  ])("%j is exit 2", async (args, told) => {
    const run = await lab.tail(args);
    expect([run.exitCode, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(told);
  });
});

it("shows no secret that was typed where it does not belong, before anything is read of the project", async () => {
  const { exitCode, stderr } = await lab.tail(["--since", "not-a-secret"]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('"••••" is no point in time')]);
});

describe("a broker that is away", () => {
  it("is done without; when none is there the way out is said", async () => {
    await lab.system.stopBroker("rabbitmq");
    const half = await lab.tail(["orders", "--no-follow", "-n", "2"]);
    expect(half.exitCode).toBe(0);
    expect(half.stderr).toMatch(/! rabbitmq .*is left out: /);
    expect(lines(half)).toHaveLength(2);
    const asJson = await lab.tail(["orders", "--no-follow", "-n", "2", "-o", "json"]);
    expect(messagesOf(asJson).map(({ kind }) => kind)).toEqual(["problem", "topic", "topic"]);
    await lab.system.stopBroker("kafka");
    const none = await lab.tail(["orders"]);
    expect(none.exitCode).toBe(3);
    expect(none.stderr).toMatch(
      /✖ nothing answers that could be listened to\n.*\n.*\n {2}Do {6}mybroker up\n/,
    );
    await Promise.all([lab.system.startBroker("kafka"), lab.system.startBroker("rabbitmq")]);
  });
});
