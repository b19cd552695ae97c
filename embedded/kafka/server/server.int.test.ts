import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apis } from "../apis/api-table.js";
import { produceKey } from "../apis/api-versions.js";
import { kafkaErrors } from "../errors.js";
import { Writer } from "../protocol/writer.js";
import { connectRaw, type RawClient } from "../testing/raw-client.js";
import { encodeTestBatch } from "../testing/record-batches.js";
import { startTestBroker, type TestBroker } from "../testing/start-test-broker.js";

const topic = "order-events-v1";
const metadata = { key: 3, version: 1 };
const allTopics = () => new Writer().int32(-1);
let broker: TestBroker;
const clients: RawClient[] = [];

beforeEach(async () => {
  broker = await startTestBroker([{ name: topic, partitions: 1 }]);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await broker.remove();
});

async function connect(): Promise<RawClient> {
  const client = await connectRaw(broker.port);
  clients.push(client);
  return client;
}

/** Fetch 4 of the only partition. */
function fetchFrom(offset: number, maxWaitMs: number): Writer {
  const writer = new Writer().int32(-1).int32(maxWaitMs).int32(1).int32(1000).int8(0);
  return writer.array([topic], (name) => {
    writer.string(name).array([0], (index) => writer.int32(index).int64(offset).int32(1000));
  });
}

/** Produce 3 of the only partition. */
function produce(acks: number, records: Buffer): Writer {
  const writer = new Writer().nullableString(null).int16(acks).int32(1000);
  return writer.array([topic], (name) => {
    writer.string(name).array([0], (index) => writer.int32(index).bytes(records));
  });
}

async function expectAlive(): Promise<void> {
  const client = await connect();
  client.send({ ...metadata, correlationId: 77 }, allTopics());
  expect((await client.receive()).correlationId).toBe(77);
}

