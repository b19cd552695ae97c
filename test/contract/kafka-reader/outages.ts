import { describe, expect, it } from "vitest";
import { waitUntil } from "../kafka/world.js";
import type { ReaderWorld } from "./contract.js";

export function describeOutages({ world, follow, publish }: ReaderWorld): void {
  describe("when the broker or the terminal is away", () => {
    it("goes on after a restart: nothing lost, nothing twice, and says so", async () => {
      const topic = await world.topic(3);
      const send = (from: number) =>
        publish(
          topic,
          Array.from({ length: 300 }, (_, index) => ({ value: `${from + index}`, partition: index % 3 })),
        );
      const followed = await follow({ topics: [topic], start: "beginning" });
      await send(0);
      await world.restart();
      await waitUntil(() =>
        send(300).then(
          () => true,
          () => false,
        ),
      );
      await waitUntil(async () => followed.values().includes("599"));
      await waitUntil(async () => followed.gaps.length === 1);
      const places = followed.records.map(({ partition, offset }) => `${partition}@${offset}`);
      expect(new Set(places).size).toBe(places.length);
      expect(new Set(followed.values()).size).toBe(600);
      expect(followed.gaps).toEqual([{ source: "kafka", tookMs: expect.any(Number), missed: 0 }]);
      expect(followed.problems).toEqual([expect.stringContaining("connection lost")]);
    });

    it("asks for no more than fits while nothing is taken, and loses nothing of it", async () => {
      const topic = await world.topic(2);
      const kilobyte = "x".repeat(1024);
      const releases: (() => void)[] = [];
      let isSlow = true;
      const emit = () => (isSlow ? new Promise<void>((resolve) => releases.push(resolve)) : undefined);
      for (let round = 0; round < 40; round += 1) {
        const batch = Array.from({ length: 800 }, (_, index) => ({ value: kilobyte, partition: index % 2 }));
        await publish(topic, batch);
      }
      const before = process.memoryUsage().arrayBuffers;
      const followed = await follow({ topics: [topic], start: "beginning", emit });
      await waitUntil(async () => releases.length === 1);
      const heldBytes = process.memoryUsage().arrayBuffers - before;
      expect(heldBytes).toBeLessThan(32 * 1024 * 1024);
      isSlow = false;
      releases[0]?.();
      await waitUntil(async () => followed.records.length === 32_000);
      for (const partition of [0, 1]) {
        const offsets = followed.records.filter((record) => record.partition === partition);
        expect(offsets.map(({ offset }) => offset)).toEqual(offsets.map((_, index) => index));
      }
    });
  });

  it("says where no broker answers", async () => {
    const nobody = follow({ topics: ["any"], start: "now", brokers: ["127.0.0.1:1"] });
    await expect(nobody).rejects.toMatchObject({ code: "kafka.unreachable", exitCode: 3 });
  });
}
