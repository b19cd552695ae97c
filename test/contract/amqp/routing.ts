import type { ConfirmChannel } from "amqplib";
import { describe, expect, it } from "vitest";
import { bodiesOf, consume, failureOf, getOne, type Lab, publish, readyCount, refusalOf } from "./lab.js";

interface Binding {
  readonly key?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

interface RoutingCase {
  readonly type: string;
  readonly binding: Binding;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly routed: boolean;
}

const cases: readonly RoutingCase[] = [
  { type: "direct", binding: { key: "a.b" }, key: "a.b", routed: true },
  { type: "direct", binding: { key: "a.*" }, key: "a.b", routed: false },
  { type: "fanout", binding: { key: "a" }, key: "b", routed: true },
  { type: "topic", binding: { key: "a.*.c" }, key: "a.b.c", routed: true },
  { type: "topic", binding: { key: "a.*.c" }, key: "a.c", routed: false },
  { type: "topic", binding: { key: "a.#" }, key: "a", routed: true },
  { type: "topic", binding: { key: "a.#" }, key: "a.b.c", routed: true },
  { type: "topic", binding: { key: "#.c" }, key: "a.b.c", routed: true },
  { type: "topic", binding: { key: "#.b.#" }, key: "a.b.c", routed: true },
  { type: "topic", binding: { key: "#.#" }, key: "", routed: true },
  { type: "topic", binding: { key: "*" }, key: "", routed: false },
  { type: "topic", binding: { key: "*.*" }, key: "a.", routed: true },
  { type: "topic", binding: { key: "a*" }, key: "ab", routed: false },
  {
    type: "headers",
    binding: { arguments: { "x-match": "all", a: "1", b: 2 } },
    headers: { a: "1", b: 2, c: 3 },
    routed: true,
  },
  {
    type: "headers",
    binding: { arguments: { "x-match": "all", a: "1", b: 2 } },
    headers: { a: "1" },
    routed: false,
  },
  {
    type: "headers",
    binding: { arguments: { "x-match": "any", a: "1", b: 2 } },
    headers: { b: 2 },
    routed: true,
  },
  {
    type: "headers",
    binding: { arguments: { "x-match": "any", a: "1" } },
    headers: { a: "2" },
    routed: false,
  },
  { type: "headers", binding: { arguments: { a: "1" } }, headers: { b: "1" }, routed: false },
  { type: "headers", binding: { arguments: { "x-match": "all", "x-a": "1" } }, headers: {}, routed: true },
  {
    type: "headers",
    binding: { arguments: { "x-match": "all-with-x", "x-a": "1" } },
    headers: {},
    routed: false,
  },
  {
    type: "headers",
    binding: { arguments: { "x-match": "any-with-x", "x-a": "1" } },
    headers: { "x-a": "1" },
    routed: true,
  },
];

export function describeRouting(lab: Lab): void {
  describe("routing", () => {
    it.each(cases)("$type: $binding, key '$key', headers $headers: $routed", async (sample) => {
      const channel = await lab.confirmChannel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      const exchange = await bindNew(channel, lab, { ...sample, queue });
      await publish(channel, { exchange, key: sample.key ?? "", ...headersOf(sample) });
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: sample.routed ? 1 : 0 });
    });

    it("a queue gets one copy, however many bindings lead to it", async () => {
      const channel = await lab.confirmChannel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      for (const key of ["a.*", "a.#", "*.b"]) await channel.bindQueue(queue, "amq.topic", `${queue}.${key}`);
      await publish(channel, { exchange: "amq.topic", key: `${queue}.a.b` });
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 1 });
    });

    it("CC and BCC are further routing keys; BCC is taken out", async () => {
      const channel = await lab.confirmChannel();
      const [to, cc, bcc] = [lab.name("to"), lab.name("cc"), lab.name("bcc")];
      for (const queue of [to, cc, bcc]) await channel.assertQueue(queue, { exclusive: true });
      await publish(channel, { key: to, CC: [cc], BCC: [bcc] });
      for (const queue of [to, cc, bcc]) {
        const message = await getOne(channel, queue, { noAck: true });
        expect(message.properties.headers).toEqual({ CC: [cc] });
        expect(message.fields).toMatchObject({ routingKey: to, exchange: "" });
      }
    });

    it("after unbind nothing comes; to unbind what is not bound is no error", async () => {
      const channel = await lab.confirmChannel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      await channel.bindQueue(queue, "amq.direct", queue);
      await publish(channel, { exchange: "amq.direct", key: queue });
      await channel.unbindQueue(queue, "amq.direct", queue);
      await channel.unbindQueue(queue, "amq.direct", queue);
      await publish(channel, { exchange: "amq.direct", key: queue });
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 1 });
    });

    it("to unbind what does not exist is no error either", async () => {
      const channel = await lab.channel();
      const [missing, { queue }] = [lab.name("missing"), await channel.assertQueue("", { exclusive: true })];
      await channel.unbindQueue(queue, missing, "");
      await channel.unbindQueue(missing, "amq.direct", "");
      await channel.unbindExchange(missing, "amq.direct", "");
      await channel.unbindExchange("amq.direct", missing, "");
      expect(await refusalOf(channel.unbindQueue(queue, "", queue))).toMatchObject({ code: 403 });
    });

    it("an x-match that does not exist is refused with 406", async () => {
      const channel = await lab.channel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      expect(
        await refusalOf(channel.bindQueue(queue, "amq.headers", "", { "x-match": "some" })),
      ).toMatchObject({
        code: 406,
        text: expect.stringMatching(/^PRECONDITION_FAILED - Invalid x-match field value/),
      });
    });

    it("the default exchange knows every queue by its name and takes no bindings (403)", async () => {
      const channel = await lab.channel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      const refused = {
        code: 403,
        text: expect.stringMatching(/^ACCESS_REFUSED - operation not permitted on the default exchange/),
      };
      expect(await refusalOf(channel.bindQueue(queue, "", "key"))).toEqual(refused);
      expect(await refusalOf((await lab.channel()).deleteExchange(""))).toEqual(refused);
    });

    it("a binding of what is not there is refused with 404", async () => {
      const { queue } = await (await lab.channel()).assertQueue("", { exclusive: true });
      const [missing, channel] = [lab.name("missing"), await lab.channel()];
      expect(await refusalOf(channel.bindQueue(missing, "amq.direct", ""))).toEqual({
        code: 404,
        text: `NOT_FOUND - no queue '${missing}' in vhost '/'`,
      });
      const exchange = await refusalOf((await lab.channel()).bindExchange(missing, "amq.direct", queue));
      expect(exchange).toEqual({ code: 404, text: `NOT_FOUND - no exchange '${missing}' in vhost '/'` });
    });
  });
}

