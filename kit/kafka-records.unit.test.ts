import { gzipSync } from "node:zlib";
import fc from "fast-check";
import snappy from "snappyjs";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBatch } from "../test/contract/kafka/wire/record-batch.js";
import { uncompress } from "./drivers/snappyjs.js";
import { loadCodec } from "./kafka-codecs.js";
import { decodeBatches, type KafkaRecord, listBatches } from "./kafka-records.js";

/** Three records each, as kcat wrote them: keys key-1 to key-3, a header, JSON with much repetition. */
const batches = {
  gzip: "AAAAAAAAAAAAAACaAAAAAALypvzsAAEAAAACAAABogZXZ4cAAAGiBldnh///////////////////AAAAAx+LCAAAAAAAAAN7xszAwMCVnVqpa7iLuVopT8nKUEepJLWiRMlKqSRfISlVITk/t6Aotbg4NUVhCAso1TJxZGfmpXCUpBaXPAN6mgnsaSOop41GhqdZwJ42hnraePh7GgB6Kavu3wIAAA==",
  snappy:
    "AAAAAAAAAAAAAACmAAAAAAKteCHbAAIAAAACAAABogZXaJoAAAGiBldomv//////////////////AAAAA98FsOYDAAAACmtleS0xugN7Im4iOjEsInRleHQiOiJ0byBiZSBjb21wcmVzc2VkIP4RAP4RAOoRADAifQIIa2luZAh0ZXN0AfUAAgX1ADIN9QAy/vUA/vUA/vUAlvUAAAQF9QAzDfUAM/71AP71AP71AIb1AA==",
  lz4: "AAAAAAAAAAAAAACiAAAAAALv8zW4AAMAAAACAAABogZXaaUAAAGiBldppf//////////////////AAAAAwQiTRhgQIJiAAAA/x7mAwAAAAprZXktMboDeyJuIjoxLCJ0ZXh0IjoidG8gYmUgY29tcHJlc3NlZCARAKjQIn0CCGtpbmQIdGVzdPUAEQL1ABMy9QAfMvUA0xEE9QATM/UAHzP1AMpQCHRlc3QAAAAA",
  zstd: "AAAAAAAAAAAAAACUAAAAAAJ5cgOEAAQAAAACAAABogZXapwAAAGiBldqnf//////////////////AAAAAyi1L/0AWNUCAEQE5gMAAAAKa2V5LTG6A3sibiI6MSwidGV4dCI6InRvIGJlIGNvbXByZXNzZWQgIn0CCGtpbmQIdGVzdOYDAAICMjIEMzMHAF9ABeSBlo0BFcgLb9pQHFFTDw==",
} as const;
const topic = "orders";
const place = { topic, partition: 3, from: 0, aborted: [] };
const text = "to be compressed ".repeat(12);

const decode = (set: Buffer, more: Partial<Parameters<typeof decodeBatches>[1]> = {}) =>
  decodeInParts(set, more).flat();

function decodeInParts(
  set: Buffer,
  more: Partial<Parameters<typeof decodeBatches>[1]> = {},
): KafkaRecord[][] {
  const parts = decodeBatches(listBatches(set), { ...place, ...more });
  const decoded: KafkaRecord[][] = [];
  for (;;) {
    const { value, done } = parts.next();
    decoded.push(value);
    if (done === true) return decoded;
  }
}
const values = (records: readonly KafkaRecord[]) => records.map(({ bytes }) => bytes?.toString());

beforeAll(async () => {
  for (const codec of [1, 2, 3, 4]) await loadCodec(codec);
});

