import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DecodedTestRecord, decodeTestBatches, encodeTestBatch } from "../testing/record-batches.js";
import { defaultLogConfig } from "./log-options.js";
import { PartitionLog } from "./partition-log.js";

let root: string;
let run = 0;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "partition-log-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function openLog(folder: string, segmentBytes: number): Promise<PartitionLog> {
  return PartitionLog.open({ folder, config: { ...defaultLogConfig, segmentBytes }, log: () => {} });
}

const values = fc.array(fc.string({ maxLength: 12 }), { minLength: 1, maxLength: 4 });
const timestamp = fc.integer({ min: 0, max: 50 });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append"),
      batches: fc.array(values, { maxLength: 4 }),
      timestamp,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("read"),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      maxBytes: fc.nat(500),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("time"), timestamp }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("delete"), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart"), clean: fc.boolean() }) },
);
type Step = {
  readonly kind: string;
  readonly batches?: string[][];
  readonly timestamp?: number;
  readonly at?: number;
  readonly maxBytes?: number;
  readonly clean?: boolean;
};

/** The simplest thing that could be a log: an array, and where it begins. */
class Twin {
  readonly records: { value: string; timestampMs: number }[] = [];
  start = 0;
}

async function appendTo(log: PartitionLog, twin: Twin, { batches = [], timestamp: first = 0 }: Step) {
  const expected = batches.map((batch) => {
    const offset = twin.records.length;
    // Times that go back as well as forth.
    for (const [index, value] of batch.entries()) {
      twin.records.push({ value, timestampMs: (first + index * 7) % 50 });
    }
    return offset;
  });
  const appended = await Promise.all(
    batches.map((batch) =>
      log.append(
        encodeTestBatch(batch.map((value, index) => ({ value, timestampMs: (first + index * 7) % 50 }))),
      ),
    ),
  );
  expect(appended.map(({ baseOffset }) => baseOffset)).toEqual(expected);
}

async function compareRead(log: PartitionLog, twin: Twin, { at = 0, maxBytes = 0 }: Step) {
  const offset = Math.round(twin.start + at * (twin.records.length - twin.start));
  const bytes = await log.read(offset, maxBytes);
  const records = decodeTestBatches(bytes).filter((record) => record.offset >= offset);
  if (offset < twin.records.length) expect(records.length).toBeGreaterThan(0);
  for (const [index, record] of records.entries()) {
    expect(record).toEqual({ offset: offset + index, ...twin.records[offset + index] });
  }
}

async function compareTime(log: PartitionLog, twin: Twin, timestampMs: number) {
  const offset = twin.records.findIndex(
    (record, index) => index >= twin.start && record.timestampMs >= timestampMs,
  );
  const found = await log.offsetAtTime(timestampMs);
  expect(found).toEqual(offset < 0 ? null : { offset, timestampMs: twin.records[offset]?.timestampMs });
}

describe("a partition's log", () => {
  it("is an array of records, whatever is appended, read, deleted and however it is restarted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 80, max: 600 }),
        async (steps, size) => {
          run += 1;
          const folder = join(root, `${run}`);
          let log = await openLog(folder, size);
          const opened = [log];
          const twin = new Twin();
          for (const one of steps as Step[]) {
            if (one.kind === "append") await appendTo(log, twin, one);
            else if (one.kind === "read") await compareRead(log, twin, one);
            else if (one.kind === "time") await compareTime(log, twin, one.timestamp ?? 0);
            else if (one.kind === "delete") {
              twin.start += Math.floor((one.at ?? 0) * (twin.records.length - twin.start));
              expect(await log.deleteRecordsBefore(twin.start)).toBe(twin.start);
            } else {
              // Without closing, the files are as a kill leaves them.
              if (one.clean) await log.close();
              log = await openLog(folder, size);
              opened.push(log);
            }
            expect([log.startOffset, log.endOffset]).toEqual([twin.start, twin.records.length]);
          }
          // In this order: a forgotten one would write an older checkpoint over the last.
          rmSync(folder, { recursive: true });
          for (const one of opened) await one.close().catch(() => {});
        },
      ),
      { numRuns: 60 },
    );
  });

  it("loses only what stood behind the cut when a file is cut anywhere, and goes on from there", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(values, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (batches, at) => {
          run += 1;
          const folder = join(root, `${run}`);
          const twin = new Twin();
          const log = await openLog(folder, 1_000_000);
          const ends: { bytes: number; offset: number }[] = [{ bytes: 0, offset: 0 }];
          for (const batch of batches) {
            await appendTo(log, twin, { kind: "append", batches: [batch] });
            ends.push({ bytes: log.sizeBytes, offset: log.endOffset });
          }
          const file = join(folder, "00000000000000000000.log");
          const cut = Math.round(at * log.sizeBytes);
          writeFileSync(file, readFileSync(file).subarray(0, cut));
          const again = await openLog(folder, 1_000_000);
          const whole = ends.findLast(({ bytes }) => bytes <= cut)?.offset ?? 0;
          expect(again.endOffset).toBe(whole);
          twin.records.length = whole;
          await compareRead(again, twin, { kind: "read", at: 0, maxBytes: 1_000_000 });
          await appendTo(again, twin, { kind: "append", batches: [["more"]] });
          await compareRead(again, twin, { kind: "read", at: 0, maxBytes: 1_000_000 });
          rmSync(folder, { recursive: true });
          for (const one of [log, again]) await one.close().catch(() => {});
        },
      ),
      { numRuns: 60 },
    );
  });

  it("never gives out a wrong record when any byte is another: it refuses, or has cut the last batch off", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (where, change, clean) => {
          run += 1;
          const folder = join(root, `${run}`);
          const twin = new Twin();
          const log = await openLog(folder, 1_000_000);
          for (const value of ["a", "b", "c"])
            await appendTo(log, twin, { kind: "append", batches: [[value, value]] });
          const lastBatchAt = (log.sizeBytes / 3) * 2;
          if (clean) await log.close();
          const file = join(folder, "00000000000000000000.log");
          const bytes = readFileSync(file);
          const position = where % bytes.length;
          bytes[position] = (bytes[position] ?? 0) ^ change;
          writeFileSync(file, bytes);
          const again = await openLog(folder, 1_000_000).catch((error) => error);
          if (again instanceof Error) expect(again).toMatchObject({ code: "DATA_DAMAGED" });
          else {
            if (!clean && again.endOffset < 6) expect(position).toBeGreaterThanOrEqual(lastBatchAt);
            const read: DecodedTestRecord[] = [];
            const readOn = async () => {
              while (read.length < again.endOffset) {
                read.push(...decodeTestBatches(await again.read(read.length, 10_000)));
              }
            };
            const problem: unknown = await readOn().catch((error: unknown) => error);
            if (problem !== undefined) expect(problem).toMatchObject({ code: "DATA_DAMAGED" });
            else expect(read).toHaveLength(again.endOffset);
            expect(read).toEqual(
              twin.records.slice(0, read.length).map((record, offset) => ({ offset, ...record })),
            );
            await again.close();
          }
          await log.close();
        },
      ),
      { numRuns: 150 },
    );
  });
});
