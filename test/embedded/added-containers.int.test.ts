import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createKafka } from "../../kit/kafka.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { findFreePorts } from "../support/free-ports.js";

let cli: BuiltCli;
let project: EmbeddedProject;
let kafkaPort: number;

/** What somebody writes beside the shipped compose file. */
const added = (ports: readonly number[]) => `services:
  my-kafka:
    image: apache/kafka:3.9.2
    ports: ["127.0.0.1:${ports[0]}:9092"]
    x-mybroker: { kind: kafka, port: 9092, topics: [my-topic] }
  my-db:
    image: postgres:15.18
    ports: ["127.0.0.1:${ports[1]}:5432"]
    environment: { POSTGRES_PASSWORD: "\${MY_DB_PASSWORD}" }
    x-mybroker: { kind: postgres, port: 5432, credentials: { password: MY_DB_PASSWORD } }
  my-cache:
    image: redis:7.4.9-alpine
    ports: ["127.0.0.1:${ports[2]}:6379"]
    x-mybroker: { kind: redis, port: 6379 }
`;

beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  const ports = await findFreePorts(3);
  kafkaPort = ports[0] ?? 0;
  writeFileSync(join(project.folder, "docker-compose.override.yml"), added(ports));
  appendFileSync(join(project.folder, ".env"), "# secret\nMY_DB_PASSWORD=not-a-secret\n");
  const up = await project.run("up");
  expect(up.exitCode, up.stderr).toBe(0);
}, 180_000);
afterAll(async () => {
  await project?.remove();
  cli?.remove();
});

async function openKafka() {
  const brokers = [`127.0.0.1:${kafkaPort}`];
  return createKafka({ clientId: "stranger", brokers, timeoutMs: 20_000, retries: 0 });
}

async function publish(topic: string, value: string): Promise<void> {
  const producer = (await openKafka()).producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: "mine", value }] });
  await producer.disconnect();
}

it("tail shows what passes a Kafka that somebody added, by the topic's name", async () => {
  await publish("my-topic", '{"made":"by a stranger"}');
  const { exitCode, stdout } = await project.run("tail", "my-topic", "-n", "all", "--no-follow");
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("by a stranger"),
  });
  expect((await project.run("tail", "all", "-n", "all", "--no-follow")).stdout).toContain("by a stranger");
});

it("Tab knows its services, its streams and its topics", async () => {
  const ask = async (...words: string[]) =>
    (await project.run("completion", "words", "--", ...words)).stdout
      .split("\n")
      .map((l) => l.split("\t")[0]);
  expect(await ask("stop", "my-")).toEqual(["my-kafka", "my-db", "my-cache", ":4"]);
  expect(await ask("tail", "my-")).toEqual(["my-topic", ":4"]);
  // Not in the compose file: the broker alone knows it.
  const admin = (await openKafka()).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "made-since", numPartitions: 1 }] });
  await admin.disconnect();
  await expect.poll(() => ask("tail", "--kafka", "made-"), { timeout: 30_000 }).toEqual(["made-since", ":4"]);
});

interface Told {
  readonly checks: readonly {
    readonly findings: readonly { id: string; subject: string; level: string }[];
  }[];
}

it("doctor checks them by what they do, and finds what is wrong", async () => {
  const examine = async () => {
    const { data } = await project.json<Told>("doctor");
    return data.checks
      .flatMap(({ findings }) => findings)
      .filter(({ subject }) => subject.startsWith("my-"))
      .map(({ id, subject, level }) => `${subject} ${id} ${level}`);
  };
  const told = async () => (await examine()).filter((line) => !line.endsWith(" ok"));
  await expect.poll(told, { timeout: 60_000 }).toEqual([]);
  for (const name of ["my-kafka", "my-db", "my-cache"])
    expect((await examine()).some((line) => line.startsWith(name))).toBe(true);
  const admin = (await openKafka()).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: ["my-topic"] });
  await admin.disconnect();
  await expect.poll(told, { timeout: 60_000 }).toEqual(["my-kafka kafka.missing-topic error"]);
  expect(await project.run("doctor", "--fix", "kafka.missing-topic", "--yes")).toMatchObject({ exitCode: 0 });
  await expect.poll(told, { timeout: 60_000 }).toEqual([]);
});

it("seed leaves them alone", async () => {
  await publish("my-topic", '{"before":"the seed"}');
  const seed = await project.run("seed", "--scale", "0.01");
  expect(seed.exitCode, seed.stderr).toBe(0);
  expect(`${seed.stdout}${seed.stderr}`).not.toContain("my-");
  const refused = await project.run("seed", "--only", "my-db");
  expect(refused).toMatchObject({ exitCode: 2 });
  const tail = await project.run("tail", "my-topic", "-n", "all", "--no-follow", "-o", "raw");
  expect(tail.stdout).toBe('{"before":"the seed"}');
  expect(readFileSync(join(project.folder, ".env"), "utf8")).toContain("MY_DB_PASSWORD=not-a-secret");
});
