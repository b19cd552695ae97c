import { describe, expect, it } from "vitest";
import { bodiesOf, consume, eventually, getOne, type Lab, publish, readyCount, refusalOf } from "./lab.js";

/** Last of the contract: it stops the server. */
export function describeRestart(lab: Lab): void {
  describe("a restart", () => {
    it("keeps what is durable and drops what is not", async () => {
      const names = await prepare(lab);
      await lab.server.restart?.();
      const channel = await lab.confirmChannel();
      for (const queue of [names.quorum, names.classic]) await readyCount(channel, queue, 1);
      const kept = await getOne(channel, names.quorum);
      expect(kept).toMatchObject({
        content: Buffer.from("persistent"),
        properties: { headers: { kept: "yes" } },
      });
      expect((await getOne(channel, names.classic)).content.toString()).toBe("persistent");

      await publish(channel, { exchange: names.exchange, key: "a.b", body: "routed", mandatory: true });
      await readyCount(channel, names.bound, 1);

      await channel.prefetch(10);
      const inbox = await consume(channel, names.stream, { arguments: { "x-stream-offset": "first" } });
      expect(bodiesOf(await inbox.count(2))).toEqual(["0", "1"]);
      await publish(channel, { key: names.stream, body: "2" });
      expect((await inbox.count(3))[2]?.properties.headers?.["x-stream-offset"]).toBe(2);

      for (const queue of [names.transientQueue, names.deleted]) {
        expect(await refusalOf((await lab.channel()).checkQueue(queue))).toMatchObject({ code: 404 });
      }
    });

    it("puts back what was not acknowledged, with what it had counted", async () => {
      const channel = await lab.confirmChannel();
      const queue = lab.name("counted");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
      for (const body of ["lost once", "held"]) await publish(channel, { key: queue, body });
      channel.reject(await getOne(channel, queue), true);
      await readyCount(channel, queue, 2);
      const first = await getOne(channel, queue);
      await getOne(channel, queue);
      expect(first.properties.headers).toMatchObject({ "x-delivery-count": 1 });
      await lab.server.restart?.();
      const again = await lab.channel();
      await readyCount(again, queue, 2);
      const messages = [await getOne(again, queue), await getOne(again, queue)];
      expect(bodiesOf(messages).sort()).toEqual(["held", "lost once"]);
      expect(messages.map(({ fields }) => fields.redelivered)).toEqual([true, true]);
    });

    it("tells consumers nothing but the end of their connection", async () => {
      const connection = await lab.connect();
      const channel = await lab.channel(connection);
      await consume(channel, (await channel.assertQueue("", { exclusive: true })).queue);
      let closed = false;
      connection.on("close", () => {
        closed = true;
      });
      await lab.server.restart?.();
      await eventually(
        () => closed,
        (answer) => answer,
      );
    });
  });
}

async function prepare(lab: Lab) {
  const channel = await lab.confirmChannel();
  const kinds = ["quorum", "classic", "bound", "stream", "deleted", "exchange"] as const;
  const lasting = Object.fromEntries(kinds.map((kind) => [kind, lab.name(kind)])) as Record<
    (typeof kinds)[number],
    string
  >;
  const transientQueue = lab.name("transient");
  for (const [queue, type] of [
    [lasting.quorum, "quorum"],
    [lasting.classic, "classic"],
    [lasting.bound, "quorum"],
    [lasting.deleted, "classic"],
    [lasting.stream, "stream"],
  ] as const) {
    await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": type } });
  }
  await channel.assertExchange(lasting.exchange, "topic", { durable: true });
  await channel.bindQueue(lasting.bound, lasting.exchange, "a.#");
  await channel.assertQueue(transientQueue, { exclusive: true, durable: false });
  const kept = { persistent: true, body: "persistent", headers: { kept: "yes" } };
  for (const queue of [lasting.quorum, lasting.classic, lasting.deleted])
    await publish(channel, { key: queue, ...kept });
  await publish(channel, { key: lasting.classic, body: "transient", persistent: false });
  for (const body of ["0", "1"]) await publish(channel, { key: lasting.stream, body });
  await channel.deleteQueue(lasting.deleted);
  // Taken and acknowledged: it has to stay away.
  await publish(channel, { key: lasting.quorum, body: "done", persistent: true });
  const first = await getOne(channel, lasting.quorum);
  const second = await getOne(channel, lasting.quorum);
  channel.ack(second);
  channel.nack(first, false, true);
  await readyCount(channel, lasting.quorum, 1);
  return { ...lasting, transientQueue };
}
