import type { FastifyRequest } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Database, openDatabase } from "../../../kit/sql/database.js";
import { switchSqliteFile } from "../../../kit/sql/sqlite-file.js";
import { makeStoreFolder } from "../../../test/support/domain-service.js";
import {
  createIdempotency,
  type Idempotency,
  type IdempotencySchema,
  type OnceOptions,
} from "./idempotency.js";
import { Problem, refuse } from "./problem.js";

const ddl = `create table idempotency_keys (
  user_id text not null, idempotency_key text not null, request_hash text not null, reference text not null,
  started_ms integer not null, created_ms integer not null, status integer null, body text null,
  primary key (user_id, idempotency_key)) without rowid`;
let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
let database: Database<IdempotencySchema>;
let idempotency: Idempotency;

beforeEach(async () => {
  folder = await makeStoreFolder();
  database = await openDatabase<IdempotencySchema>({ kind: "sqlite", path: `${folder.path}/keys.sqlite` });
  const { sql } = await import("kysely");
  await sql.raw(ddl).execute(database.db);
  idempotency = createIdempotency(database);
});
afterEach(async () => {
  vi.useRealTimers();
  await idempotency.close();
  await database.close();
  await folder.remove();
});

/** As after a crash or a restart: nothing is known but what is stored. */
async function restart() {
  await idempotency.close();
  idempotency = createIdempotency(database);
}

interface Ask {
  readonly key?: string;
  readonly body?: unknown;
  readonly userId?: string;
}

function ask({ key = "k1", body = { a: 1 }, userId = "u1" }: Ask, options: Partial<OnceOptions> = {}) {
  const request = { headers: { "idempotency-key": key }, method: "POST", url: "/orders", body };
  return idempotency.answerOnce({
    request: request as unknown as FastifyRequest,
    userId,
    reference: "order-1",
    work: async (reference) => ({ status: 201, body: { orderId: reference } }),
    recover: async () => undefined,
    ...options,
  });
}

describe("a repeat", () => {
  it("gets the stored answer, at once and after a restart, and nothing is done again", async () => {
    const work = vi.fn(async () => ({ status: 201, body: { orderId: "o" } }));
    const first = await ask({}, { work });
    expect(await ask({}, { work })).toEqual(first);
    await restart();
    expect(await ask({}, { work })).toEqual(first);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("is told from the others that come in the same moment", async () => {
    const work = vi.fn(async () => ({ status: 201, body: {} }));
    await ask({ key: "known", body: "known" }, { work });
    const keys = ["a", "known", "b", "c", "a"];
    const asked = await Promise.all(keys.map((key) => ask({ key, body: key }, { work })));
    expect(asked).toHaveLength(keys.length);
    expect(work).toHaveBeenCalledTimes(4);
  });

  it("gets the stored refusal", async () => {
    const work = vi.fn(async () => {
      throw refuse("NO_FUNDS", "There is not enough cash.");
    });
    for (let round = 0; round < 3; round += 1) {
      await expect(ask({}, { work })).rejects.toMatchObject({ status: 422, code: "NO_FUNDS" });
      if (round === 1) await restart();
    }
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("with another body is refused, also while the first runs", async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = ask({}, { work: () => finished.then(() => ({ status: 201, body: {} })) });
    const mismatch = { status: 422, code: "IDEMPOTENCY_MISMATCH" };
    await vi.waitFor(() => expect(ask({ body: { a: 2 } })).rejects.toMatchObject(mismatch));
    await expect(ask({})).rejects.toMatchObject({ status: 409, code: "IDEMPOTENCY_RUNNING" });
    finish();
    await first;
    await expect(ask({ body: { a: 2 } })).rejects.toMatchObject(mismatch);
  });

  it("of another user is their own", async () => {
    await ask({});
    expect(await ask({ userId: "u2", body: { a: 2 } }, { reference: "order-2" })).toMatchObject({
      body: { orderId: "order-2" },
    });
  });

  it("does once what twenty ask for at the same time", async () => {
    const work = vi.fn(async () => ({ status: 201, body: {} }));
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => ask({}, { work })));
    expect(work).toHaveBeenCalledTimes(1);
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
  });

  it("after 24 hours is a new request", async () => {
    await ask({});
    await restart();
    vi.useFakeTimers({ now: Date.now() + 24 * 3_600_000 + 1_000, toFake: ["Date"] });
    expect(await ask({ body: { a: 2 } }, { reference: "order-2" })).toMatchObject({
      body: { orderId: "order-2" },
    });
  });
});

describe("an attempt that ended nobody knows how", () => {
  const lost = () => Promise.reject(new Error("the connection was lost"));

  it("is looked up by its reference when it is repeated", async () => {
    await expect(ask({}, { work: lost })).rejects.toThrow("lost");
    const recover = vi.fn(async () => ({ status: 201, body: { orderId: "order-1" } }));
    const work = vi.fn(lost);
    expect(await ask({}, { reference: "order-2", work, recover })).toMatchObject({ status: 201 });
    expect(recover).toHaveBeenCalledWith("order-1");
    expect(work).not.toHaveBeenCalled();
  });

  it("is done under its own reference where nothing was made", async () => {
    await expect(ask({}, { work: lost })).rejects.toThrow("lost");
    expect(await ask({}, { reference: "order-2" })).toEqual({ status: 201, body: { orderId: "order-1" } });
  });

  it("counts as running for 30 s when it crashed, then it is looked up", async () => {
    void ask({}, { work: () => new Promise(() => {}) });
    await vi.waitFor(() => expect(ask({})).rejects.toMatchObject({ code: "IDEMPOTENCY_RUNNING" }));
    await restart();
    await expect(ask({})).rejects.toMatchObject({ code: "IDEMPOTENCY_RUNNING" });
    vi.useFakeTimers({ now: Date.now() + 30_001, toFake: ["Date"] });
    let finish = () => {};
    const recover = vi.fn(async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 201, body: {} };
    });
    const first = ask({}, { recover });
    await vi.waitFor(() => expect(recover).toHaveBeenCalledTimes(1));
    await expect(ask({}, { recover })).rejects.toMatchObject({ code: "IDEMPOTENCY_RUNNING" });
    finish();
    expect(await first).toMatchObject({ status: 201 });
    expect(recover).toHaveBeenCalledTimes(1);
  });

  it("frees the key where it is known that nothing was made", async () => {
    const work = () => Promise.reject(new Problem({ status: 503, code: "AWAY", title: "Away." }));
    await expect(ask({}, { work })).rejects.toMatchObject({ code: "AWAY" });
    expect(await ask({ body: { a: 2 } })).toMatchObject({ status: 201 });
  });
});

describe("the database", () => {
  it("is given the answers that were made while it was away", async () => {
    const path = `${folder.path}/keys.sqlite`;
    const work = async () => {
      switchSqliteFile(path, false);
      return { status: 201, body: { orderId: "o" } };
    };
    expect(await ask({}, { work })).toMatchObject({ status: 201 });
    await expect(ask({ key: "k2" })).rejects.toMatchObject({ code: "STORE_STOPPED" });
    switchSqliteFile(path, true);
    await restart();
    expect(await ask({}, { work })).toEqual({ status: 201, body: { orderId: "o" } });
  });

  it.each(["", " ", "a b", "é", "x".repeat(201)])("never sees the key '%s'", async (key) => {
    await expect(ask({ key })).rejects.toMatchObject({ status: 422, code: "INVALID_FIELD" });
  });
});
