import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { eventuallyEqual, type Running, runOrderService } from "./testing/run-order-service.js";
import { failInside, refuseFunds } from "./testing/stand-ins.js";

const minuteMs = 60_000;

/** What is between two steps of the order flow, cut at each place. */
describe("an order that is cut off", () => {
  let service: Running;
  beforeEach(async () => {
    service = await runOrderService();
  });
  afterEach(() => service.close());

  const states = async (orderId: string) => {
    const columns = ["status", "reservation", "reason"] as const;
    const row = await service.database.db
      .selectFrom("orders")
      .select(columns)
      .where("order_id", "=", orderId)
      .executeTakeFirstOrThrow();
    return [row.status, row.reservation, row.reason];
  };
  const gone = ["REJECTED", "RELEASED", "WALLET_UNAVAILABLE"];
  /** Told to nobody but as rejected, and nothing is held. */
  async function expectGone(orderId: string): Promise<void> {
    expect(await states(orderId)).toEqual(gone);
    expect(service.wallet.reservations.get(orderId)).toBe("RELEASED");
    await eventuallyEqual(() => service.eventsOf(orderId).map(({ status }) => status), ["REJECTED"]);
    expect(service.messagesOf(orderId)).toEqual([]);
  }
  const storedIds = async () =>
    (await service.database.db.selectFrom("orders").select("order_id").execute()).map((row) => row.order_id);

  it("before anything is stored, with the asset service away: nothing stored", async () => {
    service.assets.state = "down";
    const { status, body } = await service.place();
    expect({ status, code: body.code }).toEqual({ status: 503, code: "ASSET_UNAVAILABLE" });
    expect(await storedIds()).toEqual([]);
    service.assets.state = "up";
    expect((await service.place()).status).toBe(201);
  });

  it("before it is stored, with the database away: nothing held", async () => {
    switchSqliteFile(service.path, false);
    const { status, body } = await service.place();
    switchSqliteFile(service.path, true);
    expect({ status, code: body.code }).toEqual({ status: 503, code: "STORE_UNAVAILABLE" });
    expect(service.wallet.reservations.size).toBe(0);
  });

  it.each([
    ["the wallet cuts the connection", undefined],
    ["the wallet fails", failInside()],
  ])("%s when asked to hold: rejected and given back at once", async (_name, answer) => {
    service.wallet.before = (method) => (method === "PUT" ? answer : "go on");
    const { status, body } = await service.place();
    expect({ status, code: body.code }).toEqual({ status: 503, code: "WALLET_UNAVAILABLE" });
    await expectGone(body.orderId);
  });

  it("the wallet holds and cannot say so: given back", async () => {
    service.wallet.held = () => "cut off";
    const { status, body } = await service.place();
    expect(status).toBe(503);
    await expectGone(body.orderId);
  });

  it("the wallet is away altogether: rejected at once, given back when it is there again", async () => {
    let asked = 0;
    service.wallet.before = () => {
      asked += 1;
      return undefined;
    };
    const { body } = await service.place();
    expect(await states(body.orderId)).toEqual(["REJECTED", "RELEASING", "WALLET_UNAVAILABLE"]);
    const sweptMs = Date.now() + minuteMs;
    await service.sweepAt(sweptMs);
    expect((await states(body.orderId))[1]).toBe("RELEASING");
    // Not at every sweep, as long as it is away.
    const askedOnce = asked;
    await service.sweepAt(sweptMs + 5_000);
    expect(asked).toBe(askedOnce);
    service.wallet.before = () => "go on";
    await service.sweepAt(Date.now() + 2 * minuteMs);
    await expectGone(body.orderId);
  });

  it("after the wallet held, with the database away: given up by the sweeper, also after a restart", async () => {
    service.wallet.held = () => switchSqliteFile(service.path, false);
    const { status, body } = await service.place();
    switchSqliteFile(service.path, true);
    expect({ status, code: body.code }).toEqual({ status: 503, code: "STORE_UNAVAILABLE" });
    const [orderId = ""] = await storedIds();
    expect(await states(orderId)).toEqual(["PENDING", "REQUESTED", null]);
    await service.restart();
    await service.sweepAt(Date.now() + 14_000);
    expect((await states(orderId))[1]).toBe("REQUESTED");
    await service.sweepAt(Date.now() + 16_000);
    await expectGone(orderId);
  });

  it("the wallet answers after the sweeper gave up: never sent", async () => {
    service.wallet.held = () => service.sweepAt(Date.now() + minuteMs);
    const { status, body } = await service.place();
    expect({ status, code: body.code }).toEqual({ status: 503, code: "WALLET_UNAVAILABLE" });
    await expectGone(body.orderId);
  });

  it("by both brokers being away: taken, and sent when they are back", async () => {
    await Promise.all([service.kafka.stop(), service.amqp.broker.close()]);
    const { status, body } = await service.place();
    expect(status).toBe(201);
    const rows = service.database.db.selectFrom("outbox").select("channel").execute();
    expect((await rows).map(({ channel }) => channel).sort()).toEqual(["kafka", "rabbitmq"]);
    await Promise.all([service.kafka.start(), service.amqp.restart()]);
    await eventuallyEqual(() => service.eventsOf(body.orderId).length, 1);
    await eventuallyEqual(() => service.messagesOf(body.orderId).length, 1);
  });

  it("by an exchange that does not answer: sent again after 30 s, until it does", async () => {
    const { body } = await service.place();
    const { orderId } = body;
    await service.sweepAt(Date.now() + 29_000);
    await service.sweepAt(Date.now() + 31_000);
    await service.sweepAt(Date.now() + 32_000);
    await eventuallyEqual(() => service.messagesOf(orderId).length, 2);
    await service.answer({ orderId, status: "ACCEPTED", orderSeq: 1 });
    const due = service.database.db.selectFrom("orders").select("due_at").where("order_id", "=", orderId);
    await eventuallyEqual(async () => (await due.executeTakeFirst())?.due_at, null);
    await service.sweepAt(Date.now() + 10 * minuteMs);
    expect(await service.database.db.selectFrom("outbox").select("id").execute()).toEqual([]);
    expect(service.messagesOf(orderId).map(({ action }) => action)).toEqual(["NEW", "NEW"]);
  });

  it("while results come, with the database away: they wait and are applied when it is back", async () => {
    const { body } = await service.place();
    const { orderId } = body;
    switchSqliteFile(service.path, false);
    await service.answer({ orderId, status: "FILLED", executedPrice: 38.5 });
    await eventuallyEqual(() => service.lines.some((line) => line.includes("paused")), true);
    switchSqliteFile(service.path, true);
    await eventuallyEqual(async () => (await service.find(orderId)).status, "FILLED");
  });

  describe("and sent again with its Idempotency-Key", () => {
    const keyed = { headers: { "idempotency-key": "key-1" } };

    it("gives the same order, and another body is refused", async () => {
      const first = await service.place({}, keyed);
      const again = await service.place({}, keyed);
      expect(again).toEqual(first);
      expect(await storedIds()).toHaveLength(1);
      const other = await service.place({ quantity: 200 }, keyed);
      expect({ status: other.status, code: other.body.code }).toEqual({
        status: 422,
        code: "IDEMPOTENCY_MISMATCH",
      });
      expect((await service.place({}, { ...keyed, userId: "user-2" })).status).toBe(201);
    });

    it("is told that the first is still running", async () => {
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      service.wallet.held = () => held;
      const first = service.place({}, keyed);
      await eventuallyEqual(() => service.wallet.reservations.size, 1);
      const second = await service.place({}, keyed);
      release();
      expect({ status: second.status, code: second.body.code }).toEqual({
        status: 409,
        code: "IDEMPOTENCY_RUNNING",
      });
      expect((await first).status).toBe(201);
    });

    it.each([
      ["taken", () => {}, 201, undefined],
      ["refused", refuseFunds, 422, "NO_FUNDS"],
    ] as const)(
      "after the order was %s and the answer lost: the same answer",
      async (_name, refuse, status, code) => {
        service.wallet.before = () => refuse() ?? "go on";
        const first = await service.place({}, keyed);
        await service.database.db
          .updateTable("idempotency_keys")
          .set({ started_ms: 0, status: null, body: null })
          .execute();
        const again = await service.place({}, keyed);
        expect([first, again].map((answer) => [answer.status, answer.body.code])).toEqual([
          [status, code],
          [status, code],
        ]);
        expect(again.body.orderId).toBe(first.body.orderId);
        expect(await storedIds()).toHaveLength(1);
      },
    );

    it("after it was cut off in doubt: that attempt is given up, the next one is taken", async () => {
      service.wallet.held = (orderId) => {
        switchSqliteFile(service.path, false);
        expect(service.wallet.reservations.has(orderId)).toBe(true);
      };
      expect((await service.place({}, keyed)).status).toBe(503);
      switchSqliteFile(service.path, true);
      service.wallet.held = () => {};
      const [orderId = ""] = await storedIds();
      // Nobody could note that the attempt has ended: it counts as running for 30 s.
      await service.database.db.updateTable("idempotency_keys").set({ started_ms: 0 }).execute();
      const second = await service.place({}, keyed);
      expect({ status: second.status, id: second.body.orderId }).toEqual({ status: 503, id: orderId });
      await expectGone(orderId);
      expect((await service.place({}, keyed)).status).toBe(201);
      expect(await storedIds()).toHaveLength(2);
    });
  });
});
