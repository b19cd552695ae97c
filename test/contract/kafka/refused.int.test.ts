import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKafkaBroker } from "../../../embedded/kafka/start-kafka-broker.js";
import {
  alterConfigs,
  createTopics,
  fetch,
  findCoordinator,
  incrementalAlterConfigs,
  initProducerId,
  produce,
} from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import { buildBatch } from "./wire/record-batch.js";
import { createWorld, fetchRequest, produceRequest } from "./world.js";

const noTransactions = 53;
const transactional = 0x10;
const control = 0x20;

// What docs/embedded-kafka.md says of the embedded broker alone.
describe("what the embedded Kafka broker does not support", () => {
  const world = createWorld();
  let address = "";

  beforeAll(async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), "mybroker-kafka-"));
    const settings = { host: "127.0.0.1", port: 0, dataFolder, topics: [], log: () => {} };
    const broker = await startKafkaBroker(settings);
    address = broker.address;
    const close = async () => {
      await broker.close();
      await rm(dataFolder, { recursive: true });
    };
    await world.open({ brokers: [address], close });
  });

  afterAll(() => world.close());

  it("transactions: refused by each API, and kafkajs gives up at once", async () => {
    const topic = await world.topic();
    const coordinator = await world.raw.ask(findCoordinator, { key: "mine", type: 1 });
    const producerId = await world.raw.ask(initProducerId, { transactionalId: "mine", timeoutMs: 1000 });
    const request = { ...produceRequest(topic, buildBatch({ values: ["a"] })), transactionalId: "mine" };
    const produced = await world.raw.ask(produce, request);
    expect([coordinator, producerId]).toMatchObject([
      { errorCode: noTransactions },
      { errorCode: noTransactions },
    ]);
    expect(produced.topics[0]?.partitions).toMatchObject([{ errorCode: noTransactions }]);
    const producer = world.kafka.producer({
      transactionalId: "mine",
      idempotent: true,
      maxInFlightRequests: 1,
    });
    const transaction = producer.connect().then(() => producer.transaction());
    await expect(transaction).rejects.toThrow("coordinator");
    await producer.disconnect();
  });

  it.each([transactional, control])("batches with attributes %i: refused", async (attributes) => {
    const topic = await world.topic();
    const ids = { producerId: 7, producerEpoch: 0, baseSequence: 0 };
    expect(await world.produce(topic, { values: ["a"], attributes, ...ids })).toMatchObject({
      errorCode: errorCodes.invalidRecord,
    });
  });

  it.each([
    ["cleanup.policy", "compact"],
    ["message.timestamp.type", "LogAppendTime"],
    ["compression.type", "gzip"],
    ["min.insync.replicas", "2"],
    ["flush.messages", "1"],
  ])("%s=%s: refused and not ignored", async (name, value) => {
    await expect(world.topic(1, { [name]: value })).rejects.toThrow(name);
  });

  it("replicas on another node: refused", async () => {
    const assignments = [{ partition: 0, brokers: [2] }];
    const topic = { name: world.name("elsewhere"), partitions: -1, replicas: -1, assignments, configs: [] };
    const answer = await world.raw.ask(createTopics, {
      topics: [topic],
      timeoutMs: 1000,
      validateOnly: false,
    });
    expect(answer.topics).toMatchObject([{ errorCode: 39 }]);
  });

  it("configs of the broker: refused", async () => {
    const broker = { type: 4, name: "1" };
    const whole = { ...broker, configs: [{ name: "num.partitions", value: "5" }] };
    const one = { ...broker, configs: [{ name: "num.partitions", operation: 0, value: "5" }] };
    const answers = [
      await world.raw.ask(alterConfigs, { resources: [whole], validateOnly: false }),
      await world.raw.ask(incrementalAlterConfigs, { resources: [one], validateOnly: false }),
    ];
    for (const { resources } of answers) {
      expect(resources).toMatchObject([{ errorCode: errorCodes.invalidRequest }]);
    }
  });

  it("fetch sessions: answered in full without one", async () => {
    const topic = await world.topic();
    const answer = await world.raw.ask(fetch, { ...fetchRequest(topic, 0), sessionEpoch: 0 });
    expect(answer).toMatchObject({ errorCode: errorCodes.none, sessionId: 0, topics: [{ name: topic }] });
  });

  it("TLS: the connection closes", async () => {
    const [host, port] = address.split(":");
    const socket = connect({ host, port: Number(port) });
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", () => reject(new Error("it speaks TLS")));
      socket.once("error", () => resolve());
      socket.once("close", () => resolve());
    });
    expect(socket.authorized).toBe(false);
  });
});
