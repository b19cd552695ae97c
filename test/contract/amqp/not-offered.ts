import { describe, expect, it } from "vitest";
import type { Lab } from "./lab.js";
import { emptyTable, longString, method, RawAmqp, shortString, uint16 } from "./raw-amqp.js";

interface NotOffered {
  readonly what: string;
  readonly code: number;
  /** 0: the connection ends. */
  readonly channel: 0 | 1;
  readonly sent: Buffer;
}

/**
 * What RabbitMQ has and the embedded broker refuses, all of it, each with the protocol's own error. The contract
 * has no case for any of these. docs/embedded-amqp.md lists them for users.
 */
const notOffered: readonly NotOffered[] = [
  { what: "transactions: tx.select", code: 540, channel: 0, sent: method(1, "txSelect") },
  {
    what: "new credentials on an open connection: connection.update-secret",
    code: 540,
    channel: 0,
    sent: method(0, "updateSecret", longString("not-a-secret"), shortString("test")),
  },
  { what: "direct reply-to", code: 404, channel: 1, sent: consume("amq.rabbitmq.reply-to", emptyTable) },
  { what: "priorities of a classic queue", code: 406, channel: 1, sent: declare("x-max-priority") },
  { what: "dead-lettering at least once", code: 406, channel: 1, sent: declare("x-dead-letter-strategy") },
];

/** Only for a server that does not offer them. */
export function describeNotOffered(lab: Lab): void {
  describe("what the embedded broker does not offer", () => {
    it.each(notOffered)("$what: refused with $code", async ({ code, channel, sent }) => {
      const client = await RawAmqp.login(lab.server);
      client.send(sent);
      expect(await client.readClose(channel)).toMatchObject({ code });
      client.close();
    });

    it("filters of a stream: refused with 406", async () => {
      const channel = await lab.channel();
      const queue = lab.name("stream");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "stream" } });
      await channel.prefetch(1);
      const filtered = channel.consume(queue, () => {}, { arguments: { "x-stream-filter": "a" } });
      await expect(filtered).rejects.toMatchObject({ code: 406 });
    });
  });
}

function consume(queue: string, table: Buffer): Buffer {
  // no-ack, as direct reply-to wants it.
  return method(1, "consume", uint16(0), shortString(queue), shortString(""), Buffer.from([2]), table);
}

/** A durable queue with one argument, whose value is the text "at-least-once" or the number 5. */
function declare(argument: string): Buffer {
  const type =
    argument === "x-max-priority"
      ? [Buffer.from([0x42, 5])]
      : [Buffer.from("S"), longString("at-least-once")];
  const quorum = argument === "x-max-priority" ? "classic" : "quorum";
  const fields = [
    shortString("x-queue-type"),
    Buffer.from("S"),
    longString(quorum),
    shortString(argument),
    ...type,
  ];
  const table = longString(Buffer.concat(fields));
  return method(1, "queueDeclare", uint16(0), shortString("contract.not-offered"), Buffer.from([2]), table);
}
