import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Queue } from "./queue.js";
import { Bench, messageOf, smallSizes } from "./testing/queue-bench.js";

const quorum = { kind: "quorum" as const };

async function withBench(run: (bench: Bench) => Promise<void>, sizes = smallSizes): Promise<void> {
  const bench = await Bench.create(sizes);
  try {
    await run(bench);
  } finally {
    await bench.dispose();
  }
}

async function segmentFiles(bench: Bench): Promise<string[]> {
  const durable = join(bench.folder, "durable");
  const entries = await readdir(durable, { recursive: true });
  return entries
    .filter((entry) => entry.endsWith(".log"))
    .sort()
    .map((entry) => join(durable, entry));
}

async function publish(queue: Queue, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await queue.publish(messageOf(body), { persistent: true });
}

async function drain(queue: Queue): Promise<string[]> {
  const bodies: string[] = [];
  for (let delivery = await queue.get(true); delivery; delivery = await queue.get(true)) {
    bodies.push(delivery.message.body.toString());
  }
  return bodies;
}

/** Bytes of array buffers that something still holds. */
function liveArrayBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().arrayBuffers;
}

describe("what a queue finds at its start", () => {
  it("loses what a cut took and nothing before it, wherever the newest file is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(300), { minLength: 1, maxLength: 12 }),
        fc.nat(10_000),
        async (paddings, cut) => {
          await withBench(async (bench) => {
            const queue = await bench.open(quorum);
            const stored: { body: string; file: string; endBytes: number }[] = [];
            for (const [index, padding] of paddings.entries()) {
              const body = `${index}`.padEnd(padding, ".");
              await publish(queue, [body]);
              const file = (await segmentFiles(bench)).at(-1) ?? "";
              stored.push({ body, file, endBytes: (await stat(file)).size });
            }
            await bench.store.close();
            const last = stored.at(-1);
            if (!last) return;
            const keptBytes = cut % last.endBytes;
            await truncate(last.file, keptBytes);
            await bench.start();
            const kept = stored.filter(({ file, endBytes }) => file !== last.file || endBytes <= keptBytes);
            expect(await drain(await bench.open(quorum))).toEqual(kept.map(({ body }) => body));
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("says what it cut, and appends behind it", async () => {
    await withBench(async (bench) => {
      await publish(await bench.open(quorum), ["a", "b"]);
      await bench.store.close();
      const [file = ""] = await segmentFiles(bench);
      await truncate(file, (await stat(file)).size - 1);
      await bench.start();
      await publish(await bench.open(quorum), ["c"]);
      expect(bench.logged).toHaveLength(1);
      expect(bench.logged[0]).toMatch(/^warn .*\.log: cut at \d+, \d+ bytes of an unfinished write$/);
      await bench.restart();
      expect(await drain(await bench.open(quorum))).toEqual(["a", "c"]);
    });
  });

  it("refuses damage before the end by file and position, whichever byte it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(10_000), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        await withBench(async (bench) => {
          await publish(await bench.open(quorum), ["first message", "second message"]);
          await bench.store.close();
          const [file = ""] = await segmentFiles(bench);
          const bytes = await readFile(file);
          // Behind the header, in the first of two records of nearly one size.
          const at = 8 + (place % (Math.floor((bytes.length - 8) / 2) - 2));
          bytes[at] = (bytes[at] ?? 0) ^ change;
          await writeFile(file, bytes);
          await bench.start();
          await expect(bench.open(quorum)).rejects.toMatchObject({
            code: "DATA_DAMAGED",
            message: `${file} is damaged at byte 8`,
          });
        });
      }),
      { numRuns: 40 },
    );
  });

  it("refuses a missing file in the middle and a newer format", async () => {
    await withBench(async (bench) => {
      await publish(await bench.open(quorum), ["a".repeat(700), "b".repeat(700), "c"]);
      await bench.store.close();
      const files = await segmentFiles(bench);
      expect(files).toHaveLength(3);
      const bytes = await readFile(files[0] ?? "");
      bytes[3] = 9;
      await writeFile(files[0] ?? "", bytes);
      await bench.start();
      await expect(bench.open(quorum)).rejects.toMatchObject({ code: "DATA_NEWER" });
    });
  });

  it("dead-letters nothing before all queues are open", async () => {
    await withBench(async (bench) => {
      const limited = { ...quorum, arguments: { "x-delivery-limit": 0, "x-dead-letter-exchange": "dlx" } };
      const queue = await bench.open(limited);
      await publish(queue, ["a"]);
      await queue.get(false);
      await bench.store.close();
      await bench.start(false);
      const again = await bench.open(limited);
      await publish(again, ["b"]);
      expect([again.readyCount, bench.deadLetters]).toEqual([1, []]);
      bench.store.start();
      await expect.poll(() => bench.deadLetters).toEqual(["a delivery_limit"]);
    });
  });

  it("forgets queues that are not among the known ones", async () => {
    await withBench(async (bench) => {
      await publish(await bench.open({ ...quorum, name: "kept" }), ["a"]);
      await publish(await bench.open({ ...quorum, name: "Kept" }), ["b"]);
      await bench.restart();
      await bench.store.keepOnly(["kept"]);
      expect(await drain(await bench.open({ ...quorum, name: "kept" }))).toEqual(["a"]);
      expect(await drain(await bench.open({ ...quorum, name: "Kept" }))).toEqual([]);
    });
  });

  it("keeps no more files than its messages need, also with one message unacked for ever", async () => {
    await withBench(async (bench) => {
      const queue = await bench.open(quorum);
      await publish(queue, ["old"]);
      const old = await queue.get(false);
      for (let count = 0; count < 300; count += 1) {
        await publish(queue, ["x".repeat(100)]);
        const delivery = await queue.get(false);
        queue.ack([delivery?.deliveryId ?? -1]);
      }
      await expect.poll(async () => (await segmentFiles(bench)).length).toBeLessThan(6);
      queue.requeue([old?.deliveryId ?? -1], "returned");
      await bench.restart();
      expect(await drain(await bench.open(quorum))).toEqual(["old"]);
    });
  });

  it("holds messages in 40 bytes of memory each", { timeout: 60_000 }, async () => {
    await withBench(
      async (bench) => {
        const queue = await bench.open(quorum);
        const before = liveArrayBytes();
        const message = messageOf("x".repeat(20));
        for (let count = 0; count < 200_000; count += 1000) {
          await Promise.all(Array.from({ length: 1000 }, () => queue.publish(message, { persistent: true })));
        }
        expect(queue.readyCount).toBe(200_000);
        await expect.poll(() => liveArrayBytes() - before).toBeLessThan(200_000 * 40);
      },
      { segmentBytes: 8_000_000, cacheBytes: 100_000, transientBytes: 1000 },
    );
  });
});
