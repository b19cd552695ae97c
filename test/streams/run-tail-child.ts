import { openKafkaTopics } from "../../cli/streams/kafka-source.js";
import { createMerge } from "../../cli/streams/merge.js";
import type { RabbitBroker } from "../../cli/streams/rabbit-broker.js";
import { openFirehose, openRabbitStream, openRabbitTap } from "../../cli/streams/rabbit-source.js";
import { restoreFirehose } from "../../cli/streams/rabbit-tracing.js";
import { auditStream, ordersExchange, toExchange } from "../../contracts/topology.js";

/** What run-tail-child.ts is told by its one argument. */
export interface TailOrder {
  readonly broker: RabbitBroker;
  readonly kafka: string;
  readonly topic: string;
  readonly stateFolder: string;
  readonly firehose: boolean;
}

// Listens to everything there is, prints "listening" and then each payload; a line on its standard input ends it:
// "end" in order, "fail" by an error in the middle of its work.
const order = JSON.parse(process.argv[2] ?? "") as TailOrder;
const { broker, kafka, topic, stateFolder } = order;
await restoreFirehose({ broker, stateFolder });
const sources = [
  openRabbitStream({ broker, queue: auditStream }),
  openRabbitTap({ broker, name: ordersExchange }),
  openRabbitTap({ broker, name: toExchange.queue, what: "queue" }),
  openRabbitTap({ broker, name: toExchange.deadLetterQueue, what: "queue" }),
  openKafkaTopics({ brokers: [kafka], topics: [{ name: topic }] }),
  ...(order.firehose ? [openFirehose({ broker, stateFolder })] : []),
];
const ended = new AbortController();
const merge = createMerge({
  start: { last: 10 },
  emit: (records) => {
    for (const { kind, bytes } of records) console.log(`${kind} ${Buffer.from(bytes ?? [])}`);
  },
});
try {
  await Promise.all(sources.map((source) => merge.add(source, ended.signal)));
  console.log("listening");
  const [line] = await new Promise<unknown[]>((resolve) =>
    process.stdin.once("data", (data) => resolve([data])),
  );
  if (String(line).trim() === "fail") throw new Error("in the middle of it");
} catch (error) {
  console.log(`failed: ${(error as Error).message}`);
} finally {
  process.stdin.destroy();
  await Promise.all(sources.map((source) => source.close()));
}
