import { execFileSync, spawn } from "node:child_process";
import { createReadStream, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { vi } from "vitest";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";

export interface SlowReaderSetting {
  /** Of the built CLI. */
  readonly program: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly kafka: string;
  readonly rabbitmq: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
  };
  /** Messages to each of the two brokers. */
  readonly each: number;
}

const topic = "much";
const exchange = "amq.topic";
const atOnce = 2_000;

/**
 * Runs `tail` into a pipe that nobody reads while messages come over both brokers, then reads it to the end.
 * @returns its largest memory until then, and what became of the messages
 */
export async function stopReading(setting: SlowReaderSetting) {
  const { each } = setting;
  const publisher = await openPublisher(setting);
  const tail = startTail(setting, ["--kafka", topic, "--rabbit", exchange, "-n", "0", "-o", "raw"]);
  await vi.waitUntil(() => tail.notes().includes("from now on"), { timeout: 15_000 });
  for (let from = 0; from < each; from += atOnce) await publisher.publish(from);
  await publisher.close();
  const peakMib = readPeakMib(tail.child.pid);

  const printed = { kafka: new Set<number>(), rabbit: new Set<number>() };
  const lines = createInterface({ input: createReadStream(tail.pipe) }).on("line", (line) => {
    const [source = "", number] = line.split(" ");
    printed[source as keyof typeof printed].add(Number(number));
  });
  const countDropped = () =>
    [...tail.notes().matchAll(/(\d+) dropped: /g)].reduce((sum, [, count]) => sum + Number(count), 0);
  const isDone = () => printed.kafka.size === each && printed.rabbit.size + countDropped() >= each;
  // Where something is not accounted for, the figures say it.
  await vi.waitUntil(isDone, { timeout: 20_000 }).catch(() => {});
  tail.child.kill("SIGINT");
  await tail.ended;
  lines.close();
  return {
    peakMib,
    kafka: printed.kafka.size,
    rabbit: printed.rabbit.size,
    dropped: countDropped(),
    notes: tail.notes(),
  };
}

function startTail({ program, folder, env }: SlowReaderSetting, args: readonly string[]) {
  const pipe = join(folder, "slow-reader");
  execFileSync("mkfifo", [pipe]);
  // Opened for both ways it waits for no reader.
  const stdout = openSync(pipe, "r+");
  const child = spawn(process.execPath, [program, "tail", ...args], {
    ...{ cwd: folder, env, stdio: ["ignore", stdout, "pipe"] },
  });
  let notes = "";
  child.stderr?.on("data", (text) => {
    notes += text;
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return { child, pipe, ended, notes: () => notes };
}

async function openPublisher({ kafka: address, rabbitmq }: SlowReaderSetting) {
  const connection = await connectRabbitmq({ ...rabbitmq, timeoutMs: 5_000, connectionName: "much" });
  const channel = await connection.createConfirmChannel();
  const kafka = await createKafka({ clientId: "much", brokers: [address], timeoutMs: 5_000, retries: 3 });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const bodyOf = (source: string, number: number) => `${source} ${number} ${"x".repeat(400)}`;
  return {
    publish: async (from: number) => {
      const numbers = Array.from({ length: atOnce }, (_, index) => from + index);
      for (const number of numbers) channel.publish(exchange, "much", Buffer.from(bodyOf("rabbit", number)));
      const messages = numbers.map((number) => ({ value: bodyOf("kafka", number) }));
      await Promise.all([channel.waitForConfirms(), producer.send({ topic, messages })]);
    },
    close: async () => {
      await producer.disconnect();
      await connection.close();
    },
  };
}

function readPeakMib(pid: number | undefined): number {
  const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
