import { ConfigResourceTypes } from "kafkajs";
import { describe, expect, it } from "vitest";
import { alterConfigs, createTopics, describeConfigs, incrementalAlterConfigs } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import type { World } from "./world.js";

const topicType = 2;
/** Where a value comes from: the topic's own, or the broker's default. */
const source = { topic: 1, fallback: 5 };
const operation = { set: 0, delete: 1, append: 2, subtract: 3 };
const week = "604800000";

export function describeConfigsContract(world: World): void {
  describe("configs of topics", () => {
    it("have Kafka's defaults", async () => {
      const topic = await world.topic();
      const configs = await read(topic, null);
      expect(configs["retention.ms"]).toEqual([week, source.fallback]);
      expect(configs["cleanup.policy"]).toEqual(["delete", source.fallback]);
      expect(configs["max.message.bytes"]).toEqual(["1048588", source.fallback]);
      // How much is kept by size is each broker's own affair: the embedded one has a bound.
      expect(Object.keys(configs)).toEqual(expect.arrayContaining(["retention.bytes", "segment.bytes"]));
      expect(configs["message.timestamp.type"]?.[0]).toBe("CreateTime");
      expect(configs["compression.type"]?.[0]).toBe("producer");
    });

    it("are taken when a topic is made, and only those asked for are answered", async () => {
      const topic = await world.topic(1, { "retention.ms": "60000" });
      expect(await read(topic, ["retention.ms"])).toEqual({ "retention.ms": ["60000", source.topic] });
    });

    it.each([
      ["nobody knows", "no.such.config", "1"],
      ["is no number", "retention.ms", "soon"],
      ["is below its least", "retention.ms", "-2"],
      ["is no policy", "cleanup.policy", "keep"],
    ])("a topic with a config that %s is refused", async (_, name, value) => {
      const { topics } = await world.raw.ask(createTopics, {
        topics: [
          {
            name: world.name("bad"),
            partitions: 1,
            replicas: 1,
            assignments: [],
            configs: [{ name, value }],
          },
        ],
        timeoutMs: 10_000,
        validateOnly: false,
      });
      expect(topics).toMatchObject([{ errorCode: errorCodes.invalidConfig }]);
    });

    it("are set and deleted one by one, the others stay", async () => {
      const topic = await world.topic(1, { "retention.ms": "60000" });
      expect(await change(topic, "retention.bytes", operation.set, "5000000")).toBe(errorCodes.none);
      expect(await read(topic, ["retention.ms", "retention.bytes"])).toEqual({
        "retention.ms": ["60000", source.topic],
        "retention.bytes": ["5000000", source.topic],
      });
      expect(await change(topic, "retention.ms", operation.delete, null)).toBe(errorCodes.none);
      expect(await read(topic, ["retention.ms"])).toEqual({ "retention.ms": [week, source.fallback] });
    });

    it("are replaced as a whole by the older request", async () => {
      const topic = await world.topic(1, { "retention.ms": "60000" });
      const configs = [{ name: "retention.bytes", value: "7000000" }];
      const { resources } = await world.raw.ask(alterConfigs, {
        resources: [{ type: topicType, name: topic, configs }],
        validateOnly: false,
      });
      expect(resources).toMatchObject([{ errorCode: errorCodes.none, name: topic }]);
      expect(await read(topic, ["retention.ms", "retention.bytes"])).toEqual({
        "retention.ms": [week, source.fallback],
        "retention.bytes": ["7000000", source.topic],
      });
    });

    it("are checked and not set where that is asked", async () => {
      const topic = await world.topic();
      expect(await change(topic, "retention.ms", operation.set, "1000", true)).toBe(errorCodes.none);
      expect(await read(topic, ["retention.ms"])).toEqual({ "retention.ms": [week, source.fallback] });
    });

    it("that are unknown or wrong are refused and change nothing", async () => {
      const topic = await world.topic(1, { "retention.ms": "60000" });
      expect(await change(topic, "no.such.config", operation.set, "1")).toBe(errorCodes.invalidConfig);
      expect(await change(topic, "retention.ms", operation.set, "soon")).toBe(errorCodes.invalidConfig);
      expect(await read(topic, ["retention.ms"])).toEqual({ "retention.ms": ["60000", source.topic] });
    });

    it("of a topic that nobody made are refused", async () => {
      const unknown = world.name("unknown");
      const { resources } = await ask(unknown, null);
      expect(resources).toMatchObject([{ errorCode: errorCodes.unknownTopicOrPartition, name: unknown }]);
      expect(await change(unknown, "retention.ms", operation.set, "1")).toBe(
        errorCodes.unknownTopicOrPartition,
      );
    });

    it("are read and written by kafkajs, and the broker has some too", async () => {
      const topic = await world.topic();
      const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
      const configEntries = [{ name: "retention.ms", value: "120000" }];
      await world.admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
      const { controller } = await world.admin.describeCluster();
      const broker = { type: ConfigResourceTypes.BROKER, name: String(controller) };
      const { resources } = await world.admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ ...resource, configNames: ["retention.ms"] }, broker],
      });
      const [ofTopic, ofBroker] = [topic, broker.name].map((name) =>
        resources.find(({ resourceName }) => resourceName === name),
      );
      expect(ofTopic?.configEntries).toMatchObject([{ configName: "retention.ms", configValue: "120000" }]);
      const names = ofBroker?.configEntries.map(({ configName }) => configName);
      expect(names).toEqual(expect.arrayContaining(["log.retention.ms", "num.partitions"]));
    });
  });

  function ask(name: string, keys: string[] | null) {
    return world.raw.ask(describeConfigs, { resources: [{ type: topicType, name, keys }], synonyms: false });
  }

  /** Value and source by name. */
  async function read(topic: string, keys: string[] | null) {
    const { resources } = await ask(topic, keys);
    expect(resources).toMatchObject([{ errorCode: errorCodes.none, type: topicType, name: topic }]);
    const configs = resources[0]?.configs ?? [];
    return Object.fromEntries(configs.map((config) => [config.name, [config.value, config.source]]));
  }

  async function change(
    topic: string,
    ...[name, how, value, validateOnly = false]: [string, number, string | null, boolean?]
  ) {
    const { resources } = await world.raw.ask(incrementalAlterConfigs, {
      resources: [{ type: topicType, name: topic, configs: [{ name, operation: how, value }] }],
      validateOnly,
    });
    return resources[0]?.errorCode;
  }
}