describe("compressed batches", () => {
  it.each(Object.entries(batches))("of %s are decoded", (_codec, base64) => {
    expectThree(decode(Buffer.from(base64, "base64")));
  });

  it("of snappy in the blocks of Java's streams are decoded", () => {
    const set = Buffer.from(batches.snappy, "base64");
    const plain = Buffer.from(uncompress(set.subarray(61)));
    const blocks = [plain.subarray(0, 300), plain.subarray(300)].flatMap((block) => {
      const packed = storeAsSnappy(block);
      return [integer(packed.length), packed];
    });
    const stream = Buffer.concat([Buffer.from("\x82SNAPPY\0", "latin1"), integer(1), integer(1), ...blocks]);
    expectThree(decode(withContent(set, stream)));
  });

  it("that nobody can decode become one record that says so", () => {
    const set = Buffer.from(batches.gzip, "base64");
    set.writeInt16BE(5, 21);
    const [record, ...others] = decode(set);
    expect(others).toEqual([]);
    expect(record).toMatchObject({ stream: topic, partition: 3, offset: 0, key: null, headers: {} });
    expect(record?.note).toBe(`compressed: codec 5, cannot be decoded (3 records, ${set.length - 61} B)`);
    expect(record?.bytes).toEqual(set.subarray(61));
  });

  it("that are damaged say so, and cost no record of others", () => {
    const damaged = Buffer.from(batches.gzip, "base64");
    damaged.fill(7, 80);
    const records = decode(Buffer.concat([damaged, Buffer.from(batches.zstd, "base64")]));
    expect(records).toHaveLength(4);
    expect(records[0]?.note).toMatch(/^compressed: gzip, cannot be decoded \(3 records, \d+ B\): /);
    expectThree(records.slice(1));
  });
});

describe("a batch that unpacks to very much", () => {
  const bombBytes = 1024 ** 3;
  const large = Buffer.alloc(1024 ** 2);

  /** 1 GiB of zeros each, as far as the codec believes it. */
  const bombs: Readonly<Record<string, { readonly codec: number; readonly content: () => Buffer }>> = {
    // Members one after the other are one text.
    gzip: { codec: 1, content: () => repeat(gzipSync(large), bombBytes / large.length) },
    snappy: { codec: 2, content: () => Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0, 0]) },
    "snappy in blocks": {
      codec: 2,
      content: () => {
        const block = Buffer.from(snappy.compress(large));
        const blocks = repeat(Buffer.concat([integer(block.length), block]), 100);
        return Buffer.concat([Buffer.from("\x82SNAPPY\0", "latin1"), integer(1), integer(1), blocks]);
      },
    },
    lz4: {
      codec: 3,
      content: () => {
        const frame = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]);
        const block = Buffer.from([2, 0, 0, 0, 0x10, 0]);
        return Buffer.concat([frame, repeat(block, 256), Buffer.alloc(4)]);
      },
    },
    // Blocks of one byte that is repeated: 128 KiB each.
    zstd: { codec: 4, content: () => zstdFrame(0x38, 0x20_000, bombBytes / 0x20_000) },
    "zstd with a window of 1 GiB": { codec: 4, content: () => zstdFrame(0xa0, 1, 1) },
  };

  it.each(Object.entries(bombs))("of %s is named, and takes no memory", (_, { codec, content }) => {
    const plain = buildBatch({ values: ["a"], attributes: codec });
    const before = process.memoryUsage().rss;
    const [record, ...others] = decode(withContent(plain, content()));
    expect(others).toEqual([]);
    expect(record?.note).toMatch(/cannot be decoded \(1 records, \d+ B\): it unpacks to more than 64 MiB$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 ** 2);
  });

  it("and still fits is given before the next one is unpacked", () => {
    const value = "x".repeat(9 * 1024 ** 2);
    const one = gzipped({ values: [value] });
    const parts = decodeInParts(Buffer.concat([one, one, gzipped({ values: ["small"] })]));
    expect(parts.map((part) => part.map(({ bytes }) => bytes?.length))).toEqual([
      [value.length],
      [value.length],
      [5],
    ]);
    expect(parts[0]?.[0]?.sizeBytes).toBeGreaterThanOrEqual(value.length);
  });

  it("has nothing after its last record", () => {
    const plain = buildBatch({ values: ["a"] });
    const [record] = decode(withContent(plain, Buffer.concat([plain.subarray(61), Buffer.alloc(9)])));
    expect(record?.note).toBe("damaged: 9 B after the last record");
  });
});

