import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafkaErrors } from "../errors.js";
import { encodeTestBatch } from "../testing/record-batches.js";
import { partitionLimit, TopicRegistry } from "./topic-registry.js";

let folder: string;
let registry: TopicRegistry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mybroker-topics-"));
  registry = await TopicRegistry.open(folder, () => {});
});

afterEach(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

async function reopen(): Promise<void> {
  await registry.close();
  registry = await TopicRegistry.open(folder, () => {});
}

describe("the registry of topics", () => {
  it("finds topics, configurations and records again", async () => {
    await registry.create("orders", 2, { "retention.ms": "5" });
    await registry.grow("orders", 4);
    await registry.requirePartition("orders", 3).append(encodeTestBatch([{ value: "kept" }]));
    await reopen();
    expect(registry.require("orders")).toMatchObject({ name: "orders", configs: { "retention.ms": "5" } });
    expect(registry.require("orders").partitions.map(({ endOffset }) => endOffset)).toEqual([0, 0, 0, 1]);
  });

  it("removes at start what a kill left of a topic that was deleted or not yet created", async () => {
    await registry.create("orders", 1, {});
    await mkdir(join(folder, "topics", "77-gone", "0"), { recursive: true });
    await reopen();
    expect(await readdir(join(folder, "topics"))).toEqual(["1-orders"]);
  });

  it("does not take a lost list of topics for an empty one", async () => {
    await registry.create("orders", 1, {});
    await registry.close();
    await rm(join(folder, "topics.json"));
    await expect(TopicRegistry.open(folder, () => {})).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: expect.stringContaining("topics.json"),
    });
    expect(await readdir(join(folder, "topics"))).toEqual(["1-orders"]);
  });

  it("begins anew under the name of a deleted topic", async () => {
    await registry.create("orders", 1, {});
    await registry.requirePartition("orders", 0).append(encodeTestBatch([{ value: "old" }]));
    await registry.delete("orders");
    expect(() => registry.require("orders")).toThrow(
      expect.objectContaining({ code: kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION }),
    );
    await registry.create("orders", 1, {});
    await reopen();
    expect(registry.requirePartition("orders", 0).endOffset).toBe(0);
    expect(await readdir(join(folder, "topics"))).toEqual(["2-orders"]);
  });

  it("makes changes one after the other: of two that create the same topic one wins", async () => {
    const results = await Promise.allSettled([registry.create("a", 1, {}), registry.create("a", 3, {})]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(registry.require("a").partitions).toHaveLength(1);
  });

  it("leaves nothing behind where a topic cannot be made, and takes the next one", async () => {
    // A folder in the way of the file that the list of topics is first written to.
    await mkdir(join(folder, "topics.json.new"));
    await expect(registry.create("orders", 1, {})).rejects.toMatchObject({ code: "EISDIR" });
    expect(registry.all()).toEqual([]);
    expect(await readdir(join(folder, "topics"))).toEqual([]);
    await rm(join(folder, "topics.json.new"), { recursive: true });
    await registry.create("orders", 1, {});
    expect(registry.require("orders").partitions).toHaveLength(1);
  });

  it("closes what it opened where a partition cannot be made", async () => {
    const openFiles = () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0);
    const before = openFiles();
    // A file in the way of the folder of the fourth partition.
    await mkdir(join(folder, "topics", "1-orders"));
    await writeFile(join(folder, "topics", "1-orders", "3"), "");
    await expect(registry.create("orders", 8, {})).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readdir(join(folder, "topics"))).toEqual([]);
    expect(openFiles()).toBe(before);
  });

  it("loses no change of two that are made at once", async () => {
    await registry.create("orders", 1, {});
    const set = (name: string, value: string) =>
      registry.configure("orders", (before) => ({ ...before, [name]: value }));
    await Promise.all([set("retention.ms", "5"), set("segment.ms", "7")]);
    expect(registry.require("orders").configs).toEqual({ "retention.ms": "5", "segment.ms": "7" });
  });

  it("has a limit for the partitions of all topics together", async () => {
    await registry.create("some", 10, {});
    const refused = { code: kafkaErrors.POLICY_VIOLATION };
    await expect(registry.create("rest", partitionLimit - 9, {})).rejects.toMatchObject(refused);
    await expect(registry.grow("some", partitionLimit + 1)).rejects.toMatchObject(refused);
  });
});
