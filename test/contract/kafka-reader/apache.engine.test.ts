import { CompressionTypes } from "kafkajs";
import { describe, expect, it } from "vitest";
import type { ComposeStack } from "../../support/compose-stack.js";
import { startApacheKafka } from "../kafka/start-apache.js";
import { describeKafkaReader, type ReaderWorld } from "./contract.js";

let stack: ComposeStack;

describeKafkaReader(
  "Apache Kafka on the engine",
  async () => {
    const broker = await startApacheKafka(`kafkareader${process.pid}`);
    stack = broker.stack;
    return broker;
  },
  (reader) => {
    describeJavaCodecs(reader);
    describeTransactions(reader);
  },
);

function describeJavaCodecs({ world, follow }: ReaderWorld): void {
  it("decodes what Java's producer compresses, with each codec", async () => {
    const topic = await world.topic();
    const producer = "/opt/kafka/bin/kafka-console-producer.sh --bootstrap-server kafka:29092";
    const lines = "for i in $(seq 1 2000); do echo $1-$i-of-quite-repetitive-text; done";
    const script = `for codec in gzip snappy lz4 zstd; do set -- $codec; (${lines}) | ${producer} --topic ${topic} --compression-codec $codec; done`;
    await stack.compose("exec", "-T", "kafka", "bash", "-c", script);
    const { values, records, caughtUp } = await follow({ topics: [topic], start: "beginning" });
    await caughtUp;
    expect(records.filter(({ note }) => note !== undefined)).toEqual([]);
    const expected = ["gzip", "snappy", "lz4", "zstd"].flatMap((codec) =>
      Array.from({ length: 2000 }, (_, index) => `${codec}-${index + 1}-of-quite-repetitive-text`),
    );
    expect(values()).toEqual(expected);
  });
}

function describeTransactions({ world, follow, publish }: ReaderWorld): void {
  describe("transactions", () => {
    it("shows what was committed, and neither what was aborted nor markers", async () => {
      const topic = await world.topic();
      const producer = world.kafka.producer({
        ...{ transactionalId: world.name("transaction"), maxInFlightRequests: 1, idempotent: true },
      });
      await producer.connect();
      for (const [value, isCommitted] of [
        ["one", true],
        ["two", false],
        ["three", true],
      ] as const) {
        const transaction = await producer.transaction();
        const messages = [{ value, partition: 0 }];
        await transaction.send({ topic, messages, compression: CompressionTypes.GZIP });
        await (isCommitted ? transaction.commit() : transaction.abort());
      }
      await producer.disconnect();
      await publish(topic, [{ value: "four" }]);
      const { values, caughtUp } = await follow({ topics: [topic], start: "beginning" });
      await caughtUp;
      expect(values()).toEqual(["one", "three", "four"]);
    });
  });
}
