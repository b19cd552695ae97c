import { describe, expect, it } from "vitest";
import type { Lab, Refusal } from "./lab.js";
import { method, RawAmqp } from "./raw-amqp.js";

interface NotOffered {
  readonly what: string;
  readonly code: number;
  /** Closed with the channel only. */
  readonly channel?: number;
  readonly sent: Buffer;
}

/**
 * What RabbitMQ has and the embedded broker refuses, all of it, each with the protocol's own error. The contract
 * has no case for any of these. docs/embedded-amqp.md lists them for users.
 */
const notOffered: readonly NotOffered[] = [
  { what: "transactions: tx.select", code: 540, sent: method(1, "txSelect") },
];

/** Only for a server that does not offer them. */
export function describeNotOffered(lab: Lab): void {
  describe("what the embedded broker does not offer", () => {
    it.each(notOffered)("$what is refused with $code", async ({ code, channel, sent }) => {
      const client = await RawAmqp.login(lab.server);
      client.send(sent);
      expect(await client.readClose(channel)).toMatchObject({ code } satisfies Partial<Refusal>);
      client.close();
    });
  });
}
