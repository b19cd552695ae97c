import { once } from "node:events";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type RunningBroker, runBroker } from "../testing/run-broker.js";
import { methodFrame } from "../wire/frame-writer.js";
import { protocolHeader } from "./handshake.js";

let running: RunningBroker;

afterEach(() => running.stop());

async function open(): Promise<Socket> {
  const socket = connect(running.broker.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

describe("a connection", () => {
  it("that sends garbage is closed, and harms no other", async () => {
    running = await runBroker();
    const channel = await (await running.connect()).createConfirmChannel();
    await channel.assertQueue("kept");
    const noise = fc.uint8Array({ minLength: 9, maxLength: 300 }).map((array) => Buffer.from(array));
    // A frame of type 0x2f does not exist, so that whatever follows the header is refused.
    const starts = fc.constantFrom(
      Buffer.from("GET / HTTP/1.1\r\n"),
      Buffer.concat([protocolHeader, Buffer.from("/")]),
    );
    await fc.assert(
      fc.asyncProperty(starts, noise, async (start, bytes) => {
        const socket = await open();
        socket.resume();
        const closed = once(socket, "close");
        socket.write(Buffer.concat([start, bytes]));
        await closed;
      }),
      { numRuns: 40 },
    );
    channel.sendToQueue("kept", Buffer.from("still here"));
    await channel.waitForConfirms();
    expect((await channel.checkQueue("kept")).messageCount).toBe(1);
    expect(running.problems).toEqual([]);
  });

  it("that sends an error before it has logged in is told so", async () => {
    running = await runBroker();
    const socket = await open();
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    const closed = once(socket, "close");
    socket.write(Buffer.concat([protocolHeader, methodFrame(0, "connection.open", { virtualHost: "/" })]));
    await closed;
    expect(Buffer.concat(received).toString("latin1")).toContain("COMMAND_INVALID");
  });

  it("waits with its publishes while the disk is low, and is told", async () => {
    running = await runBroker({ diskFloorBytes: Number.MAX_SAFE_INTEGER });
    const connection = await running.connect();
    const blocked = once(connection, "blocked");
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("orders");
    let confirmed = 0;
    // The broker looks at the disk when somebody publishes, and holds the publish after that look.
    const publishing = setInterval(() => {
      channel.sendToQueue("orders", Buffer.from("one more"), {}, () => {
        confirmed += 1;
      });
    }, 5);
    const [reason] = await blocked;
    clearInterval(publishing);
    expect(String(reason)).toContain("low on disk");
    const reader = await (await running.connect()).createChannel();
    expect((await reader.checkQueue("orders")).messageCount).toBe(confirmed);
  });
});
