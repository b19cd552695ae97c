import { afterAll, beforeAll, expect, it } from "vitest";
import { type KafkaForClients, startKafkaForClients } from "./kafka-broker.js";
import { pythonClient } from "./kafka-python.js";
import { readByKcat } from "./kcat.js";
import { describePrograms, jars, runJava } from "./programs.js";

const values = Array.from({ length: 200 }, (_, index) => `value ${index} ${"and more ".repeat(20)}`);
const codecs = ["none", "gzip", "snappy", "lz4", "zstd"];

describePrograms(["kcat", "python3-confluent-kafka", "Kafka's Java tools"], () => {
  let broker: KafkaForClients;

  beforeAll(async () => {
    broker = await startKafkaForClients();
  });

  afterAll(() => broker?.close());

  it("read what another has compressed, batch after batch", async () => {
    const topic = "mixed";
    await broker.createTopic(topic);
    const confluent = pythonClient("confluent_client.py");
    for (const codec of codecs) await confluent.run(broker.address, "produce", topic, codec, 20);
    for (const codec of codecs) {
      const server = ["--bootstrap-server", broker.address, "--topic", topic];
      const producer = [
        "org.apache.kafka.tools.ConsoleProducer",
        ...server,
        "--compression-codec",
        codec,
      ] as const;
      await runJava(jars("MYBROKER_CLIENTS_KAFKA"), [...producer], `${values.slice(0, 20).join("\n")}\n`);
    }
    const expected = [
      ...codecs.flatMap(() => Array.from({ length: 20 }, (_, index) => `confluent ${index}`)),
      ...codecs.flatMap(() => values.slice(0, 20)),
    ];

    const byKcat = await readByKcat(broker.address, topic);
    expect(byKcat.map(({ payload }) => payload)).toEqual(expected);
    expect(byKcat.map(({ offset }) => offset)).toEqual(expected.map((_, index) => index));

    const byConfluent = await confluent.consume(broker.address, {
      topic,
      group: "confluent-readers",
      count: expected.length,
    });
    expect(byConfluent.records.map(({ value }) => value)).toEqual(expected);

    const byJava = await runJava(jars("MYBROKER_CLIENTS_KAFKA"), [
      "org.apache.kafka.tools.consumer.ConsoleConsumer",
      ...["--bootstrap-server", broker.address, "--topic", topic, "--from-beginning"],
      ...["--max-messages", String(expected.length)],
    ]);
    expect(byJava.split("\n")).toEqual(expected);
  });
});
