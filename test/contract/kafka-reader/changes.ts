import { describe, expect, it } from "vitest";
import { deleteRecords } from "../kafka/wire/apis.js";
import { waitUntil } from "../kafka/world.js";
import type { ReaderWorld } from "./contract.js";

/** What others do to the topics meanwhile. */
export function describeChanges({ world, follow, publish }: ReaderWorld): void {
  describe("while topics change", () => {
    it("reads an awaited topic from its beginning once somebody makes it", async () => {
      const name = world.name("awaited");
      const there = await world.topic();
      const followed = await follow({ topics: [there, { name, mayBeMissing: true }], start: "now" });
      expect(followed.info.describe).toContain(`${name} (not there yet)`);
      await world.admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: true });
      await publish(name, [{ value: "first" }]);
      await waitUntil(async () => followed.values().includes("first"));
    });

    it("reads partitions that are added", async () => {
      const topic = await world.topic(1);
      const followed = await follow({ topics: [topic], start: "now" });
      await world.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
      await waitUntil(async () =>
        publish(topic, [{ value: "added", partition: 1 }]).then(
          () => true,
          () => false,
        ),
      );
      await waitUntil(async () => followed.records.some(({ partition }) => partition === 1));
    });

    it("says that a topic was deleted, and reads it again when it is made anew", async () => {
      const topic = await world.topic();
      await publish(topic, [{ value: "old" }, { value: "older" }]);
      const followed = await follow({ topics: [topic], start: "beginning" });
      await followed.caughtUp;
      await world.admin.deleteTopics({ topics: [topic] });
      await waitUntil(async () => followed.problems.some((text) => text.includes(`${topic} was deleted`)));
      await waitUntil(() =>
        world.admin
          .createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
          .catch(() => false),
      );
      await publish(topic, [{ value: "new" }]);
      await waitUntil(async () => followed.values().includes("new"));
      expect(followed.values()).toEqual(["old", "older", "new"]);
    });

    it("says how many were missed when they were removed before it came to them", async () => {
      const topic = await world.topic();
      const kilobyte = "x".repeat(1024);
      const publishMany = (count: number) =>
        publish(
          topic,
          Array.from({ length: count }, () => ({ value: kilobyte })),
        );
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const followed = await follow({ topics: [topic], start: "now", emit: () => held });
      // More than what a terminal that takes nothing leaves room for.
      for (let round = 0; round < 40; round += 1) await publishMany(800);
      const removed = [{ name: topic, partitions: [{ index: 0, offset: 31_000 }] }];
      await world.raw.ask(deleteRecords, { topics: removed, timeoutMs: 10_000 });
      release();
      await waitUntil(async () => followed.records.at(-1)?.offset === 31_999);
      const [gap] = followed.gaps;
      expect(followed.gaps).toHaveLength(1);
      expect(gap?.missed).toBeGreaterThan(0);
      expect(followed.records.length + Number(gap?.missed)).toBe(32_000);
      expect(new Set(followed.records.map(({ offset }) => offset)).size).toBe(followed.records.length);
    });
  });
}
