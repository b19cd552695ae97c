import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readExampleFile } from "../../cli/env/example-file.js";
import { parseEnvFile } from "../../cli/env/parse-env-file.js";
import { ordersExchange, toExchange } from "../../contracts/topology.js";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { canaryKeys, canaryOf, findLeaks, type Leak } from "./support/canaries.js";

let cli: BuiltCli;
let project: EmbeddedProject;
/** By their keys in .env; those with a form of their own are as they were generated. */
let secrets: ReadonlyMap<string, string>;

const canary = canaryOf("RABBITMQ_PASSWORD");
const wrong = "not-a-secret-either-but-wrong";

beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  const lines = canaryKeys.map((key) => `${key}='${canaryOf(key)}'\n`);
  appendFileSync(join(project.folder, ".env"), lines.join(""));
  const up = await project.run("--debug", "up");
  expect(up.exitCode, up.stderr).toBe(0);
  secrets = readSecrets();
  expect(findLeaks(secrets, "up", up.stdout + up.stderr)).toEqual([]);
  await publishCanary();
}, 180_000);
afterAll(async () => {
  await project?.remove();
  cli?.remove();
});

const envFile = () => join(project.folder, ".env");

function readSecrets(): Map<string, string> {
  const { keys } = readExampleFile(readFileSync(join(project.folder, ".env.example"), "utf8"));
  const values = parseEnvFile(readFileSync(envFile(), "utf8"), { file: ".env" });
  return new Map(keys.filter(({ secret }) => secret).map(({ key }) => [key, values.get(key) ?? ""]));
}

/** Somebody's service that writes a password into its messages. */
async function publishCanary(): Promise<void> {
  const message = { password: canary, url: `amqp://user:${encodeURIComponent(canary)}@rabbitmq` };
  const value = JSON.stringify({ ...message, hex: Buffer.from(canary).toString("hex") });
  const brokers = [`127.0.0.1:${project.ports.kafka}`];
  const kafka = await createKafka({ clientId: "canary", brokers, timeoutMs: 20_000, retries: 0 });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic: "order-events-v1",
    messages: [
      { key: canary, value, headers: { authorization: canary } },
      { key: "plain", value: `not JSON ${canary}` },
    ],
  });
  await producer.disconnect();
  const connection = await connectRabbitmq({
    ...{ host: "127.0.0.1", port: project.ports.rabbitmq, user: "mybroker", password: canary },
    ...{ timeoutMs: 20_000, connectionName: "canary" },
  });
  const channel = await connection.createConfirmChannel();
  channel.publish(ordersExchange, toExchange.routingKey, Buffer.from(value), { headers: { canary } });
  await channel.waitForConfirms();
  await connection.close();
}

/** Runs it with all that it has to say, as text and as JSON; the exit code is one of these. */
async function leaksOf(words: readonly string[], exitCodes: readonly number[] = [0]): Promise<Leak[]> {
  const ways = [["--debug"], ["-o", "json", "--progress", "json", "--debug"]];
  const leaks: Leak[] = [];
  for (const way of ways) {
    const all = [...way, ...words];
    const { exitCode, stdout, stderr } = await project.run(...all);
    expect(exitCodes, `${all.join(" ")}\n${stdout}\n${stderr}`).toContain(exitCode);
    leaks.push(...findLeaks(secrets, all.join(" "), `${stdout}\n${stderr}`));
  }
  return leaks;
}

const past = ["-n", "all", "--no-follow"];

describe("no secret is printed by", () => {
  it.each([
    [["seed", "--scale", "0.01"]],
    [["seed", "--verify"]],
    [["seed", "--reset", "--yes", "--only", "broker-wallet-db"]],
    [["tail", "orders", ...past]],
    [["tail", "all", ...past, "-o", "hex"]],
    [["tail", "all", ...past, "-o", "raw"]],
    [["tail", "all", ...past, "--validate"]],
    [["tail", "--kafka", "order-events-v1", "--rabbit", ordersExchange, ...past, "--idle-timeout", "1s"]],
    [["tail", "orders", ...past, "--template", "{key} {value} {value.password} {headers} {header.canary}"]],
    [["tail", "orders", ...past, "--filter", `value.password == '${canary.replaceAll("\\", "\\\\")}'`]],
    [["doctor"]],
    [["logs"]],
    [["config"]],
    [["ps", "-a"]],
    [["up"]],
  ])("%j", async (words) => {
    expect(await leaksOf(words, [0, 1, 2, 3])).toEqual([]);
  });
});

it("no secret is in a report, nor in what the runtime logs", async () => {
  const report = join(project.folder, "report.md");
  await project.run("doctor", "--deep", "--report", report);
  const logs = readdirSync(project.place, { recursive: true, encoding: "utf8" })
    // Kafka's own files hold what was sent to it.
    .filter((name) => /\.log(\.\d+)?$/.test(name) && !name.split("/").includes("data"))
    .map((name) => join(project.place, name));
  expect(logs.length).toBeGreaterThan(0);
  expect(readFileSync(report, "utf8")).toContain("## Findings");
  for (const path of [report, ...logs]) {
    const text = readFileSync(path, "utf8");
    expect(findLeaks(secrets, path, text)).toEqual([]);
  }
});

describe("no secret is told back that was typed in a wrong place:", () => {
  it.each([
    [[canary]],
    [["--runtime", canary, "doctor"]],
    [["-f", canary, "doctor"]],
    [["tail", canary]],
    [["tail", "--limit", canary]],
    [["tail", "--since", canary]],
    [["tail", "--filter", canary]],
    [["tail", "--template", `{${canary}}`]],
    [["tail", "--kafka", canary]],
    [["tail", "--rabbit", canary, "--idle-timeout", "1s"]],
    [["tail", `--${canary}`]],
    [["seed", "--scale", canary]],
    [["seed", "--as-of", canary]],
    [["seed", "--only", canary]],
    [["seed", canary]],
    [["doctor", "--only", canary]],
    [["doctor", "--fix", canary]],
    [["doctor", "--report", `/nowhere/${canary}/report.md`]],
  ])("%j", async (words) => {
    expect(await leaksOf(words, [1, 2, 3])).toEqual([]);
  });
});

describe("no secret is printed where", () => {
  const doing = [
    ["tail", "orders", ...past, "--idle-timeout", "1s"],
    ["seed"],
    ["doctor"],
    ["seed", "--verify"],
  ];

  it("a login is wrong", async () => {
    const before = readFileSync(envFile(), "utf8");
    writeFileSync(envFile(), before.replace(/^RABBITMQ_PASSWORD=.*$/m, `RABBITMQ_PASSWORD=${wrong}`));
    const known = secrets;
    secrets = new Map([...secrets, ["RABBITMQ_PASSWORD", wrong]]);
    try {
      for (const words of doing) expect(await leaksOf(words, [0, 1, 2, 3])).toEqual([]);
    } finally {
      writeFileSync(envFile(), before);
      secrets = known;
    }
  });

  it("servers are down", async () => {
    expect(await project.run("stop", "kafka", "rabbitmq", "broker-wallet-db")).toMatchObject({ exitCode: 0 });
    for (const words of doing) expect(await leaksOf(words, [0, 1, 2, 3])).toEqual([]);
  });
});