describe("a connection to the Kafka broker", () => {
  it("lists what it offers: to version 3 in flexible form, to an unknown version as version 0 with error 35", async () => {
    const client = await connect();
    client.send({ key: 18, version: 0 });
    const { reader } = await client.receive();
    expect(reader.int16()).toBe(kafkaErrors.NONE);
    const offered = reader.array(() => [reader.int16(), reader.int16(), reader.int16()]);
    const told = [...apis.values()].map(({ key, min, max }) => [key, key === produceKey ? 0 : min, max]);
    expect(offered).toEqual(told);

    // No tagged fields in the header; software name and version as compact strings; no tagged fields.
    client.send({ key: 18, version: 3 }, new Writer().int8(0).int8(2).int8(65).int8(2).int8(66).int8(0));
    const flexible = (await client.receive()).reader;
    expect(flexible.int16()).toBe(kafkaErrors.NONE);
    expect(flexible.int8()).toBe(apis.size + 1);

    client.send({ key: 18, version: 99 });
    const unknown = (await client.receive()).reader;
    expect(unknown.int16()).toBe(kafkaErrors.UNSUPPORTED_VERSION);
    expect(unknown.array(() => [unknown.int16(), unknown.int16(), unknown.int16()])).toEqual([[18, 0, 3]]);
  });

  it("answers pipelined requests in their order, also behind one that waits", async () => {
    const client = await connect();
    client.send({ key: 1, version: 4, correlationId: 1 }, fetchFrom(0, 50));
    for (let correlationId = 2; correlationId <= 500; correlationId += 1) {
      client.send({ ...metadata, correlationId }, allTopics());
    }
    const order: number[] = [];
    while (order.length < 500) order.push((await client.receive()).correlationId);
    expect(order).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it.each([
    ["an unknown API", { key: 999, version: 0 }],
    ["a version that is not offered", { key: 0, version: 11 }],
    ["a negative version", { key: 3, version: -1 }],
  ])("ends at %s and says so in the log", async (_, request) => {
    const client = await connect();
    client.send(request);
    await client.ended();
    expect(broker.lines).toEqual([expect.stringContaining(`API ${request.key} version ${request.version}`)]);
    await expectAlive();
  });

  it.each([
    ["a length of 2 GB", [0x7f, 0xff, 0xff, 0xff]],
    ["a negative length", [0xff, 0xff, 0xff, 0xff]],
    ["a message without a header", [0, 0, 0, 0]],
    ["HTTP", [...Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
  ])("ends at %s", async (_, bytes) => {
    const client = await connect();
    client.socket.write(Buffer.from(bytes));
    await client.ended();
    expect(broker.lines[0]).toMatch(/^warn kafka: closed a connection/);
    await expectAlive();
  });

  it("survives random bodies of every API in every version", async () => {
    const versions = [...apis.values()].flatMap(({ key, min, max }) =>
      Array.from({ length: max - min + 1 }, (_, index) => ({ key, version: min + index })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...versions),
        fc.uint8Array({ maxLength: 80 }),
        async (request, body) => {
          const client = await connectRaw(broker.port);
          const writer = new Writer();
          for (const byte of body) writer.int8((byte << 24) >> 24);
          client.send(request, writer);
          // Behind whatever the server makes of it.
          client.socket.end();
          await client.ended();
        },
      ),
      { numRuns: 300 },
    );
    await expectAlive();
    expect(broker.lines.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("ends when a producer without acknowledgements fails", async () => {
    const client = await connect();
    client.send({ key: 0, version: 3 }, produce(0, Buffer.alloc(100)));
    await client.ended();
    await expectAlive();
  });

  it("answers records that are no batch with an error of the partition", async () => {
    const client = await connect();
    client.send({ key: 0, version: 3 }, produce(1, Buffer.alloc(100)));
    const { reader } = await client.receive();
    const [answer] = reader.array(() => [
      reader.string(),
      reader.array(() => [reader.int32(), reader.int16()]),
    ]);
    expect(answer).toEqual([topic, [[0, expect.toSatisfy((code: number) => [2, 43, 87].includes(code))]]]);
  });

  it("answers a fetch beyond the end at once with OFFSET_OUT_OF_RANGE, one at the end after its time", async () => {
    const client = await connect();
    client.send({ key: 1, version: 4 }, fetchFrom(5, 60_000));
    const { reader } = await client.receive();
    reader.int32();
    const [answer] = reader.array(() => [
      reader.string(),
      reader.array(() => [reader.int32(), reader.int16()]),
    ]);
    expect(answer).toEqual([topic, [[0, kafkaErrors.OFFSET_OUT_OF_RANGE]]]);
    const startMs = performance.now();
    client.send({ key: 1, version: 4 }, fetchFrom(0, 100));
    await client.receive();
    expect(performance.now() - startMs).toBeGreaterThan(90);
  });

  it("lets the broker stop at once while a fetch waits", async () => {
    const client = await connect();
    client.send({ key: 1, version: 4 }, fetchFrom(0, 60_000));
    client.send(metadata, allTopics());
    const startMs = performance.now();
    await broker.close();
    await client.ended();
    expect(performance.now() - startMs).toBeLessThan(5000);
  });

  it("takes all that a producer without acknowledgements sent before it left", async () => {
    const client = await connect();
    for (let index = 0; index < 200; index += 1) {
      client.send({ key: 0, version: 3 }, produce(0, encodeTestBatch([{ value: "x".repeat(200) }])));
    }
    client.socket.end();
    await client.ended();
    const reading = await connect();
    let endOffset = 0;
    const deadlineMs = performance.now() + 10_000;
    while (endOffset < 200 && performance.now() < deadlineMs) {
      reading.send({ key: 1, version: 4 }, fetchFrom(endOffset, 100));
      const { reader } = await reading.receive();
      reader.int32();
      reader.array(() => [
        reader.string(),
        reader.array(() => {
          reader.int32();
          reader.int16();
          endOffset = reader.int64();
          return [reader.int64(), reader.int32(), reader.bytes()];
        }),
      ]);
    }
    expect(endOffset).toBe(200);
  });
});