export function describeExchangeChains(lab: Lab): void {
  describe("exchanges behind exchanges", () => {
    it("a message goes through bound exchanges, in a circle too, and comes once", async () => {
      const channel = await lab.confirmChannel();
      const [first, second] = [lab.name("first"), lab.name("second")];
      for (const exchange of [first, second])
        await channel.assertExchange(exchange, "topic", { durable: true });
      await channel.bindExchange(second, first, "a.#");
      await channel.bindExchange(first, second, "#");
      const { queue } = await channel.assertQueue("", { exclusive: true });
      await channel.bindQueue(queue, second, "*.b");
      await publish(channel, { exchange: first, key: "a.b" });
      await publish(channel, { exchange: first, key: "c.b" });
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 1 });
      await channel.unbindExchange(second, first, "a.#");
      await publish(channel, { exchange: first, key: "a.b" });
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 1 });
    });

    it("nobody publishes to an internal exchange (403)", async () => {
      const channel = await lab.channel();
      const exchange = lab.name("internal");
      await channel.assertExchange(exchange, "fanout", { internal: true });
      channel.publish(exchange, "", Buffer.from("in"));
      expect(await failureOf(channel)).toEqual({
        code: 403,
        text: `ACCESS_REFUSED - cannot publish to internal exchange '${exchange}' in vhost '/'`,
      });
    });

    it("what an exchange cannot route goes to its alternate exchange", async () => {
      const channel = await lab.confirmChannel();
      const [main, rest] = [lab.name("main"), lab.name("rest")];
      await channel.assertExchange(rest, "fanout", { durable: true });
      await channel.assertExchange(main, "direct", { alternateExchange: rest });
      const { queue } = await channel.assertQueue("", { exclusive: true });
      await channel.bindQueue(queue, rest, "");
      const returned: unknown[] = [];
      channel.on("return", (message) => returned.push(message));
      await publish(channel, { exchange: main, key: "nobody", body: "found", mandatory: true });
      const inbox = await consume(channel, queue, { noAck: true });
      expect(bodiesOf(await inbox.count(1))).toEqual(["found"]);
      expect(inbox.messages[0]?.fields).toMatchObject({ exchange: main, routingKey: "nobody" });
      expect(returned).toEqual([]);
    });

    it("a deleted exchange or queue takes its bindings along", async () => {
      const channel = await lab.confirmChannel();
      const [exchange, queue] = [lab.name("exchange"), lab.name("queue")];
      await channel.assertExchange(exchange, "fanout");
      await channel.assertQueue(queue, { durable: true });
      await channel.bindQueue(queue, exchange, "");
      await channel.deleteExchange(exchange);
      await channel.assertExchange(exchange, "fanout");
      await publish(channel, { exchange, key: "" });
      await channel.bindQueue(queue, exchange, "");
      await channel.deleteQueue(queue);
      await channel.assertQueue(queue, { durable: true });
      await publish(channel, { exchange, key: "" });
      await publish(channel, { key: queue });
      await readyCount(channel, queue, 1);
    });
  });
}

function headersOf({ headers }: RoutingCase): { headers?: Readonly<Record<string, unknown>> } {
  return headers === undefined ? {} : { headers };
}

async function bindNew(
  channel: ConfirmChannel,
  lab: Lab,
  { type, binding, queue }: RoutingCase & { readonly queue: string },
): Promise<string> {
  const exchange = lab.name(type);
  await channel.assertExchange(exchange, type, { durable: false, autoDelete: true });
  await channel.bindQueue(queue, exchange, binding.key ?? "", binding.arguments);
  return exchange;
}
