import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type KafkaForClients, startKafkaForClients } from "./kafka-broker.js";
import { describeProgram, jars, runJava } from "./programs.js";

const tools = "org.apache.kafka.tools";

// One test after the other: each tool is a JVM of its own, a second on a small machine.
describeProgram("Kafka's Java tools", () => {
  let broker: KafkaForClients;
  let folder: string;

  beforeAll(async () => {
    broker = await startKafkaForClients();
    folder = await mkdtemp(join(tmpdir(), "mybroker-java-"));
  });

  afterAll(async () => {
    await broker?.close();
    await rm(folder, { recursive: true });
  });

  const run = (name: string, args: readonly string[], input = "") =>
    runJava(jars("MYBROKER_CLIENTS_KAFKA"), [name, "--bootstrap-server", broker.address, ...args], input);

  it("make, describe, grow and list topics", async () => {
    const topics = (...args: string[]) => run(`${tools}.TopicCommand`, args);
    const made = await topics(
      ...["--create", "--topic", "orders", "--partitions", "2", "--replication-factor", "1"],
      ...["--config", "retention.ms=60000"],
    );
    expect(made).toContain("Created topic orders.");
    await topics("--alter", "--topic", "orders", "--partitions", "3");
    const described = await topics("--describe", "--topic", "orders");
    expect(described).toMatch(
      /Topic: orders\s.*PartitionCount: 3\s+ReplicationFactor: 1\s.*retention.ms=60000/,
    );
    expect(described.match(/Leader: 1\s+Replicas: 1\s+Isr: 1/g)).toHaveLength(3);
    expect((await topics("--list")).split("\n")).toEqual(["orders"]);
  });

  it("set, show and delete configs", async () => {
    const topic = ["--entity-type", "topics", "--entity-name", "orders"];
    const configs = (...args: string[]) => run("kafka.admin.ConfigCommand", [...topic, ...args]);
    const changes = ["--add-config", "retention.bytes=5000000", "--delete-config", "retention.ms"];
    expect(await configs("--alter", ...changes)).toContain("Completed updating config for topic orders.");
    const described = await configs("--describe");
    expect(described).toContain("retention.bytes=5000000");
    expect(described).not.toContain("retention.ms");
    const refused = configs("--alter", "--add-config", "no.such.config=1");
    await expect(refused).rejects.toThrow(/InvalidConfigurationException/);
  });

  it("produce from the console with keys and headers, and consume as a group", async () => {
    const lines = ["h1:v1\tk1\tfirst", "h1:v2\tk2\tsecond", "h1:v3\tk3\tthird"];
    const parse = ["parse.headers=true", "parse.key=true"].flatMap((text) => ["--property", text]);
    const codec = ["--compression-codec", "zstd"];
    await run(`${tools}.ConsoleProducer`, ["--topic", "orders", ...parse, ...codec], `${lines.join("\n")}\n`);
    const print = ["print.headers=true", "print.key=true"].flatMap((text) => ["--property", text]);
    const read = ["--topic", "orders", "--from-beginning", "--max-messages", "3", "--group", "java-readers"];
    const consumed = await run(`${tools}.consumer.ConsoleConsumer`, [...read, ...print]);
    expect(consumed.split("\n").sort()).toEqual(lines);
  });

  it("describe, reset and delete the group", async () => {
    const group = ["--group", "java-readers"];
    const groups = (...args: string[]) =>
      run(
        `${tools}.consumer.group.ConsumerGroupCommand`,
        args.includes("--list") ? args : [...group, ...args],
      );
    expect((await groups("--list")).split("\n")).toEqual(["java-readers"]);
    const described = await groups("--describe");
    const rows = described.split("\n").filter((line) => line.startsWith("java-readers"));
    // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG …; a partition without records has no offset.
    const lags = rows.map((row) => row.split(/\s+/)).map(([, , , current, end, lag]) => [current, end, lag]);
    for (const [current, end, lag] of lags)
      expect([current, lag]).toEqual(end === "0" ? [current, "0"] : [end, "0"]);
    expect(rows).toHaveLength(3);
    expect(await groups("--describe", "--state")).toMatch(/java-readers\s.*Empty\s+0/);
    const reset = await groups("--reset-offsets", "--to-earliest", "--all-topics", "--execute");
    expect(reset.match(/java-readers\s+orders\s+\d\s+0/g)).toHaveLength(3);
    expect(await groups("--delete")).toContain("was successful");
  });

  it("name offsets, and delete records up to one", async () => {
    await broker.createTopic("cut");
    const producer = broker.kafka.producer();
    await producer.connect();
    await producer.send({ topic: "cut", messages: ["a", "b", "c"].map((value) => ({ value })) });
    await producer.disconnect();
    const file = join(folder, "offsets.json");
    await writeFile(
      file,
      JSON.stringify({ partitions: [{ topic: "cut", partition: 0, offset: 2 }], version: 1 }),
    );
    const deleted = await run(`${tools}.DeleteRecordsCommand`, ["--offset-json-file", file]);
    expect(deleted).toMatch(/partition: cut-0\s+low_watermark: 2/);
    const offsets = (time: string) => run(`${tools}.GetOffsetShell`, ["--topic", "cut", "--time", time]);
    expect(await offsets("earliest")).toBe("cut:0:2");
    expect(await offsets("latest")).toBe("cut:0:3");
  });

  it("produce and consume 50,000 records, idempotently and compressed", async () => {
    await broker.createTopic("fast", 3);
    const settings = ["bootstrap.servers", "compression.type", "acks"].map(
      (name, index) => `${name}=${[broker.address, "lz4", "all"][index]}`,
    );
    const produced = await runJava(jars("MYBROKER_CLIENTS_KAFKA"), [
      `${tools}.ProducerPerformance`,
      ...["--topic", "fast", "--num-records", "50000", "--record-size", "200", "--throughput", "-1"],
      ...["--producer-props", ...settings],
    ]);
    expect(produced).toMatch(/^50000 records sent/m);
    const consumed = await run(`${tools}.ConsumerPerformance`, ["--topic", "fast", "--messages", "50000"]);
    // start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, …
    const figures = consumed.trim().split("\n").at(-1)?.split(", ") ?? [];
    expect(Number(figures[4])).toBe(50_000);
  });

  it("delete topics, and are told which are unknown", async () => {
    await run(`${tools}.TopicCommand`, ["--delete", "--topic", "orders"]);
    const unknown = run(`${tools}.TopicCommand`, ["--describe", "--topic", "orders"]);
    await expect(unknown).rejects.toThrow(/Topic 'orders' does not exist as expected/);
  });

  it("ask for nothing for which the broker complained", () => {
    expect(broker.complaints).toEqual([]);
  });
});
