import { mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { restoreFirehose } from "../../cli/streams/rabbit-tracing.js";
import { ordersExchange, toExchange } from "../../contracts/topology.js";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import { askManagement, type ManagementAddress } from "../../kit/rabbitmq-management.js";
import { eventually } from "../contract/amqp/lab.js";
import type { RabbitWorld } from "../contract/streams/rabbit-world.js";
import { tellFigures } from "../support/tell-figures.js";
import { askManagementApi, readBrokerState } from "./broker-state.js";
import type { TailOrder } from "./run-tail-child.js";

const topic = "no-trace";
const root = resolve(import.meta.dirname, "../..");
/** A management API shows what its broker counted every five seconds. */
const settleMs = 20_000;

/** Proves that listening leaves both brokers as they were, however it ends. */
export function describeNoTrace(name: string, start: () => Promise<RabbitWorld>): void {
  describe(`a tail on ${name} leaves no trace`, () => {
    let world: RabbitWorld;
    let program: Awaited<ReturnType<typeof buildChild>>;
    let stateFolder: string;
    beforeAll(async () => {
      [world, program] = await Promise.all([start(), buildChild()]);
      stateFolder = await mkdtemp(join(tmpdir(), "mybroker-state-"));
      await fill(world);
    });
    afterAll(async () => {
      program?.remove();
      await rm(stateFolder, { recursive: true });
      await world?.close();
    });

    const listen = async (firehose: boolean) => {
      const { broker, kafka } = world;
      const order: TailOrder = { broker, kafka, topic, stateFolder, firehose };
      const child = execa(process.execPath, [program.path, JSON.stringify(order)], { reject: false });
      const lines: string[] = [];
      const reading = (async () => {
        for await (const line of child) lines.push(line);
      })().catch(() => {});
      await eventually(
        () => lines,
        (all) => all.includes("listening") || child.exitCode !== null,
      );
      expect(lines.filter((line) => line.startsWith("failed"))).toEqual([]);
      return { child, lines, reading };
    };

    it.each(["end", "fail"] as const)("%s: with the firehose, while messages pass", async (how) => {
      const before = await settledState(world);
      const { child, lines } = await listen(true);
      expect(await readBrokerState(world)).not.toEqual(before);
      expect(lines.filter((line) => line.startsWith("topic"))).toEqual(["topic one", "topic two"]);
      child.stdin.write(`${how}\n`);
      const { exitCode, stdout } = await child;
      expect({ exitCode, failed: stdout.includes("failed: in the middle") }).toEqual({
        exitCode: 0,
        failed: how === "fail",
      });
      await expectState(world, before);
    });

    it("kill -9: nothing but the firehose is left, which the next start of tail puts back", async () => {
      const before = await settledState(world);
      const { child } = await listen(true);
      child.kill("SIGKILL");
      await child;
      const management = askManagement(world.broker.management as ManagementAddress);
      await eventually(
        async () =>
          (await management.listQueues()).filter((queue) => queue.name.startsWith("mybroker.tail.")),
        (queues) => queues.length === 0,
      );
      expect(await management.isTracing()).toBe(true);
      expect(await restoreFirehose({ broker: world.broker, stateFolder })).toBe(true);
      await expectState(world, before);
    });

    it("of two firehoses the first to end leaves it to the other, also when one is killed", async () => {
      const before = await settledState(world);
      const management = askManagement(world.broker.management as ManagementAddress);
      const [first, second, third] = [await listen(true), await listen(true), await listen(true)];
      first.child.stdin.write("end\n");
      await first.child;
      expect(await management.isTracing()).toBe(true);
      second.child.kill("SIGKILL");
      await second.child;
      expect(await restoreFirehose({ broker: world.broker, stateFolder })).toBe(false);
      expect(await management.isTracing()).toBe(true);
      third.child.stdin.write("end\n");
      await third.child;
      await expectState(world, before);
    });
  });
}

/** Something waits in queues, in the stream and in a topic, so that taking any of it would be seen. */
async function fill({ broker, kafka }: RabbitWorld): Promise<void> {
  const connection = await connectRabbitmq({ ...broker, timeoutMs: 5_000, connectionName: "no-trace" });
  const channel = await connection.createConfirmChannel();
  for (const body of ["one", "two", "dead"]) {
    channel.publish(ordersExchange, toExchange.routingKey, Buffer.from(body), { persistent: true });
  }
  await channel.waitForConfirms();
  const message = await channel.get(toExchange.queue);
  if (message !== false) channel.nack(message, false, false);
  await eventually(
    async () => (await channel.checkQueue(toExchange.deadLetterQueue)).messageCount,
    (count) => count === 1,
  );
  await connection.close();
  const client = await createKafka({ clientId: "fill", brokers: [kafka], timeoutMs: 10_000, retries: 5 });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: [{ value: "one" }, { value: "two" }].map((one) => ({ ...one, partition: 0 })),
  });
  await producer.disconnect();
}

/** Once the broker has counted what happened before this call: a message that is sent and taken now shows up last. */
async function settledState(world: RabbitWorld): Promise<object> {
  const { broker } = world;
  if (broker.management !== undefined && "socketPath" in broker.management) return readBrokerState(world);
  const connection = await connectRabbitmq({ ...broker, timeoutMs: 5_000, connectionName: "marker" });
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.sendToQueue(queue, Buffer.from("marker"));
  await channel.waitForConfirms();
  await channel.get(queue, { noAck: true });
  const untilMs = Date.now() + settleMs;
  for (;;) {
    const facts = JSON.parse(
      await askManagementApi(broker.management, `/api/queues/%2F/${encodeURIComponent(queue)}`),
    ) as {
      readonly message_stats?: { readonly get_no_ack?: number };
    };
    if (facts.message_stats?.get_no_ack === 1) break;
    if (Date.now() > untilMs) throw new Error("the management API counts nothing");
    await new Promise((again) => setTimeout(again, 100));
  }
  await channel.deleteQueue(queue);
  await connection.close();
  return readBrokerState(world);
}

/** Some numbers of the management API are behind those that say that it is up to date: consumers of a stream. */
async function expectState(world: RabbitWorld, before: object): Promise<void> {
  await settledState(world);
  await expect.poll(() => readBrokerState(world), { timeout: settleMs, interval: 250 }).toEqual(before);
  const lists = Object.entries(before).filter(([what, facts]) => Array.isArray(facts) && what !== "offsets");
  tellFigures(Object.fromEntries(lists.map(([what, facts]) => [what, facts.length])));
}

/** run-tail-child.ts with all that it imports. */
async function buildChild() {
  const folder = mkdtempSync(join(tmpdir(), "tail-child-"));
  const path = join(folder, "run.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "run-tail-child.ts")],
    ...{ outfile: path, bundle: true, platform: "node", format: "esm", logLevel: "error" },
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(`${root}/package.json`)});`,
    },
  });
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
