import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type RunningBroker, runBroker } from "../testing/run-broker.js";
import { protocolHeader } from "./handshake.js";

let running: RunningBroker;
beforeEach(async () => {
  running = await runBroker();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await running.stop();
});

/** A client that has sent so much, and has had the broker's answer where there is one. */
async function stallAfter(bytes: Buffer): Promise<Socket> {
  const socket = connect(running.broker.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(bytes);
  socket.resume();
  await meetBroker();
  return socket;
}

/** The broker answers somebody else: what happened before has had its effect. */
async function meetBroker(): Promise<void> {
  const other = connect(running.broker.port, "127.0.0.1");
  other.write(protocolHeader);
  await once(other, "data");
  other.destroy();
}

it.each([
  ["nothing", Buffer.alloc(0)],
  ["half of the protocol header", protocolHeader.subarray(0, 4)],
  ["no answer to connection.start", protocolHeader],
  ["half a frame", Buffer.concat([protocolHeader, Buffer.from([1, 0, 0, 0])])],
])("a client that sends %s is closed after 10 s", async (_, bytes) => {
  const socket = await stallAfter(bytes);
  const closed = once(socket, "close");
  vi.advanceTimersByTime(9_900);
  await meetBroker();
  expect(socket.closed).toBe(false);
  vi.advanceTimersByTime(200);
  await closed;
  expect(socket.closed).toBe(true);
});