describe("batches", () => {
  it("that end within the set, or were read before, are left out", () => {
    const one = buildBatch({ values: ["a", "b", "c"] });
    expect(values(decode(Buffer.concat([one, one.subarray(0, 70)])))).toEqual(["a", "b", "c"]);
    expect(values(decode(one, { from: 2 }))).toEqual(["c"]);
    expect(decode(Buffer.alloc(0))).toEqual([]);
  });

  it("of an older format are named", () => {
    const [record] = decode(buildBatch({ values: ["a"], magic: 1 }));
    expect(record?.note).toBe("message format v1, cannot be decoded");
  });

  it("of a topic with the broker's times have that time", () => {
    const [record] = decode(buildBatch({ values: ["a"], timestampMs: 1_700_000_000_123, attributes: 8 }));
    expect(record?.publishedMs).toBe(1_700_000_000_123);
  });

  it("of transactions that were aborted, and markers, are left out", () => {
    const transactional = 16;
    const control = 32;
    const at = (offset: number, batch: Buffer) => {
      batch.writeBigInt64BE(BigInt(offset), 0);
      return batch;
    };
    const set = Buffer.concat([
      at(0, buildBatch({ values: ["kept"], producerId: 7, attributes: transactional })),
      at(1, buildBatch({ values: ["aborted"], producerId: 8, attributes: transactional })),
      at(2, buildBatch({ values: ["plain"] })),
      at(3, buildBatch({ values: ["marker"], producerId: 8, attributes: transactional | control })),
      at(4, buildBatch({ values: ["later"], producerId: 8, attributes: transactional })),
    ]);
    expect(values(decode(set, { aborted: [{ producerId: 8n, firstOffset: 1 }] }))).toEqual([
      "kept",
      "plain",
      "later",
    ]);
  });

  it("of any bytes never throw", () => {
    const set = buildBatch({ values: ["a", "b"] });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: set.length - 1 }),
        fc.uint8Array({ maxLength: 20 }),
        (start, bytes) => {
          const damaged = Buffer.from(set);
          damaged.set(bytes.subarray(0, set.length - start), start);
          for (const record of decode(damaged)) {
            void [record.key, record.bytes, record.headers];
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

function expectThree(records: readonly KafkaRecord[]): void {
  expect(records.map(({ note }) => note)).toEqual([undefined, undefined, undefined]);
  expect(records.map(({ key, offset, partition }) => [key, offset, partition])).toEqual([
    ["key-1", 0, 3],
    ["key-2", 1, 3],
    ["key-3", 2, 3],
  ]);
  expect(values(records)).toEqual([1, 2, 3].map((n) => JSON.stringify({ n, text })));
  expect(records.map(({ headers }) => headers)).toEqual(records.map(() => ({ kind: "test" })));
}

/** The batch with other bytes after its header. */
function withContent(set: Buffer, content: Buffer): Buffer {
  const changed = Buffer.concat([set.subarray(0, 61), content]);
  changed.writeInt32BE(changed.length - 12, 8);
  return changed;
}

/** A block of snappy's format that holds up to 64 KiB as they are: its length, one literal. */
function storeAsSnappy(block: Buffer): Buffer {
  const length = [(block.length & 0x7f) | 0x80, block.length >> 7];
  const literal = [61 << 2, (block.length - 1) & 0xff, (block.length - 1) >> 8];
  return Buffer.concat([Buffer.from([...length, ...literal]), block]);
}

function repeat(bytes: Uint8Array, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}

/** A frame of format zstd whose blocks are one byte each, so often (RFC 8878, 3.1.1). */
function zstdFrame(window: number, blockBytes: number, blocks: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window]);
  const block = (last: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUIntLE((blockBytes << 3) | (1 << 1) | last, 0, 3);
    return bytes;
  };
  return Buffer.concat([header, repeat(block(0), blocks - 1), block(1)]);
}

function gzipped(facts: Parameters<typeof buildBatch>[0]): Buffer {
  const plain = buildBatch({ ...facts, attributes: 1 });
  return withContent(plain, gzipSync(plain.subarray(61)));
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
