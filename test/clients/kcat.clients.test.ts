import { afterAll, beforeAll, expect, it } from "vitest";
import { type KafkaForClients, startKafkaForClients } from "./kafka-broker.js";
import { kcat, readByKcat } from "./kcat.js";
import { describeProgram } from "./programs.js";

const codecs = ["none", "gzip", "snappy", "lz4", "zstd"];

describeProgram("kcat", () => {
  let broker: KafkaForClients;

  beforeAll(async () => {
    broker = await startKafkaForClients();
  });

  afterAll(() => broker?.close());

  it("lists brokers, topics and partitions", async () => {
    await broker.createTopic("listed", 3);
    const { brokers, topics } = JSON.parse(await kcat(broker.address, ["-L", "-J"]));
    expect(brokers).toEqual([{ id: expect.any(Number), name: broker.address }]);
    expect(topics).toMatchObject([{ topic: "listed", partitions: [{}, {}, {}] }]);
    expect(await kcat(broker.address, ["-L", "-t", "listed"])).toContain('topic "listed" with 3 partitions');
  });

  it.each(codecs)("produces and consumes 2,000 records with codec %s", async (codec) => {
    const topic = `codec-${codec}`;
    await broker.createTopic(topic);
    const values = Array.from(
      { length: 2000 },
      (_, index) => `record ${index} ${"of some length ".repeat(8)}`,
    );
    await kcat(broker.address, ["-P", "-t", topic, "-z", codec], values.join("\n"));
    const records = await readByKcat(broker.address, topic);
    expect(records.map(({ payload }) => payload)).toEqual(values);
    expect(records.map(({ offset }) => offset)).toEqual(values.map((_, index) => index));
    const isSmaller = (await broker.sizeOf(topic)) < values.join("").length / 3;
    expect(isSmaller).toBe(codec !== "none");
  });

  it("keeps keys, headers, empty values and tombstones", async () => {
    await broker.createTopic("shapes");
    const send = (input: string, ...args: string[]) =>
      kcat(broker.address, ["-P", "-t", "shapes", "-K", ":", ...args], input);
    await send("key:value\n", "-H", "source=test", "-H", "empty=");
    await send("gone:\n", "-Z");
    const records = await readByKcat(broker.address, "shapes");
    expect(records).toMatchObject([
      { key: "key", payload: "value", headers: ["source", "test", "empty", ""] },
      { key: "gone", payload: null },
    ]);
  });

  it("produces idempotently, with acks 0, 1 and all", async () => {
    await broker.createTopic("acks");
    for (const property of ["enable.idempotence=true", "acks=0", "acks=1", "acks=all"]) {
      await kcat(broker.address, ["-P", "-t", "acks", "-X", property], `${property}\n`);
    }
    // What asked for no answer may come behind what was sent after it.
    const records = await readByKcat(broker.address, "acks");
    const values = records.map(({ payload }) => payload);
    expect(values.sort()).toEqual(["acks=0", "acks=1", "acks=all", "enable.idempotence=true"]);
  });

  it("consumes as a group, which goes on where it stopped", async () => {
    await broker.createTopic("grouped", 3);
    const read = (...args: string[]) =>
      kcat(broker.address, [
        ...["-X", "auto.offset.reset=earliest", "-q", "-f", "%s\n", ...args],
        ...["-G", "kcat-group", "grouped"],
      ]);
    const lines = Array.from({ length: 30 }, (_, index) => `first ${index}`);
    await kcat(broker.address, ["-P", "-t", "grouped"], lines.join("\n"));
    expect((await read("-c", "30")).split("\n").sort()).toEqual(lines.sort());
    await kcat(broker.address, ["-P", "-t", "grouped"], "second\n");
    expect(await read("-c", "1")).toBe("second");
  });

  it("finds offsets by time, and reads from a time on", async () => {
    await broker.createTopic("timed");
    const startedMs = Date.now();
    const producer = broker.kafka.producer();
    await producer.connect();
    for (const [index, value] of ["a", "b", "c"].entries()) {
      await producer.send({
        topic: "timed",
        messages: [{ value, timestamp: String(startedMs + index * 1000) }],
      });
    }
    await producer.disconnect();
    expect(await kcat(broker.address, ["-Q", "-t", `timed:0:${startedMs + 500}`])).toContain("offset 1");
    expect(await kcat(broker.address, ["-Q", "-t", "timed:0:-1"])).toContain("offset 3");
    expect(await kcat(broker.address, ["-Q", "-t", "timed:0:-2"])).toContain("offset 0");
    const records = await readByKcat(broker.address, "timed", "-o", `s@${startedMs + 1500}`);
    expect(records).toMatchObject([{ payload: "c", ts: startedMs + 2000 }]);
  });

  it("is told that a topic is unknown", async () => {
    await expect(kcat(broker.address, ["-C", "-t", "nobody-made-it", "-e"])).rejects.toThrow(
      /Unknown topic or partition/,
    );
  });

  it("is told nothing for which the broker complained", () => {
    expect(broker.complaints).toEqual([]);
  });
});
