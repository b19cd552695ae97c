import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafkaErrors } from "../errors.js";
import { decodeTestBatches, encodeTestBatch, type TestBatchOptions } from "../testing/record-batches.js";
import { defaultLogConfig, type LogConfig } from "./log-options.js";
import { PartitionLog } from "./partition-log.js";

let folder: string;
let logged: string[];
let nowMs: number;
const open: PartitionLog[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "partition-log-"));
  logged = [];
  nowMs = 1_700_000_000_000;
});
afterEach(async () => {
  for (const log of open.splice(0)) await log.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openLog(config: Partial<LogConfig> = {}): Promise<PartitionLog> {
  const log = await PartitionLog.open({
    folder,
    config: { ...defaultLogConfig, ...config },
    log: (_level, text) => logged.push(text),
    now: () => nowMs,
  });
  open.push(log);
  return log;
}

function batch(values: readonly string[], options: TestBatchOptions = {}): Buffer {
  return encodeTestBatch(
    values.map((value) => ({ value })),
    options,
  );
}

async function readAll(log: PartitionLog): Promise<string[]> {
  const values: string[] = [];
  for (let offset = log.startOffset; offset < log.endOffset; ) {
    const records = decodeTestBatches(await log.read(offset, 100)).filter(
      (record) => record.offset >= offset,
    );
    for (const record of records) {
      expect(record.offset).toBe(offset);
      values.push(record.value ?? "");
      offset += 1;
    }
  }
  return values;
}

const segments = () => readdirSync(folder).filter((name) => name.endsWith(".log"));
const codeOf = (append: Promise<unknown>) => append.then(() => 0).catch((error) => error.code);

describe("a partition's log", () => {
  it("gives offsets in the order of the calls and returns the bytes as they were sent but for the offset", async () => {
    const log = await openLog();
    const sent = [batch(["a", "b"]), batch(["c"]), batch(["d"])];
    const wanted = sent.map((bytes) => Buffer.from(bytes));
    const results = await Promise.all(sent.map((bytes) => log.append(bytes)));
    expect(results.map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 3]);
    expect(log.endOffset).toBe(4);
    const stored = await log.read(0, 10_000);
    for (const [index, bytes] of wanted.entries()) {
      bytes.writeBigInt64BE(BigInt(results[index]?.baseOffset ?? -1));
      bytes.writeInt32BE(0, 12);
    }
    expect(stored).toEqual(Buffer.concat(wanted));
    expect(readFileSync(join(folder, "00000000000000000000.log"))).toEqual(stored);
  });

  it("reads one batch even if it is larger than asked for, none at the end, and refuses what is outside", async () => {
    const log = await openLog();
    await log.append(batch(["x".repeat(50_000), "y"]));
    await log.append(batch(["z"]));
    expect(decodeTestBatches(await log.read(1, 1)).map(({ offset }) => offset)).toEqual([0, 1]);
    expect((await log.read(3, 100)).length).toBe(0);
    await expect(log.read(4, 100)).rejects.toMatchObject({ code: kafkaErrors.OFFSET_OUT_OF_RANGE });
    await expect(log.read(-1, 100)).rejects.toMatchObject({ code: kafkaErrors.OFFSET_OUT_OF_RANGE });
  });

  it("refuses what is no whole, valid, plain batch", async () => {
    const log = await openLog({ maxMessageBytes: 200 });
    const corrupt = batch(["abc"]);
    corrupt[corrupt.length - 2] = 1;
    const cases: [Buffer, number][] = [
      [corrupt, kafkaErrors.CORRUPT_MESSAGE],
      [batch(["abc"]).subarray(0, -1), kafkaErrors.CORRUPT_MESSAGE],
      [batch(["abc"]).subarray(0, 20), kafkaErrors.CORRUPT_MESSAGE],
      [batch(["abc"], { magic: 1 }), kafkaErrors.INVALID_RECORD],
      [batch(["abc"], { magic: 3 }), kafkaErrors.CORRUPT_MESSAGE],
      [Buffer.concat([batch(["abc"]), batch(["abc"])]), kafkaErrors.INVALID_RECORD],
      [batch(["x".repeat(200)]), kafkaErrors.MESSAGE_TOO_LARGE],
      [batch(["abc"], { attributes: 0x10 }), kafkaErrors.INVALID_RECORD],
      [batch(["abc"], { attributes: 0x20 }), kafkaErrors.INVALID_RECORD],
      [batch(["abc"], { lastOffsetDelta: 4 }), kafkaErrors.INVALID_RECORD],
      [batch([]), kafkaErrors.INVALID_RECORD],
      [Buffer.alloc(0), kafkaErrors.INVALID_RECORD],
      [encodeTestBatch([{ timestampMs: nowMs + 3_700_000 }]), kafkaErrors.INVALID_TIMESTAMP],
    ];
    for (const [bytes, code] of cases) expect(await codeOf(log.append(bytes))).toBe(code);
    expect(log.endOffset).toBe(0);
    expect((await log.append(batch(["good"]))).baseOffset).toBe(0);
  });

  it("rolls segments, reads across them and after a restart", async () => {
    const config = { segmentBytes: 300 };
    const log = await openLog(config);
    const values = Array.from({ length: 30 }, (_, index) => `value ${index}`);
    for (const value of values) await log.append(batch([value]));
    expect(segments().length).toBeGreaterThan(5);
    expect(await readAll(log)).toEqual(values);
    await log.close();
    rmSync(join(folder, segments()[1]?.replace(".log", ".index") ?? ""));
    writeFileSync(join(folder, segments()[2]?.replace(".log", ".index") ?? ""), "nonsense");
    const again = await openLog(config);
    expect(await readAll(again)).toEqual(values);
    expect((await again.append(batch(["more"]))).baseOffset).toBe(30);
    expect(logged).toEqual([]);
  });

  it("calls back when its end has moved", async () => {
    const log = await openLog();
    const ends: number[] = [];
    const stop = log.onEndMoved(() => ends.push(log.endOffset));
    await log.append(batch(["a"]));
    stop();
    await log.append(batch(["b"]));
    expect(ends).toEqual([1]);
  });

  it("refuses what comes once it is closed, after it has written what came before", async () => {
    const log = await openLog();
    const appends = Array.from({ length: 20 }, (_, index) => log.append(batch([`${index}`])));
    const closed = log.close();
    await expect(log.append(batch(["late"]))).rejects.toMatchObject({ code: 3 });
    await closed;
    expect((await Promise.all(appends)).length).toBe(20);
    await log.delete();
    expect(() => statSync(folder)).toThrow();
  });
});

describe("a log's times", () => {
  it("finds the first record at or after a time, within batches, also compressed ones", async () => {
    const log = await openLog();
    const at = (...times: number[]) => times.map((timestampMs) => ({ timestampMs, value: "v" }));
    await log.append(encodeTestBatch(at(100, 50, 200)));
    await log.append(encodeTestBatch(at(150)));
    await log.append(encodeTestBatch(at(300, 400), { gzip: true }));
    expect(await log.offsetAtTime(0)).toEqual({ offset: 0, timestampMs: 100 });
    expect(await log.offsetAtTime(101)).toEqual({ offset: 2, timestampMs: 200 });
    expect(await log.offsetAtTime(201)).toEqual({ offset: 4, timestampMs: 300 });
    expect(await log.offsetAtTime(301)).toEqual({ offset: 5, timestampMs: 400 });
    expect(await log.offsetAtTime(401)).toBeNull();
    await log.deleteRecordsBefore(1);
    expect(await log.offsetAtTime(0)).toEqual({ offset: 1, timestampMs: 50 });
  });
});

describe("a log's beginning", () => {
  it("moves by DeleteRecords, lastingly, and takes whole segments with it", async () => {
    const config = { segmentBytes: 100 };
    const log = await openLog(config);
    for (let index = 0; index < 5; index += 1) await log.append(batch([`${index}a`, `${index}b`]));
    expect(await log.deleteRecordsBefore(5)).toBe(5);
    expect(segments()[0]).toBe("00000000000000000004.log");
    await expect(log.read(4, 10)).rejects.toMatchObject({ code: kafkaErrors.OFFSET_OUT_OF_RANGE });
    await expect(log.deleteRecordsBefore(11)).rejects.toMatchObject({
      code: kafkaErrors.OFFSET_OUT_OF_RANGE,
    });
    await log.close();
    const again = await openLog(config);
    expect(again.startOffset).toBe(5);
    expect(await readAll(again)).toEqual(["2b", "3a", "3b", "4a", "4b"]);
    expect(await again.deleteRecordsBefore(-1)).toBe(10);
  });

  it("moves by size and by age, and offsets go on", async () => {
    const log = await openLog({ segmentBytes: 100, retentionBytes: 200, retentionMs: 1_000 });
    for (let index = 0; index < 10; index += 1) {
      await log.append(encodeTestBatch([{ value: `${index}`, timestampMs: nowMs }]));
    }
    await log.applyRetention();
    expect(log.sizeBytes).toBeGreaterThanOrEqual(200);
    expect(log.sizeBytes).toBeLessThan(300);
    expect(log.startOffset).toBeGreaterThan(0);
    nowMs += 1_001;
    await log.applyRetention();
    expect([log.startOffset, log.endOffset, log.sizeBytes]).toEqual([10, 10, 0]);
    expect(segments()).toEqual(["00000000000000000010.log"]);
    await log.close();
    const again = await openLog();
    expect((await again.append(batch(["next"]))).baseOffset).toBe(10);
  });

  it("begins a segment when the records' time has gone on by segment.ms", async () => {
    const log = await openLog({ segmentMs: 50 });
    for (const timestampMs of [0, 50, 51, 60]) await log.append(encodeTestBatch([{ timestampMs }]));
    expect(segments()).toEqual(["00000000000000000000.log", "00000000000000000002.log"]);
  });
});

describe("idempotent producers", () => {
  const from = (baseSequence: number, values: readonly string[], producerEpoch = 0) =>
    batch(values, { producerId: 7, producerEpoch, baseSequence });

  it("get a repeated batch's first offset, also while that is being written, and never twice in the log", async () => {
    const log = await openLog();
    const results = await Promise.all([
      log.append(from(0, ["a", "b"])),
      log.append(from(0, ["a", "b"])),
      log.append(from(2, ["c"])),
    ]);
    expect(results.map(({ baseOffset }) => baseOffset)).toEqual([0, 0, 2]);
    expect((await log.append(from(2, ["c"]))).baseOffset).toBe(2);
    expect(await readAll(log)).toEqual(["a", "b", "c"]);
  });

  it("are refused a gap and an epoch that is over; a new epoch begins at 0", async () => {
    const log = await openLog();
    await log.append(from(5, ["unknown producers begin anywhere"]));
    expect(await codeOf(log.append(from(7, ["gap"])))).toBe(kafkaErrors.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await codeOf(log.append(from(3, ["back"])))).toBe(kafkaErrors.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await codeOf(log.append(from(6, ["epoch"], 1)))).toBe(kafkaErrors.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(await codeOf(log.append(from(0, ["epoch"], 1)))).toBe(0);
    expect(await codeOf(log.append(from(6, ["old"])))).toBe(kafkaErrors.INVALID_PRODUCER_EPOCH);
  });

  it("wrap their sequence behind 2^31 - 1", async () => {
    const log = await openLog();
    await log.append(from(2 ** 31 - 2, ["a", "b", "c"]));
    expect(await codeOf(log.append(from(1, ["d"])))).toBe(0);
  });

  it("are known after a clean restart and after a kill", async () => {
    const log = await openLog();
    await log.append(from(0, ["a"]));
    await log.close();
    const again = await openLog();
    expect((await again.append(from(0, ["a"]))).baseOffset).toBe(0);
    await again.append(from(1, ["b"]));
    // Not closed: as a kill leaves the files.
    const afterKill = await openLog();
    expect((await afterKill.append(from(1, ["b"]))).baseOffset).toBe(1);
    expect(await codeOf(afterKill.append(from(3, ["gap"])))).toBe(kafkaErrors.OUT_OF_ORDER_SEQUENCE_NUMBER);
  });
});

describe("a start", () => {
  const first = () => join(folder, "00000000000000000000.log");

  function flip(path: string, position: number): void {
    const bytes = readFileSync(path);
    bytes[position] = (bytes[position] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
  }

  it("cuts off an unfinished write and says so in one line", async () => {
    const log = await openLog();
    await log.append(batch(["kept"]));
    const keptBytes = log.sizeBytes;
    await log.append(batch(["torn"]));
    truncateSync(first(), log.sizeBytes - 3);
    const again = await openLog();
    expect(await readAll(again)).toEqual(["kept"]);
    expect(statSync(first()).size).toBe(keptBytes);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("00000000000000000000.log: cut off");
  });

  it("refuses damage that is followed by whole batches", async () => {
    const log = await openLog();
    await log.append(batch(["a"]));
    const position = log.sizeBytes;
    await log.append(batch(["b"]));
    await log.append(batch(["c"]));
    flip(first(), position + 63);
    await expect(openLog()).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: expect.stringContaining(`00000000000000000000.log is damaged at byte ${position}`),
    });
  });

  it("refuses a file that is shorter than it was, one that is missing, and a checkpoint that is not one", async () => {
    const log = await openLog({ segmentBytes: 100 });
    for (const value of ["a", "b", "c"]) await log.append(batch([value]));
    await log.close();
    const last = join(folder, "00000000000000000002.log");
    const bytes = readFileSync(last);
    truncateSync(last, 10);
    await expect(openLog()).rejects.toMatchObject({ code: "DATA_DAMAGED" });
    writeFileSync(last, bytes);
    const middle = join(folder, "00000000000000000001.log");
    const middleBytes = readFileSync(middle);
    rmSync(middle);
    await expect(openLog()).rejects.toMatchObject({ code: "DATA_DAMAGED" });
    writeFileSync(middle, middleBytes);
    expect(await readAll(await openLog())).toEqual(["a", "b", "c"]);
    flip(join(folder, "checkpoint"), 20);
    await expect(openLog()).rejects.toMatchObject({ code: "DATA_DAMAGED" });
  });

  it("leaves damage before the recovery point to the reader, who is told and never gets a wrong record", async () => {
    const log = await openLog();
    await log.append(batch(["a"]));
    const position = log.sizeBytes;
    await log.append(batch(["b"]));
    await log.close();
    flip(first(), position + 63);
    const again = await openLog();
    expect(decodeTestBatches(await again.read(0, 1)).map(({ value }) => value)).toEqual(["a"]);
    await expect(again.read(1, 1)).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: expect.stringContaining(`at byte ${position}`),
    });
  });
});

