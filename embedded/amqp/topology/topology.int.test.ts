import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openQueueStore } from "../queues/open-queue-store.js";
import type { Consumer, QueueStore } from "../queues/queue.js";
import { emptyTable, type Table, textField } from "../wire/table.js";
import { CatalogFile } from "./catalog-file.js";
import { sendDeadLetter } from "./dead-letter.js";
import { Topology } from "./topology.js";

const consumer: Consumer = {
  noAck: false,
  exclusive: false,
  arguments: {},
  canTake: () => false,
  deliver: () => {},
  cancelled: () => {},
};
const spec = { name: "orders", durable: true, exclusive: false, autoDelete: false, arguments: emptyTable };
const deadLetterTo = (queue: string): Table =>
  new Map([
    ["x-dead-letter-exchange", textField("")],
    ["x-dead-letter-routing-key", textField(queue)],
  ]);
const opened: { folder: string; store: QueueStore }[] = [];

async function openTopology(): Promise<{ topology: Topology; catalog: string }> {
  const folder = await mkdtemp(join(tmpdir(), "mybroker-topology-"));
  const store = await openQueueStore({ folder, log: () => {} });
  opened.push({ folder, store });
  const catalog = join(folder, "catalog.json");
  const rules = { policies: [], defaultQueueKind: "classic" } as const;
  const topology = new Topology({ store, catalog: new CatalogFile(catalog), rules, log: () => {} });
  await topology.startSaving();
  return { topology, catalog };
}

afterEach(async () => {
  for (const { folder, store } of opened.splice(0)) {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

describe("the topology", () => {
  it("keeps an auto-delete queue that found another consumer before its end came", async () => {
    const { topology } = await openTopology();
    const queue = await topology.declareQueue({ ...spec, durable: false, autoDelete: true }, undefined);
    queue.stored.subscribe(consumer).cancel();
    let free = (): void => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const busy = topology.change(() => gate);
    const deleting = topology.deleteUnused(queue);
    queue.stored.subscribe(consumer);
    free();
    await Promise.all([busy, deleting]);
    expect(topology.queues.get("orders")).toBe(queue);
  });

  it("has no queue that it could not write down, and has it once it can", async () => {
    const { topology, catalog } = await openTopology();
    // A folder of that name: the new catalog cannot take its place.
    await rm(catalog);
    await mkdir(catalog);
    await expect(topology.declareQueue(spec, undefined)).rejects.toThrow("EISDIR");
    expect(topology.queues.size).toBe(0);
    await rm(catalog, { recursive: true });
    await topology.declareQueue(spec, undefined);
    expect((await new CatalogFile(catalog).read())?.queues).toHaveLength(1);
  });

  it("ends a queue also when that cannot be written down", async () => {
    const { topology, catalog } = await openTopology();
    const queue = await topology.declareQueue(spec, undefined);
    let cancelled = false;
    queue.stored.subscribe({
      ...consumer,
      cancelled: () => {
        cancelled = true;
      },
    });
    await rm(catalog);
    await mkdir(catalog);
    expect(await topology.deleteQueue(queue)).toBe(0);
    expect([cancelled, topology.queues.size]).toEqual([true, 0]);
    await rm(catalog, { recursive: true });
    await topology.declareExchange({ ...spec, name: "trades", type: "direct", internal: false });
    expect((await new CatalogFile(catalog).read())?.queues).toEqual([]);
  });

  it("refuses queues without the catalog that names them, instead of removing them", async () => {
    const { topology } = await openTopology();
    const [first] = opened;
    const queue = await topology.declareQueue(spec, undefined);
    const message = {
      exchange: "",
      routingKey: "orders",
      propertyBytes: Buffer.alloc(2),
      body: Buffer.from("1"),
    };
    await queue.stored.publish(message, { persistent: true });
    await expect(first?.store.keepOnly(undefined)).rejects.toMatchObject({ code: "DATA_DAMAGED" });
  });

  it("does not take a dead letter for kept that its queue could not store", async () => {
    const { topology } = await openTopology();
    const source = await topology.declareQueue({ ...spec, arguments: deadLetterTo("letters") }, undefined);
    const letters = await topology.declareQueue({ ...spec, name: "letters" }, undefined);
    const message = {
      exchange: "",
      routingKey: "orders",
      propertyBytes: Buffer.alloc(2),
      body: Buffer.from("1"),
    };
    const dead = { message, reason: "rejected" } as const;
    await sendDeadLetter(topology, source, dead);
    expect(letters.stored.readyCount).toBe(1);
    await opened[0]?.store.close();
    await expect(sendDeadLetter(topology, source, dead)).rejects.toThrow("queue 'letters'");
  });
});
