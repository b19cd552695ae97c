import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toBroker } from "../../contracts/topology.js";
import { eventually } from "../../test/contract/amqp/lab.js";
import { eventuallyEqual, type Running, runOrderService } from "./testing/run-order-service.js";
import { refuseFunds } from "./testing/stand-ins.js";

describe("broker-order", () => {
  let service: Running;
  beforeAll(async () => {
    service = await runOrderService();
  });
  afterAll(() => service.close());

  async function placed(fields: object = {}, userId = "user-1"): Promise<string> {
    const { status, body } = await service.place(fields, { userId });
    expect(status).toBe(201);
    return body.orderId;
  }
  const fillOf = (orderId: string) => ({
    orderId,
    status: "FILLED" as const,
    executionId: `execution-${orderId}`,
    executedPrice: 38.4,
    executedQuantity: 100,
    cumQuantity: 100,
    leavesQuantity: 0,
    orderSeq: 2,
  });

  it("takes an order: held by the wallet, sent to the exchange, told to everyone, filled", async () => {
    const { status, body } = await service.place();
    expect({ status, body }).toMatchObject({
      status: 201,
      body: {
        status: "PENDING",
        userId: "user-1",
        type: "LIMIT",
        timeInForce: "DAY",
        price: 38.5,
        leavesQuantity: 100,
      },
    });
    const { orderId } = body;
    expect(service.wallet.reservations.get(orderId)).toEqual({
      userId: "user-1",
      ticker: "PETR4",
      side: "BUY",
      quantity: 100,
      unitPrice: 38.5,
    });
    await eventuallyEqual(() => service.messagesOf(orderId).length, 1);
    expect(service.messagesOf(orderId)).toMatchObject([
      {
        action: "NEW",
        ticker: "PETR4",
        quantity: 100,
        side: "BUY",
        price: 38.5,
        type: "LIMIT",
        timeInForce: "DAY",
      },
    ]);
    await service.answer({ orderId, status: "ACCEPTED", orderSeq: 1 });
    await service.answer(fillOf(orderId));
    await eventuallyEqual(async () => (await service.find(orderId)).status, "FILLED");
    expect(await service.find(orderId)).toMatchObject({
      cumQuantity: 100,
      leavesQuantity: 0,
      averagePrice: 38.4,
    });
    await eventuallyEqual(
      () => service.eventsOf(orderId).map(({ status, version }) => [status, version]),
      [
        ["PENDING", 1],
        ["FILLED", 2],
      ],
    );
    expect(service.eventsOf(orderId)[1]).toMatchObject({
      executedPrice: 38.4,
      executionId: `execution-${orderId}`,
      cumQuantity: 100,
    });
  });

  it("asks the others as who it is: the asset service with the user's token, the wallet with its own", async () => {
    await placed();
    expect(service.assets.tokens.every((token) => token.startsWith("Bearer ey"))).toBe(true);
    expect(new Set(service.wallet.tokens)).toEqual(new Set(["not-a-secret-token"]));
  });

  it("sends a MARKET order with a protection price, to be filled at once or not", async () => {
    const orderId = await placed({ price: null, side: "SELL" });
    await eventuallyEqual(() => service.messagesOf(orderId).length, 1);
    expect(service.messagesOf(orderId)).toMatchObject([{ type: "MARKET", timeInForce: "IOC", price: 36.57 }]);
    expect(service.wallet.reservations.get(orderId)).toMatchObject({ side: "SELL", unitPrice: 36.57 });
  });

  it("rejects what the wallet refuses, and tells it", async () => {
    service.wallet.before = refuseFunds;
    const { status, body } = await service.place();
    service.wallet.before = () => "go on";
    expect({ status, code: body.code }).toEqual({ status: 422, code: "NO_FUNDS" });
    expect(await service.find(body.orderId)).toMatchObject({ status: "REJECTED", reason: "NO_FUNDS" });
    await eventuallyEqual(
      () => service.eventsOf(body.orderId).map(({ status, reason }) => [status, reason]),
      [["REJECTED", "NO_FUNDS"]],
    );
    expect(service.messagesOf(body.orderId)).toEqual([]);
  });

  it("counts a result once, however often and in whatever order it comes", async () => {
    const orderId = await placed();
    const fill = fillOf(orderId);
    for (const result of [fill, { orderId, status: "ACCEPTED", orderSeq: 1 } as const, fill, fill])
      await service.answer(result);
    const later = await placed();
    await service.answer(fillOf(later));
    await eventuallyEqual(async () => (await service.find(later)).status, "FILLED");
    expect(await service.find(orderId)).toMatchObject({ status: "FILLED", cumQuantity: 100 });
    await eventuallyEqual(() => service.eventsOf(later).length, 2);
    expect(service.eventsOf(orderId)).toHaveLength(2);
    const recorded = service.database.db.selectFrom("executions").selectAll().where("order_id", "=", orderId);
    expect(await recorded.execute()).toHaveLength(1);
  });

  it("goes on with the trace of the result's message", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const orderId = await placed();
    const rows: (string | null)[] = [];
    await service.kafka.stop();
    await service.answer(fillOf(orderId), { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await eventually(
      async () => {
        const row = await service.database.db
          .selectFrom("outbox")
          .select(["traceparent", "payload"])
          .where("payload", "like", `%${orderId}%FILLED%`)
          .executeTakeFirst();
        rows.push(row?.traceparent ?? null);
        return row;
      },
      (row) => row !== undefined,
    );
    await service.kafka.start();
    expect(rows.at(-1)).toContain(traceId);
    await eventuallyEqual(() => service.eventsOf(orderId).length, 2);
  });

  it("puts aside what can never be true, with its reason, and goes on", async () => {
    const orderId = await placed();
    const bad = [
      { orderId: "unknown", status: "FILLED", executedPrice: 38 },
      { ...fillOf(orderId), executedPrice: 38.51 },
      { ...fillOf(orderId), executedQuantity: 101, cumQuantity: 101 },
      { orderId, status: "DONE" },
    ];
    for (const result of [...bad, fillOf(orderId)]) await service.answer(result as never);
    await eventuallyEqual(async () => (await service.find(orderId)).status, "FILLED");
    const connection = await service.amqp.connect();
    const channel = await connection.createChannel();
    const reasons: string[] = [];
    await eventually(
      async () => {
        const message = await channel.get(toBroker.deadLetterQueue, { noAck: true });
        if (message) reasons.push(String(message.properties.headers?.["x-reason"]));
        return reasons.length;
      },
      (count) => count === 4,
    );
    await connection.close();
    expect(reasons.sort()).toEqual([
      "/status must be equal to one of the allowed values",
      "an execution at a price worse than the order's",
      "more is executed than was ordered",
      "the order is not known",
    ]);
  });

  describe("a cancel", () => {
    it("is sent once, and only the exchange's answer changes the order", async () => {
      const orderId = await placed();
      const path = `/api/v1/orders/${orderId}`;
      const answers = [await service.request("DELETE", path), await service.request("DELETE", path)];
      for (const { status, body } of answers) {
        expect({ status, body }).toMatchObject({
          status: 202,
          body: { status: "PENDING", cancelRequested: true },
        });
      }
      await eventuallyEqual(() => service.messagesOf(orderId).map(({ action }) => action), ["NEW", "CANCEL"]);
      await service.answer({ orderId, status: "CANCELLED", orderSeq: 2, cumQuantity: 0, leavesQuantity: 0 });
      await eventuallyEqual(async () => (await service.find(orderId)).status, "CANCELLED");
      expect((await service.request("DELETE", path)).body).toMatchObject({
        status: "CANCELLED",
        cancelRequested: false,
      });
      expect(service.messagesOf(orderId)).toHaveLength(2);
    });

    it("that comes too late may be asked for again", async () => {
      const orderId = await placed();
      const path = `/api/v1/orders/${orderId}`;
      await service.request("DELETE", path);
      await service.answer({ orderId, status: "CANCEL_REJECTED", orderSeq: 2, reason: "TOO_LATE" });
      await eventuallyEqual(async () => (await service.find(orderId)).cancelRequested, false);
      await service.request("DELETE", path);
      await eventuallyEqual(
        () => service.messagesOf(orderId).map(({ action }) => action),
        ["NEW", "CANCEL", "CANCEL"],
      );
    });
  });

  it("keeps the orders of one user from another", async () => {
    const orderId = await placed({}, "user-a");
    const path = `/api/v1/orders/${orderId}`;
    for (const method of ["GET", "DELETE"] as const) {
      const { status, body } = await service.request(method, path, {
        userId: "user-b",
        headers: { "x-user-id": "user-a" },
      });
      expect({ status, code: body.code }).toEqual({ status: 404, code: "NOT_FOUND" });
    }
    expect((await service.request("GET", "/api/v1/orders", { userId: "user-b" })).body).toEqual({
      items: [],
      next: null,
    });
    expect((await service.request("GET", path, { userId: "user-a" })).body.cancelRequested).toBe(false);
  });

  it("lists a user's orders page by page, newest first, by status and ticker", async () => {
    const ids = [
      await placed({}, "lister"),
      await placed({ ticker: "PETR4F", quantity: 7 }, "lister"),
      await placed({}, "lister"),
    ];
    const list = async (query: string) =>
      (await service.request("GET", `/api/v1/orders?${query}`, { userId: "lister" })).body;
    const first = await list("limit=2");
    expect(first.items.map(({ orderId }: { orderId: string }) => orderId)).toEqual([ids[2], ids[1]]);
    const second = await list(`limit=2&cursor=${first.next}`);
    expect(second).toMatchObject({ items: [{ orderId: ids[0] }], next: null });
    expect((await list("ticker=PETR4F")).items).toMatchObject([{ orderId: ids[1], ticker: "PETR4F" }]);
    expect((await list("status=FILLED")).items).toEqual([]);
  });

  it("counts orders and how long they take", async () => {
    const text = await service.metrics();
    expect(text).toMatch(/orders_total\{status="FILLED"\} \d/);
    expect(text).toMatch(/order_roundtrip_seconds_count [1-9]/);
    expect(text).toMatch(/dead_letters_total\{source="mq-b3-to-broker"\} 4/);
  });
});
