import { describe, expect, it } from "vitest";
import { failureOf, getOne, type Lab, publish, readyCount, within } from "./lab.js";
import { content, emptyTable, longString, method, RawAmqp, shortString, uint16, uint32 } from "./raw-amqp.js";

const queueTypes = ["classic", "quorum"] as const;

export function describePublishing(lab: Lab): void {
  describe("confirms", () => {
    it.each(queueTypes)(
      "%s: each message of many is confirmed, and all are there in their order",
      async (type) => {
        const channel = await lab.confirmChannel();
        const queue = lab.name("many");
        await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": type } });
        const bodies = Array.from({ length: 500 }, (_, index) => String(index));
        const confirms = bodies.map((body) => publish(channel, { key: queue, body, persistent: true }));
        expect(new Set(await Promise.all(confirms))).toEqual(new Set(["ack"]));
        await readyCount(channel, queue, 500);
        const received: string[] = [];
        for (let message = await channel.get(queue, { noAck: true }); message !== false; ) {
          received.push(message.content.toString());
          message = await channel.get(queue, { noAck: true });
        }
        expect(received).toEqual(bodies);
      },
    );

    it("what nobody gets is confirmed as well; with mandatory it comes back first", async () => {
      const channel = await lab.confirmChannel();
      const events: string[] = [];
      channel.on("return", (message) => events.push(`returned ${message.content}`));
      await publish(channel, { exchange: "amq.direct", key: "nobody" }).then((how) => events.push(how));
      const publishing = { exchange: "amq.direct", key: "nobody", body: "lost", mandatory: true };
      await publish(channel, publishing).then((how) => events.push(how));
      expect(events).toEqual(["ack", "returned lost", "ack"]);
    });

    it("a returned message says why and keeps its properties", async () => {
      const channel = await lab.channel();
      const returned = new Promise<unknown>((resolve) => channel.once("return", resolve));
      channel.publish("", "nobody", Buffer.from("lost"), {
        mandatory: true,
        messageId: "m1",
        headers: { a: 1 },
      });
      expect(await within(returned, "basic.return")).toMatchObject({
        fields: { replyCode: 312, replyText: "NO_ROUTE", exchange: "", routingKey: "nobody" },
        properties: { messageId: "m1", headers: { a: 1 } },
      });
    });

    it("a missing exchange closes the channel with 404", async () => {
      const connection = await lab.connect();
      const [channel, missing] = [await lab.confirmChannel(connection), lab.name("missing")];
      channel.publish(missing, "", Buffer.from("lost"));
      expect(await failureOf(channel)).toEqual({
        code: 404,
        text: `NOT_FOUND - no exchange '${missing}' in vhost '/'`,
      });
      await lab.channel(connection);
    });

    it("immediate is refused with 540, which closes the connection", async () => {
      const client = await RawAmqp.login(lab.server);
      client.send(method(1, "publish", uint16(0), shortString(""), shortString("nobody"), Buffer.from([2])));
      client.send(content(1, uint16(0), Buffer.from("now")));
      expect(await client.readClose()).toMatchObject({
        code: 540,
        text: expect.stringMatching(/^NOT_IMPLEMENTED/),
      });
      client.close();
    });
  });

  describe("bodies", () => {
    it.each([0, 1, 131_064, 131_065, 1024 * 1024])(
      "of %i bytes come back byte for byte",
      async (sizeBytes) => {
        const channel = await lab.confirmChannel();
        const { queue } = await channel.assertQueue("", { exclusive: true });
        const body = Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, index) => index % 251));
        await publish(channel, { key: queue, body });
        const message = await getOne(channel, queue, { noAck: true });
        expect(message.content.equals(body)).toBe(true);
      },
    );
  });
}

export function describeProperties(lab: Lab): void {
  describe("properties", () => {
    it("come back as they were sent", async () => {
      const channel = await lab.confirmChannel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      const properties = {
        contentType: "application/json",
        contentEncoding: "utf-8",
        headers: { text: "é", nested: { list: [1, "two", true, null] }, number: -5, fraction: 1.5 },
        deliveryMode: 2,
        priority: 9,
        correlationId: "correlation",
        replyTo: "reply",
        expiration: "100000",
        messageId: "message",
        timestamp: 1_700_000_000,
        type: "order",
        userId: lab.server.user,
        appId: "contract",
      };
      await publish(channel, { key: queue, ...properties });
      expect((await getOne(channel, queue, { noAck: true })).properties).toMatchObject(properties);
    });

    it("another user's name as user-id is refused with 406", async () => {
      const channel = await lab.channel();
      channel.publish("", "nobody", Buffer.from(""), { userId: "somebody-else" });
      expect(await failureOf(channel)).toMatchObject({
        code: 406,
        text: expect.stringMatching(/^PRECONDITION_FAILED - user_id property set to 'somebody-else'/),
      });
    });

    it.each(queueTypes)("%s: headers of every field type come back byte for byte", async (type) => {
      const channel = await lab.channel();
      const queue = lab.name("fields");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": type } });
      const client = await RawAmqp.login(lab.server);
      const properties = Buffer.concat([uint16(0x2000), longString(everyField())]);
      client.send(method(1, "publish", uint16(0), shortString(""), shortString(queue), Buffer.from([0])));
      client.send(content(1, properties, Buffer.from("body")));
      await readyCount(channel, queue, 1);
      client.send(method(1, "get", uint16(0), shortString(queue), Buffer.from([1])));
      await client.expect(60, 71);
      const header = await client.readFrame();
      expect(header.type).toBe(2);
      expect(header.payload.subarray(12)).toEqual(properties);
      client.close();
    });
  });
}

/** A table with one field of each type that RabbitMQ knows (its "AMQP 0-9-1 errata"), without the table's length; sorted by name,
 * for RabbitMQ sorts what it sends. */
function everyField(): Buffer {
  const fields: readonly (readonly [string, Uint8Array])[] = [
    ["t", Buffer.from([1])],
    ["b", Buffer.from([0x80])],
    ["B", Buffer.from([0xff])],
    ["s", Buffer.from([0x80, 0])],
    ["u", uint16(0xffff)],
    ["I", Buffer.from([0x80, 0, 0, 0])],
    ["i", uint32(0xffffffff)],
    ["l", Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 1])],
    ["f", Buffer.from([0x3f, 0xc0, 0, 0])],
    ["d", Buffer.from([0x3f, 0xf8, 0, 0, 0, 0, 0, 0])],
    ["D", Buffer.from([2, 0, 0, 0x30, 0x39])],
    ["S", longString("text é")],
    ["x", longString(Buffer.from([0, 0xff, 0xce]))],
    ["A", longString(Buffer.concat([Buffer.from("S"), longString("in a list"), Buffer.from("V")]))],
    ["T", Buffer.from([0, 0, 0, 0, 0x65, 0x53, 0xf1, 0])],
    ["F", emptyTable],
    ["V", Buffer.alloc(0)],
  ];
  const named = fields.flatMap(([type, value], index) => [
    shortString(`field-${String(index).padStart(2, "0")}`),
    Buffer.from(type),
    value,
  ]);
  return Buffer.concat(named);
}