describe("a log whose files are not as they should be", () => {
  const sequenced = (baseSequence: number) =>
    batch(["x".repeat(100)], { producerId: 1, producerEpoch: 0, baseSequence });

  it("starts when a segment before its start could not be removed and later ones were", async () => {
    const log = await openLog({ segmentBytes: 200 });
    for (const value of ["a", "b", "c", "d"]) await log.append(batch([value.repeat(100)]));
    const oldest = readFileSync(join(folder, "00000000000000000000.log"));
    await log.deleteRecordsBefore(3);
    await log.close();
    writeFileSync(join(folder, "00000000000000000000.log"), oldest);
    const again = await openLog({ segmentBytes: 200 });
    expect([again.startOffset, again.endOffset]).toEqual([3, 4]);
    expect(segments()).toEqual(["00000000000000000003.log"]);
  });

  it("knows what its producers sent last when an old segment has to be read again", async () => {
    const log = await openLog({ segmentBytes: 200 });
    for (let sequence = 0; sequence < 4; sequence += 1) await log.append(sequenced(sequence));
    await log.close();
    rmSync(join(folder, "00000000000000000001.index"));
    const again = await openLog({ segmentBytes: 200 });
    expect((await again.append(sequenced(4))).baseOffset).toBe(4);
    expect((await again.append(sequenced(3))).baseOffset).toBe(3);
  });

  it("keeps its start when the note of a new one cannot be written", async () => {
    const log = await openLog();
    await log.append(batch(["a", "b"]));
    mkdirSync(join(folder, "checkpoint.new"));
    await expect(log.deleteRecordsBefore(1)).rejects.toMatchObject({ code: "EISDIR" });
    expect(log.startOffset).toBe(0);
    rmSync(join(folder, "checkpoint.new"), { recursive: true });
    expect(await log.deleteRecordsBefore(1)).toBe(1);
  });

  it("looks for a time among what is left when segments are removed meanwhile", async () => {
    const log = await openLog({ segmentBytes: 200 });
    const old = Array.from({ length: 20 }, (_, timestampMs) => ({ timestampMs, value: "x".repeat(100) }));
    for (const record of old) await log.append(encodeTestBatch([record]));
    const found = Promise.all(old.map(({ timestampMs }) => log.offsetAtTime(timestampMs)));
    await log.deleteRecordsBefore(19);
    for (const result of await found) expect(result).not.toBeNull();
    expect(await log.offsetAtTime(0)).toEqual({ offset: 19, timestampMs: 19 });
  });

  it("tells who waits for records that it has ended", async () => {
    const log = await openLog();
    const told = new Promise<void>((resolve) => log.onEndMoved(resolve));
    await log.delete();
    await told;
    await expect(log.read(0, 1)).rejects.toMatchObject({ code: kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION });
  });
});
