import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import type { AmqpServer } from "../contract/amqp/lab.js";
import { startEmbedded } from "../contract/amqp/start-embedded.js";
import { describeProgram, jars, runJava } from "./programs.js";

const messages = 5000;

/** Each consumer ends with its own count of messages, so both queues and readers of a stream are read to the end. */
const runs = [
  {
    title: "2 quorum queues, 2 producers, 2 consumers",
    args: ["--quorum-queue", "--queue-pattern", "perf.quorum.%d", "--queue-pattern-from", "1"],
    more: ["--queue-pattern-to", "2", "--producers", "2", "--consumers", "2", "--multi-ack-every", "10"],
    drained: ["perf.quorum.1", "perf.quorum.2"],
  },
  {
    title: "a classic queue, persistent messages",
    args: ["--queue", "perf.classic", "--queue-args", "x-queue-type=classic", "--auto-delete", "false"],
    more: ["--flag", "persistent", "--producers", "1", "--consumers", "1"],
    drained: ["perf.classic"],
  },
  {
    title: "a stream, 1 producer, 2 readers of all of it",
    args: ["--stream-queue", "--stream-consumer-offset", "first", "--queue", "perf.stream"],
    more: ["--producers", "1", "--consumers", "2"],
    drained: [],
  },
];

describeProgram("RabbitMQ's PerfTest", () => {
  let server: AmqpServer;

  beforeAll(async () => {
    server = await startEmbedded();
  });

  afterAll(() => server?.close());

  let connection: Awaited<ReturnType<typeof connectRabbitmq>> | undefined;
  afterEach(() => connection?.close());

  it.each(runs)("$title: all confirmed, all received", async ({ args, more, drained }) => {
    const { host, port, user, password } = server;
    const limits = ["--pmessages", messages, "--cmessages", messages, "--confirm", 200, "--qos", 200].map(
      String,
    );
    const output = await runJava(jars("MYBROKER_CLIENTS_PERF_TEST"), [
      "com.rabbitmq.perf.PerfTest",
      ...["--uri", `amqp://${user}:${password}@${host}:${port}/%2F`, "--id", "perf", "--size", "200"],
      ...[...limits, ...args, ...more],
    ]);
    expect(output).toMatch(/test stopped \(Producer reached message limit.*Consumer reached message limit/);
    expect(output).not.toMatch(/nacked: [1-9]|returned: [1-9]/);
    const rates = output.match(/(sending|receiving) rate avg: \d+ msg\/s/g);
    expect(rates).toHaveLength(2);
    console.log(rates?.join(", "));
    connection = await connectRabbitmq({
      host,
      port,
      user,
      password,
      timeoutMs: 5000,
      connectionName: "after",
    });
    const channel = await connection.createChannel();
    for (const queue of drained) expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  });
});
