import type { Socket } from "node:net";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { contentFrames, methodFrame } from "../../../embedded/amqp/wire/frame-writer.js";
import { integer } from "../../contract/kafka/wire/schema.js";
import {
  type BuiltRuntime,
  buildRuntime,
  type RuntimeProcess,
  startRuntime,
} from "../support/runtime-process.js";
import { waitUntil } from "../support/wait-until.js";
import { amqpAttack, login } from "./amqp-attacks.js";
import { attack, openSocket } from "./attack.js";
import { connectInnocents, type Innocents } from "./innocents.js";
import { kafkaAttack } from "./kafka-attacks.js";

const seed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);
const fuzzMs = process.env.MYBROKER_LONG_RUNS === "1" ? 120_000 : 6_000;
const residentLimitBytes = 512 * 1024 * 1024;

let built: BuiltRuntime;
let runtime: RuntimeProcess;
let innocents: Innocents;
let quietCount: number;
beforeAll(async () => {
  built = await buildRuntime();
}, 60_000);
afterAll(() => built.remove());

beforeEach(async () => {
  runtime = await startRuntime(built);
  innocents = await connectInnocents(runtime);
  quietCount = runtime.connectionCount();
});
afterEach(() => runtime.remove());

async function expectUnaffected(): Promise<void> {
  await innocents.check();
  expect(runtime.residentBytes()).toBeLessThan(residentLimitBytes);
}

/** And what it wrote can be read again. */
async function expectCleanEnd(): Promise<void> {
  await waitUntil(() => runtime.connectionCount() <= quietCount, { what: "the end of all connections" });
  await innocents.check();
  await innocents.close();
  expect(runtime.log().filter(({ level }) => level === "error")).toEqual([]);
  await runtime.kill();
  expect(await runtime.start()).toMatchObject({ ready: expect.anything() });
}

describe(`the ports of the runtime (MYBROKER_SEED=${seed})`, () => {
  it.each([
    ["kafka", kafkaAttack],
    ["rabbitmq", amqpAttack],
  ] as const)(
    "%s withstands bytes that are nearly right",
    { timeout: fuzzMs + 60_000 },
    async (name, arbitrary) => {
      console.log(`MYBROKER_SEED=${seed}`);
      let count = 0;
      const batch = fc.array(arbitrary, { minLength: 40, maxLength: 40, size: "max" });
      const property = fc.asyncProperty(batch, async (attacks) => {
        await Promise.all(attacks.map((bytes) => attack(runtime.ports[name], bytes)));
        await expectUnaffected();
        count += attacks.length;
      });
      await fc.assert(property, {
        seed,
        numRuns: 100_000,
        interruptAfterTimeLimit: fuzzMs,
        endOnFailure: true,
      });
      console.log(`${name}: ${count} attacks, ${Math.round(runtime.residentBytes() / 2 ** 20)} MiB resident`);
      await expectCleanEnd();
    },
  );
});

async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += 100) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => openSocket(port)))));
  }
  return sockets;
}

/** As much as the kernel and the broker take; the rest is thrown away with the socket. */
async function writeAll(sockets: readonly Socket[], bytes: Buffer): Promise<void> {
  for (const socket of sockets) socket.write(bytes);
  let before = -1;
  await waitUntil(
    async () => {
      const left = sockets.reduce((total, socket) => total + (socket.closed ? 0 : socket.writableLength), 0);
      const isSettled = left === before;
      before = left;
      await innocents.check();
      return isSettled;
    },
    { what: "the end of writing", limitMs: 40_000 },
  );
}

describe("floods", () => {
  it.each(["kafka", "rabbitmq"] as const)("%s refuses connections beyond its limit", async (name) => {
    const sockets = await openMany(runtime.ports[name], 3000);
    await waitUntil(() => sockets.filter(({ closed }) => closed).length >= 2000, { what: "2000 refusals" });
    expect(runtime.connectionCount()).toBeLessThanOrEqual(1000 + quietCount);
    await expectUnaffected();
    for (const socket of sockets) socket.destroy();
    await expectCleanEnd();
  });

  it.each([
    ["kafka", Buffer.concat([integer("i32", 90_000_000), Buffer.alloc(5_000_000)])],
    ["rabbitmq", Buffer.concat([...login, publishOf(15_000_000).subarray(0, 5_000_000)])],
  ] as const)("%s bounds what has begun on many connections", { timeout: 60_000 }, async (name, bytes) => {
    const sockets = await openMany(runtime.ports[name], 200);
    for (const socket of sockets) socket.resume();
    await writeAll(sockets, bytes);
    await expectUnaffected();
    console.log(`${name}: ${Math.round(runtime.residentBytes() / 2 ** 20)} MiB resident`);
    for (const socket of sockets) socket.destroy();
    await expectCleanEnd();
  });

  it("a consumer that never reads costs no more than its share", { timeout: 60_000 }, async () => {
    const socket = await openSocket(runtime.ports.rabbitmq);
    const declare = methodFrame(1, "queue.declare", { queue: "unread", durable: true });
    const consume = methodFrame(1, "basic.consume", { queue: "unread", noAck: true });
    socket.pause();
    socket.write(Buffer.concat([...login, declare, consume]));
    const publisher = await openSocket(runtime.ports.rabbitmq);
    publisher.resume();
    publisher.write(Buffer.concat(login));
    for (let sent = 0; sent < 300; sent += 20) {
      await writeAll([publisher], Buffer.concat(Array.from({ length: 20 }, () => publishOf(1_000_000))));
      await expectUnaffected();
    }
    for (const each of [socket, publisher]) each.destroy();
    await expectCleanEnd();
  });
});

/** To the queue that nobody reads. */
function publishOf(sizeBytes: number): Buffer {
  return contentFrames(
    1,
    { name: "basic.publish", arguments: { exchange: "", routingKey: "unread" } },
    { properties: Buffer.alloc(2), body: Buffer.alloc(sizeBytes), frameMaxBytes: 131_072 },
  );
}
