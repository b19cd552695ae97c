import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafkaErrors } from "../errors.js";
import { decodeTestBatches, encodeTestBatch } from "../testing/record-batches.js";
import { defaultLogConfig } from "./log-options.js";
import { PartitionLog } from "./partition-log.js";

/** A real disk of 1 MiB; only root on Linux can have one. */
const folder = mkdtempSync(join(tmpdir(), "full-disk-"));
const mount = () => spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
const canMount = process.platform === "linux" && process.getuid?.() === 0 && mount();
if (canMount) spawnSync("umount", [folder]);

let log: PartitionLog;
beforeEach(async () => {
  expect(mount()).toBe(true);
  const config = { ...defaultLogConfig, segmentBytes: 300_000, retentionBytes: 400_000 };
  log = await PartitionLog.open({ folder: join(folder, "p"), config, log: () => {} });
});
afterEach(async () => {
  await log.close().catch(() => {});
  spawnSync("umount", [folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const batch = (value: string, baseSequence: number) =>
  encodeTestBatch([{ value: value.repeat(50_000) }], { producerId: 1, producerEpoch: 0, baseSequence });

describe.skipIf(!canMount)("a log on a full disk", () => {
  it("refuses what does not fit, stays readable, takes the repeated records once there is room", async () => {
    const filler = join(folder, "filler");
    await log.append(batch("a", 0));
    writeFileSync(filler, Buffer.alloc(900_000));
    const results = await Promise.allSettled([
      log.append(batch("b", 1)),
      log.append(batch("c", 2)),
      log.append(batch("d", 3)),
    ]);
    expect(results.map((result) => (result.status === "rejected" ? result.reason.code : 0))).toEqual([
      kafkaErrors.KAFKA_STORAGE_ERROR,
      kafkaErrors.KAFKA_STORAGE_ERROR,
      kafkaErrors.KAFKA_STORAGE_ERROR,
    ]);
    expect(log.endOffset).toBe(1);
    expect(decodeTestBatches(await log.read(0, 1_000_000))).toHaveLength(1);
    rmSync(filler);
    const again = [log.append(batch("b", 1)), log.append(batch("c", 2)), log.append(batch("b", 1))];
    expect((await Promise.all(again)).map(({ baseOffset }) => baseOffset)).toEqual([1, 2, 1]);
  });

  it("makes room by retention", async () => {
    let sequence = 0;
    const fill = async () => {
      for (;;) {
        await log.append(batch("x", sequence));
        sequence += 1;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: kafkaErrors.KAFKA_STORAGE_ERROR });
    await log.applyRetention();
    expect(log.startOffset).toBeGreaterThan(0);
    expect((await log.append(batch("x", sequence))).baseOffset).toBe(sequence);
    expect(decodeTestBatches(await log.read(log.startOffset, 1))).toHaveLength(1);
    await log.close();
    log = await PartitionLog.open({ folder: join(folder, "p"), config: defaultLogConfig, log: () => {} });
    expect(log.endOffset).toBe(sequence + 1);
  });
});
