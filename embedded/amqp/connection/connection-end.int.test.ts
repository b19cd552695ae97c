import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openQueueStore } from "../queues/open-queue-store.js";
import type { QueueStore } from "../queues/queue.js";
import { CatalogFile } from "../topology/catalog-file.js";
import { Topology } from "../topology/topology.js";
import { methodFrame } from "../wire/frame-writer.js";
import { emptyTable } from "../wire/table.js";
import { Connection } from "./connection.js";
import { DiskFloor } from "./disk-floor.js";
import { protocolHeader } from "./handshake.js";

const account = { user: "tester", password: "not-a-secret" };
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function openTopology(): Promise<Topology> {
  const folder = await mkdtemp(join(tmpdir(), "mybroker-connection-"));
  const store: QueueStore = await openQueueStore({ folder, log: () => {} });
  cleanUps.push(
    () => rm(folder, { recursive: true }),
    () => store.close(),
  );
  const catalog = new CatalogFile(join(folder, "catalog.json"));
  const rules = { policies: [], defaultQueueKind: "classic" } as const;
  return new Topology({ store, catalog, rules, log: () => {} });
}

/** The broker's end of a connection of its own server, and the client's. */
async function accept(
  topology: Topology,
): Promise<{ serverSocket: Socket; client: Socket; closed: Promise<void> }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const accepted = once(server, "connection");
  const client = connect(port, "127.0.0.1").on("error", () => {});
  client.resume();
  const [serverSocket] = (await accepted) as [Socket];
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  const closed = new Promise<void>((resolve) => {
    const disk = new DiskFloor(tmpdir(), 0, () => {});
    const onClosed = (): void => resolve();
    new Connection({
      socket: serverSocket,
      topology,
      account,
      disk,
      partialContent: { sizeBytes: 0 },
      onClosed,
    });
  });
  return { serverSocket, client, closed };
}

describe("a connection that breaks off", () => {
  it("leaves no consumer behind, though what it had sent was not handled yet", async () => {
    const topology = await openTopology();
    const spec = {
      name: "orders",
      durable: false,
      exclusive: false,
      autoDelete: false,
      arguments: emptyTable,
    };
    const orders = await topology.declareQueue(spec, undefined);
    const { serverSocket, client, closed } = await accept(topology);
    let free = (): void => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const busy = topology.change(() => gate);
    const sent = Buffer.concat([
      protocolHeader,
      methodFrame(0, "connection.start-ok", {
        mechanism: "PLAIN",
        response: Buffer.from(`\0${account.user}\0${account.password}`),
      }),
      methodFrame(0, "connection.tune-ok", {}),
      methodFrame(0, "connection.open", { virtualHost: "/" }),
      methodFrame(1, "channel.open", {}),
      // Waits for its turn, and what is behind it waits with it.
      methodFrame(1, "queue.declare", { queue: "waits" }),
      methodFrame(2, "channel.open", {}),
      methodFrame(2, "basic.consume", { queue: "orders" }),
    ]);
    client.write(sent);
    while (serverSocket.bytesRead < sent.length) await once(serverSocket, "data");
    const over = once(serverSocket, "close");
    serverSocket.destroy();
    await over;
    free();
    await Promise.all([busy, closed]);
    await topology.change(async () => {});
    expect(topology.queues.has("waits")).toBe(true);
    expect(orders.stored.consumerCount).toBe(0);
  });
});
