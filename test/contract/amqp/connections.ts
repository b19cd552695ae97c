import { describe, expect, it } from "vitest";
import { failureOf, type Lab, refusalOf } from "./lab.js";
import { content, frame, longString, method, RawAmqp, shortString, uint16, uint32 } from "./raw-amqp.js";

export function describeConnections(lab: Lab): void {
  describe("login", () => {
    it("refuses a wrong password with 403", async () => {
      expect(await refusalOf(lab.connect({ password: "not-a-secret-but-wrong" }))).toMatchObject({
        text: expect.stringMatching(/403 \(ACCESS-REFUSED\)|^ACCESS_REFUSED - Login was refused/),
      });
    });

    it("refuses an unknown virtual host with 530", async () => {
      const client = await RawAmqp.authenticate(lab.server);
      client.send(method(0, "open", shortString("nowhere"), shortString(""), Buffer.from([0])));
      expect(await client.readClose()).toEqual({ code: 530, text: "NOT_ALLOWED - vhost nowhere not found" });
      client.close();
    });

    it("says which extensions it has", async () => {
      const { connection } = await lab.connect();
      expect(connection.serverProperties).toMatchObject({
        capabilities: {
          publisher_confirms: true,
          exchange_exchange_bindings: true,
          "basic.nack": true,
          consumer_cancel_notify: true,
          "connection.blocked": true,
          authentication_failure_close: true,
        },
      });
    });

    it("answers a header of another protocol with one that it speaks, and closes", async () => {
      const client = await RawAmqp.connect(lab.server);
      client.send(Buffer.from("AMQP\x01\x01\x00\x0a", "latin1"));
      expect((await client.readToEnd()).toString("latin1")).toMatch(/^AMQP.{4}$/s);
    });
  });

  describe("limits of a connection", () => {
    it("refuses more channels than were agreed with 530", async () => {
      const client = await RawAmqp.login(lab.server, { channelMax: 2 });
      await client.openChannel(2);
      client.send(method(3, "channelOpen", shortString("")));
      expect(await client.readClose()).toMatchObject({
        code: 530,
        text: expect.stringMatching(/^NOT_ALLOWED/),
      });
      client.close();
    });

    it("refuses a frame that is larger than agreed with 501", async () => {
      const client = await RawAmqp.login(lab.server, { frameMaxBytes: 8192 });
      client.send(method(1, "publish", uint16(0), shortString(""), shortString("nobody"), Buffer.from([0])));
      client.send(content(1, uint16(0), Buffer.alloc(16_384)));
      expect(await client.readClose()).toMatchObject({
        code: 501,
        text: expect.stringMatching(/^FRAME_ERROR/),
      });
      client.close();
    });

    it("sends heartbeats as agreed, and closes a connection that sends none", async () => {
      const client = await RawAmqp.login(lab.server, { heartbeatSeconds: 1 });
      expect(await client.readFrame()).toEqual({ type: 8, channel: 0, payload: Buffer.alloc(0) });
      await client.readToEnd();
    });
  });

  describe("what breaks the rules of the protocol", () => {
    const broken = [
      { what: "a frame without its end octet", sent: Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]), code: 501 },
      {
        what: "a method on a channel that is not open",
        sent: method(7, "recover", Buffer.from([1])),
        code: 504,
      },
      { what: "a channel that is opened twice", sent: method(1, "channelOpen", shortString("")), code: 504 },
      { what: "a body that no method announced", sent: frame(3, 1, Buffer.from("body")), code: 505 },
      { what: "arguments that end early", sent: method(1, "queueDeclare", uint16(0)), code: 501 },
    ];

    it.each(broken)("$what closes the connection with $code", async ({ sent, code }) => {
      const client = await RawAmqp.login(lab.server);
      client.send(sent);
      expect(await client.readClose()).toMatchObject({ code });
      client.close();
    });

    it("leaves the server's other connections alone", async () => {
      const channel = await lab.channel();
      const client = await RawAmqp.login(lab.server);
      client.send(method(1, "queueDeclare", longString(Buffer.alloc(3, 0xff))), uint32(0xffffffff));
      expect((await client.readClose()).code).toBeGreaterThan(500);
      client.close();
      expect(await channel.assertQueue("", { exclusive: true })).toMatchObject({ messageCount: 0 });
    });
  });

  describe("a channel's own errors", () => {
    it("close that channel and no other of the connection", async () => {
      const connection = await lab.connect();
      const [failing, other] = [await lab.channel(connection), await lab.channel(connection)];
      expect(await refusalOf(failing.checkQueue(lab.name("missing")))).toMatchObject({ code: 404 });
      expect(await failureOf(failing)).toMatchObject({ code: 404 });
      await other.assertQueue("", { exclusive: true });
      // Its number can be used again.
      await (await lab.channel(connection)).assertQueue("", { exclusive: true });
    });
  });
}
