import { v7 as makeId } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Position, Transaction } from "../../contracts/rest.js";
import { openDatabase } from "../../kit/sql/database.js";
import { compile } from "../shared/validate.js";
import type { WalletSchema } from "./adapters/schema.js";
import { openWalletLab, type WalletLab } from "./testing/wallet-lab.js";

let lab: WalletLab;
let ana: string;

beforeAll(async () => {
  lab = await openWalletLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  ana = await lab.register();
});

describe("a user's own wallet", () => {
  it("opens with the first call, empty", async () => {
    expect(await lab.cashOf(ana)).toEqual({ available: 0, blocked: 0 });
    expect(await lab.positionsOf(ana)).toEqual([]);
    expect((await lab.get(ana, "transactions")).body).toEqual({ items: [], next: null });
  });

  it("is reached by its owner's token alone, whatever else is sent", async () => {
    const bia = await lab.register();
    await lab.post(ana, "me/deposit", { amount: 100 });
    const userId = (await lab.terms(ana)).userId;
    const { body } = await lab.get(bia, "summary", { "x-user-id": userId });
    expect(body).toMatchObject({ available: 0 });
    expect(
      ((await lab.get(bia, "transactions", { "x-user-id": userId })).body as { items: [] }).items,
    ).toEqual([]);
    await lab.post(bia, "me/withdraw", { amount: 100 }, { "x-user-id": userId });
    expect(await lab.cashOf(ana)).toEqual({ available: 100, blocked: 0 });
    expect(await lab.get("", "summary", { "x-user-id": userId })).toMatchObject({ status: 401 });
    expect(await lab.get(`${ana.slice(0, -4)}AAAA`, "summary")).toMatchObject({ status: 401 });
    expect(await lab.request("GET", `/api/v1/wallets/${userId}/summary`, { token: bia })).toMatchObject({
      status: 404,
    });
  });

  it("takes cash in and gives it out, and no more than there is", async () => {
    const { status, body } = await lab.post(ana, "me/deposit", { amount: 1_000.0001 });
    expect(status).toBe(200);
    expect(compile(Transaction)(body)).toMatchObject({ ok: true });
    expect(body).toMatchObject({
      transactionType: "DEPOSIT",
      sequence: 1,
      amount: 1_000.0001,
      balanceAfter: 1_000.0001,
    });
    expect(await lab.post(ana, "me/withdraw", { amount: 1_000.0002 })).toMatchObject({
      status: 422,
      body: { code: "NO_FUNDS" },
    });
    expect(await lab.post(ana, "me/withdraw", { amount: 0.0001 })).toMatchObject({
      body: { amount: -0.0001, sequence: 2 },
    });
    expect(await lab.cashOf(ana)).toEqual({ available: 1_000, blocked: 0 });
  });

  it("does what has an Idempotency-Key once", async () => {
    const bia = await lab.register();
    const headers = { "idempotency-key": "first" };
    const first = await lab.post(ana, "me/deposit", { amount: 5 }, headers);
    expect(await lab.post(ana, "me/deposit", { amount: 5 }, headers)).toEqual(first);
    expect(await lab.post(ana, "me/deposit", { amount: 6 }, headers)).toMatchObject({
      body: { code: "IDEMPOTENCY_MISMATCH" },
    });
    await lab.post(bia, "me/deposit", { amount: 7 }, headers);
    expect([await lab.cashOf(ana), await lab.cashOf(bia)]).toMatchObject([
      { available: 5 },
      { available: 7 },
    ]);
  });

  it("finds what an attempt did whose end nobody saw", async () => {
    const headers = { "idempotency-key": "lost" };
    const first = await lab.post(ana, "me/deposit", { amount: 5 }, headers);
    const database = await openDatabase<WalletSchema>({ kind: "sqlite", path: lab.databasePath });
    const { userId } = await lab.terms(ana);
    const unfinished = { status: null, body: null, started_ms: 0 };
    await database.db.updateTable("idempotency_keys").set(unfinished).where("user_id", "=", userId).execute();
    await database.close();
    expect(await lab.post(ana, "me/deposit", { amount: 5 }, headers)).toEqual(first);
    expect(await lab.cashOf(ana)).toEqual({ available: 5, blocked: 0 });
  });

  it("lists its transactions page by page, newest first", async () => {
    for (let amount = 1; amount <= 5; amount += 1) await lab.post(ana, "me/deposit", { amount });
    const pages: number[][] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const path: string = `transactions?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const { body } = (await lab.get(ana, path)) as { body: { items: Transaction[]; next: string | null } };
      pages.push(body.items.map(({ amount }) => amount));
      cursor = body.next;
    }
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });

  it.each([
    ["me/deposit", { amount: 10_000_000.0001 }, "AMOUNT_LIMIT", "amount"],
    ["me/deposit", { amount: 1e21 }, "AMOUNT_LIMIT", "amount"],
    ["me/deposit", { amount: 0.00001 }, "AMOUNT_INVALID", "amount"],
    ["me/deposit", { amount: 0 }, "INVALID_FIELD", "amount"],
    ["me/deposit", { amount: -1 }, "INVALID_FIELD", "amount"],
    ["me/deposit", { amount: "1" }, "INVALID_FIELD", "amount"],
    ["me/deposit", { amount: 1, userId: "x" }, "UNKNOWN_FIELD", "userId"],
    ["me/deposit", {}, "MISSING_FIELD", "amount"],
    ["me/withdraw", { amount: 1.00001 }, "AMOUNT_INVALID", "amount"],
    ["me/withdraw", [], "INVALID_BODY", undefined],
  ])("refuses %s %o", async (path, body, code, field) => {
    const answer = await lab.post(ana, path, body);
    expect(answer).toMatchObject({ status: 422, body: { code } });
    if (field !== undefined) expect(answer).toMatchObject({ body: { field } });
    expect(await lab.cashOf(ana)).toEqual({ available: 0, blocked: 0 });
  });

  it.each(["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=-1", "page=2"])(
    "refuses ?%s",
    async (query) => {
      expect(await lab.get(ana, `transactions?${query}`)).toMatchObject({ status: 422 });
    },
  );
});

describe("custody", () => {
  it("is the administrator's", async () => {
    const body = { userId: (await lab.terms(ana)).userId, ticker: "PETR4", quantity: 300, unitPrice: 30 };
    for (const path of ["custody-in", "custody-out"]) {
      expect(await lab.post(ana, path, body)).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    }
    expect(await lab.post(lab.admin, "custody-in", body)).toMatchObject({
      status: 200,
      body: { quantity: 300, amount: 0 },
    });
    expect(await lab.post(lab.admin, "custody-out", { ...body, quantity: 301 })).toMatchObject({
      body: { code: "NO_SHARES" },
    });
    expect(await lab.post(lab.admin, "custody-out", { ...body, quantity: 100 })).toMatchObject({
      body: { quantity: -100 },
    });
    const [position, ...others] = await lab.positionsOf(ana);
    expect(others).toEqual([]);
    expect(compile(Position)(position)).toMatchObject({ ok: true });
    expect(position).toEqual({
      ...{ ticker: "PETR4", available: 200, blocked: 0, totalCost: 6_000, averagePrice: 30, price: null },
    });
    expect(await lab.positionsOf(lab.admin)).toEqual([]);
  });

  it.each([
    [{ quantity: 0 }, "quantity"],
    [{ quantity: 1.5 }, "quantity"],
    [{ quantity: 10_000_001 }, "quantity"],
    [{ ticker: "petr4" }, "ticker"],
    [{ unitPrice: -1 }, "unitPrice"],
    [{ userId: "" }, "userId"],
  ])("refuses %o", async (wrong, field) => {
    const body = { userId: "somebody", ticker: "PETR4", quantity: 1, ...wrong };
    expect(await lab.post(lab.admin, "custody-in", body)).toMatchObject({ status: 422, body: { field } });
  });
});

describe("reservations", () => {
  it("are for the order service", async () => {
    await lab.post(ana, "me/deposit", { amount: 10_000 });
    const body = await lab.terms(ana);
    for (const token of [null, "", "wrong", ana]) {
      expect(await lab.reservation("PUT", makeId(), body, token)).toMatchObject({ status: 401 });
      expect(await lab.reservation("DELETE", makeId(), undefined, token)).toMatchObject({ status: 401 });
    }
    expect(await lab.cashOf(ana)).toEqual({ available: 10_000, blocked: 0 });
  });

  it("hold cash once per order, and give it back once", async () => {
    await lab.post(ana, "me/deposit", { amount: 10_000 });
    const body = await lab.terms(ana);
    const id = makeId();
    for (let time = 1; time <= 3; time += 1) {
      expect(await lab.reservation("PUT", id, body)).toEqual({
        status: 200,
        body: { orderId: id, state: "HELD" },
      });
    }
    expect(await lab.cashOf(ana)).toEqual({ available: 6_150, blocked: 3_850 });
    expect(await lab.reservation("PUT", id, { ...body, quantity: 101 })).toMatchObject({
      status: 409,
      body: { code: "RESERVATION_MISMATCH" },
    });
    for (let time = 1; time <= 2; time += 1) {
      expect(await lab.reservation("DELETE", id)).toEqual({
        status: 200,
        body: { orderId: id, state: "RELEASED" },
      });
    }
    expect(await lab.reservation("PUT", id, body)).toMatchObject({ status: 409, body: { code: "RELEASED" } });
    expect(await lab.cashOf(ana)).toEqual({ available: 10_000, blocked: 0 });
  });

  it("are refused after they were called off, and hold nothing where there is not enough", async () => {
    await lab.post(ana, "me/deposit", { amount: 3_849.9999 });
    const body = await lab.terms(ana);
    const early = makeId();
    expect(await lab.reservation("DELETE", early)).toMatchObject({
      status: 200,
      body: { state: "RELEASED" },
    });
    expect(await lab.reservation("PUT", early, body)).toMatchObject({
      status: 409,
      body: { code: "RELEASED" },
    });
    const id = makeId();
    expect(await lab.reservation("PUT", id, body)).toMatchObject({ status: 422, body: { code: "NO_FUNDS" } });
    expect(await lab.reservation("PUT", makeId(), { ...body, side: "SELL" })).toMatchObject({
      body: { code: "NO_SHARES" },
    });
    expect(await lab.reservation("PUT", makeId(), { ...body, userId: "nobody" })).toMatchObject({
      body: { code: "NO_FUNDS" },
    });
    expect(await lab.cashOf(ana)).toEqual({ available: 3_849.9999, blocked: 0 });
    await lab.post(ana, "me/deposit", { amount: 0.0001 });
    expect(await lab.reservation("PUT", id, body)).toMatchObject({ status: 200 });
  });

  it("of an odd lot hold the same shares", async () => {
    const body = await lab.terms(ana, { side: "SELL", ticker: "PETR4F", quantity: 99 });
    await lab.post(lab.admin, "custody-in", { userId: body.userId, ticker: "PETR4", quantity: 100 });
    expect(await lab.reservation("PUT", makeId(), body)).toMatchObject({ status: 200 });
    expect(await lab.positionsOf(ana)).toMatchObject([{ ticker: "PETR4", available: 1, blocked: 99 }]);
    expect(await lab.reservation("PUT", makeId(), { ...body, ticker: "PETR4", quantity: 2 })).toMatchObject({
      body: { code: "NO_SHARES" },
    });
  });

  it.each([
    [{ unitPrice: 38.50001 }, "AMOUNT_INVALID"],
    [{ unitPrice: 1_000_000, quantity: 10_000_000 }, "AMOUNT_LIMIT"],
    [{ unitPrice: 1_000_001 }, "AMOUNT_LIMIT"],
    [{ unitPrice: 0 }, "INVALID_FIELD"],
    [{ quantity: -1 }, "INVALID_FIELD"],
    [{ quantity: 1.5 }, "INVALID_FIELD"],
    [{ side: "HOLD" }, "INVALID_FIELD"],
    [{ ticker: "PETR4FF" }, "INVALID_FIELD"],
    [{ price: 1 }, "UNKNOWN_FIELD"],
  ])("are refused with %o", async (wrong, code) => {
    await lab.post(ana, "me/deposit", { amount: 10_000 });
    expect(await lab.reservation("PUT", makeId(), await lab.terms(ana, wrong))).toMatchObject({
      status: 422,
      body: { code },
    });
    expect(await lab.cashOf(ana)).toEqual({ available: 10_000, blocked: 0 });
  });
});

it("describes its routes", async () => {
  const { status, body } = await lab.request("GET", "/openapi.json");
  expect(status).toBe(200);
  const { paths } = body as { paths: Record<string, object> };
  expect(
    Object.keys(paths)
      .filter((path) => /wallets|internal/.test(path))
      .sort(),
  ).toEqual([
    "/api/v1/wallets/custody-in",
    "/api/v1/wallets/custody-out",
    "/api/v1/wallets/me/deposit",
    "/api/v1/wallets/me/positions",
    "/api/v1/wallets/me/summary",
    "/api/v1/wallets/me/transactions",
    "/api/v1/wallets/me/withdraw",
    "/internal/v1/reservations/{orderId}",
  ]);
});
