import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Connection, type ConnectionOptions } from "./connection.js";

const idleTimeoutMs = 400;
const stallTimeoutMs = 100;
let server: Server | undefined;
const clients: Socket[] = [];
const connections: Connection[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  for (const client of clients.splice(0)) client.destroy();
  await new Promise((resolve) => server?.close(resolve));
});

/** A client and the connection that serves it; `closed` resolves with the reason. */
async function open(
  serve: ConnectionOptions["serve"],
): Promise<{ client: Socket; connection: Connection; closed: Promise<unknown> }> {
  const accepted = new Promise<{ connection: Connection; closed: Promise<unknown> }>((resolve) => {
    server = createServer((socket) => {
      let onClosed = (_reason: unknown) => {};
      const closed = new Promise<unknown>((ended) => {
        onClosed = ended;
      });
      const connection = new Connection({ socket, serve, onClosed, idleTimeoutMs, stallTimeoutMs });
      connections.push(connection);
      resolve({ connection, closed });
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const address = server?.address();
  const client = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  client.on("error", () => {});
  clients.push(client);
  return { client, ...(await accepted) };
}

function frame(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(4 + sizeBytes);
  bytes.writeInt32BE(sizeBytes);
  return bytes;
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error("not within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("a connection", () => {
  it("ends when a message stalls half way", async () => {
    const { client, closed } = await open(async () => undefined);
    client.write(frame(10).subarray(0, 8));
    expect(await closed).toMatchObject({ message: "stalled in the middle of a message" });
  });

  it("ends without a word when nothing is asked for long", async () => {
    const startMs = performance.now();
    const { closed } = await open(async () => undefined);
    expect(await closed).toBeUndefined();
    expect(performance.now() - startMs).toBeGreaterThan(idleTimeoutMs - 20);
  });

  it("waits for an answer that takes long", async () => {
    let answer = (_: readonly Buffer[]) => {};
    const { client } = await open(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    client.write(frame(10));
    // Half of the next one: what is late is the answer, not the client.
    client.write(frame(10).subarray(0, 6));
    await new Promise((resolve) => setTimeout(resolve, idleTimeoutMs + stallTimeoutMs * 2));
    expect(client.closed).toBe(false);
    answer([Buffer.from("late")]);
    const received = await new Promise<Buffer>((resolve) => client.once("data", resolve));
    expect(received.toString()).toBe("late");
  });

  it("does not read on while requests wait", async () => {
    const { client, connection } = await open(() => new Promise(() => {}));
    const total = 64 * 1024 * 1024;
    for (let sent = 0; sent < total; sent += 1024 * 1024) client.write(frame(1024 * 1024 - 4));
    await until(() => connection.bufferedBytes > 256 * 1024);
    expect(connection.bufferedBytes).toBeLessThan(4 * 1024 * 1024);
    expect(client.writableLength).toBeGreaterThan(32 * 1024 * 1024);
  });

  it("answers no more while the client does not take the answers, and then ends", async () => {
    let served = 0;
    const { client, closed } = await open(async () => {
      served += 1;
      return [Buffer.alloc(1024 * 1024)];
    });
    client.pause();
    for (let index = 0; index < 1000; index += 1) client.write(frame(1));
    expect(await closed).toMatchObject({ message: "the client does not take its answers" });
    expect(served).toBeLessThan(50);
  });

  it("tells a request that waits when its client has gone", async () => {
    let isAborted = false;
    const { client } = await open(
      (_frame, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            isAborted = true;
            resolve(undefined);
          });
        }),
    );
    client.write(frame(1), () => client.destroy());
    await until(() => isAborted);
    expect(isAborted).toBe(true);
  });
});
