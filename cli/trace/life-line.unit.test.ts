import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Facts, Known, MessageFacts } from "./facts.js";
import { assembleLifeLine } from "./life-line.js";

const atMs = 1_780_000_000_000;
const orderId = "019a7c3e-5b1f-7000-8000-000000007f3c";
const eventTimestamp = new Date(atMs + 5).toISOString();

interface Flow {
  readonly status: string;
  /** Quantity of each execution; the order is of 100. */
  readonly executions: readonly number[];
  readonly asksToCancel?: boolean;
}

const flows: Readonly<Record<string, Flow>> = {
  filled: { status: "FILLED", executions: [100] },
  "filled in two parts": { status: "FILLED", executions: [60, 40] },
  "partly filled and cancelled": { status: "CANCELLED", executions: [60], asksToCancel: true },
  cancelled: { status: "CANCELLED", executions: [], asksToCancel: true },
  expired: { status: "EXPIRED", executions: [] },
  "partly filled and expired": { status: "EXPIRED", executions: [30] },
  "partly filled": { status: "PARTIALLY_FILLED", executions: [60] },
  resting: { status: "PENDING", executions: [] },
};

const entry = (type: string, executionId: string | null) => ({
  ...{ type, executionId, amount: 10_000, quantity: null, atMs: atMs + 20 },
});
const walletEvent = (type: string, executionId: string | null) =>
  message("wallet-events-v1", { transactionType: type, executionId, sequence: 1 });

function message(stream: string, value: object, key: string | null = null): MessageFacts {
  return {
    ...{ place: `${stream}@1`, stream, key, publishedMs: atMs + 10, clock: "x-published-at" },
    value: { orderId, eventTimestamp, ...value },
  };
}

interface Result {
  readonly status: string;
  readonly executionId: string | null;
  readonly executedPrice: number | null;
  readonly executedQuantity: number | null;
}

/** What all stores and brokers have of an order that went this way; each row and message is one hop. */
function factsOf({ status, executions, asksToCancel = false }: Flow): Facts {
  const price = 380_000;
  const cumQuantity = executions.reduce((sum, quantity) => sum + quantity, 0);
  const isLast = (index: number) => status === "FILLED" && index === executions.length - 1;
  const fills = executions.map((quantity, index) => ({
    ...{ status: isLast(index) ? "FILLED" : "PARTIALLY_FILLED", executionId: `7-${index + 1}` },
    ...{ executedPrice: price, executedQuantity: quantity },
  }));
  const none = { executionId: null, executedPrice: null, executedQuantity: null };
  const ends = ["CANCELLED", "EXPIRED"].includes(status);
  const told: Result[] = [{ status: "ACCEPTED", ...none }, ...fills, ...(ends ? [{ status, ...none }] : [])];
  const results = told.map((result, index) => ({
    ...{ ...result, orderSeq: index + 1, reason: null, atMs: atMs + 8 + index },
  }));
  const toBrokerage = results.map(({ executedPrice, ...result }) =>
    message(
      "exchange.broker.orders",
      { ...result, executedPrice: executedPrice === null ? null : executedPrice / 10_000 },
      "b3.order.results",
    ),
  );
  const actions = ["NEW", ...(asksToCancel ? ["CANCEL"] : [])];
  const events = [{ status: "PENDING", ...none }, ...told.slice(1)].map((one, index) =>
    message("order-events-v1", { ...one, version: index + 1, executedPrice: one.executedPrice && 38 }),
  );
  const movements: [string, string | null][] = [
    ["RESERVE", null],
    ...fills.map(({ executionId }): [string, string] => ["SETTLEMENT", executionId]),
    ...(ends ? [["REFUND", null] as [string, null]] : []),
  ];
  return {
    ...{ orderId, nowMs: atMs + 10_000, seeded: false },
    order: {
      value: {
        ...{ userId: "u", ticker: "PETR4", side: "BUY", type: "LIMIT", timeInForce: "DAY", quantity: 100 },
        ...{ price, status, reservation: "HELD", cumQuantity, version: events.length, acknowledged: true },
        statusSeq: status === "PENDING" ? 0 : results.length,
        ...{ cancelRequested: false, reason: null, createdMs: atMs, updatedMs: atMs + 20 },
      },
    },
    recorded: {
      value: fills.map(({ executionId, executedQuantity: quantity }) => ({
        ...{ executionId, quantity, price, atMs: atMs + 15 },
      })),
    },
    entries: { value: movements.map(([type, id]) => entry(type, id)) },
    commands: { value: actions.map((kind) => ({ kind, atMs: atMs + 7 })) },
    results: { value: results },
    audited: {
      value: [
        ...actions.map((action) => message("exchange.broker.orders", { action }, "b3.matching.engine")),
        ...toBrokerage,
      ],
    },
    orderEvents: { value: events },
    walletEvents: { value: movements.map(([type, id]) => walletEvent(type, id)) },
    report: { value: { version: events.length, status } },
  };
}

const lists = [
  ...["recorded", "entries", "commands", "results", "audited", "orderEvents", "walletEvents"],
] as const;

/** The hop that each row or message is. */
function hopOf(list: string, fact: Readonly<Record<string, unknown>>): string {
  const value = (fact.value ?? fact) as Readonly<Record<string, unknown>>;
  const key = String(value.executionId ?? value.status ?? "rest");
  if (list === "recorded") return `record ${key}`;
  if (list === "commands") return `take ${String(value.kind)}`;
  if (list === "results") return `result ${key}`;
  if (list === "orderEvents") return `event ${key}`;
  if (list === "walletEvents") return `walletEvent ${String(value.transactionType)} ${key}`;
  if (list === "audited")
    return value.action === undefined ? `answer ${key}` : `send ${String(value.action)}`;
  if (value.type === "RESERVE") return "reserve";
  return value.type === "REFUND" ? `settle REFUND ${key}` : `settle ${key}`;
}

function listOf(facts: Facts, name: string): readonly Readonly<Record<string, unknown>>[] {
  const known = facts[name as keyof Facts] as Known<readonly Readonly<Record<string, unknown>>[]>;
  return "value" in known ? known.value : [];
}

function missingOf(facts: Facts): string[] {
  return assembleLifeLine(facts).hops.flatMap(({ id, state }) =>
    state === "missing" || state === "waiting" ? [id] : [],
  );
}

describe.each(Object.entries(flows))("an order that is %s", (_name, flow) => {
  const facts = factsOf(flow);
  const hops = lists.flatMap((list) => listOf(facts, list).map((fact) => ({ list, fact })));

  it("has no missing hop, and a hop for each row and message", () => {
    expect(missingOf(facts)).toEqual([]);
    const ids = assembleLifeLine(facts).hops.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(hops.map(({ list, fact }) => hopOf(list, fact))));
  });

  it("has exactly those missing that are taken out", () => {
    fc.assert(
      fc.property(fc.subarray(hops), fc.boolean(), (removed, withoutReport) => {
        const gone = new Set(removed.map(({ fact }) => fact));
        const left = Object.fromEntries(
          lists.map((list) => [list, { value: listOf(facts, list).filter((fact) => !gone.has(fact)) }]),
        );
        const nameless = executionsWithoutTrace(removed);
        fc.pre(nameless.length === 0);
        const some = {
          ...facts,
          ...left,
          ...(withoutReport ? { report: { value: undefined } } : {}),
        } as Facts;
        expect(missingOf(some).sort()).toEqual(
          [
            ...removed.map(({ list, fact }) => hopOf(list, fact)),
            ...(withoutReport ? ["report"] : []),
          ].sort(),
        );
      }),
    );
  });

  /** Where nobody knows an execution's id any more it cannot be called by it. */
  function executionsWithoutTrace(removed: typeof hops): string[] {
    const sources = ["results", "audited", "orderEvents", "recorded"];
    return flow.executions.flatMap((_quantity, index) => {
      const id = `7-${index + 1}`;
      const isOf = ({ list, fact }: (typeof hops)[number]) =>
        sources.includes(list) && hopOf(list, fact).endsWith(` ${id}`);
      return hops.filter(isOf).length === removed.filter(isOf).length ? [id] : [];
    });
  }
});

describe("what is not there", () => {
  it("is missing only once: the others wait for it", () => {
    const facts = {
      ...factsOf({ status: "FILLED", executions: [100] }),
      entries: { value: [] },
      walletEvents: { value: [] },
    };
    const states = assembleLifeLine(facts).hops.map(({ id, state }) => `${id} ${state}`);
    expect(states).toEqual(expect.arrayContaining(["reserve missing", "walletEvent RESERVE rest waiting"]));
    expect(states).toEqual(
      expect.arrayContaining(["settle 7-1 missing", "walletEvent SETTLEMENT 7-1 waiting"]),
    );
  });

  it("has no name where nobody knows it, and is expected all the same", () => {
    const facts = factsOf({ status: "FILLED", executions: [100] });
    const nothing = { value: [] };
    const names = {
      recorded: nothing,
      results: nothing,
      audited: nothing,
      orderEvents: nothing,
      entries: nothing,
    };
    expect(missingOf({ ...facts, ...names })).toEqual(
      expect.arrayContaining(["result ?", "answer ?", "record ?", "event ?", "settle ?", "result ACCEPTED"]),
    );
  });

  it("is unknown where its store does not answer", () => {
    const facts = factsOf({ status: "FILLED", executions: [100] });
    const line = assembleLifeLine({ ...facts, entries: { unknown: "broker-wallet-db does not answer" } });
    const unknown = line.hops.filter(({ state }) => state === "unknown");
    expect(unknown.map(({ id, note }) => [id, note])).toEqual([
      ["reserve", "broker-wallet-db does not answer"],
      ["settle 7-1", "broker-wallet-db does not answer"],
    ]);
  });

  it("is not expected of an order of the data set", () => {
    const facts = factsOf({ status: "FILLED", executions: [100] });
    const nothing = { value: [] };
    const line = assembleLifeLine({
      ...{ ...facts, audited: nothing, orderEvents: nothing, walletEvents: nothing, seeded: true },
    });
    expect([line.seeded, line.hops.every(({ state }) => state === "done")]).toEqual([true, true]);
  });

  it("stands after what led to it where nobody wrote down when, and has no time then", () => {
    const facts = factsOf({ status: "FILLED", executions: [100] });
    const timeless = ({ value, ...one }: MessageFacts): MessageFacts => {
      const { eventTimestamp: _, ...rest } = value;
      return { ...one, publishedMs: null, clock: "broker", value: rest };
    };
    const audited = "value" in facts.audited ? facts.audited.value.map(timeless) : [];
    const { hops } = assembleLifeLine({ ...facts, audited: { value: audited } });
    const ids = hops.map(({ id }) => id);
    expect(hops.find(({ id }) => id === "send NEW")).toMatchObject({ state: "done", atMs: null });
    expect(ids[ids.indexOf("held") + 1]).toBe("send NEW");
  });

  it("is not expected of a simple exchange and a simple order service", () => {
    const nothing = { value: [] };
    const facts = factsOf({ status: "FILLED", executions: [100] });
    const plain = (stream: string, value: object, key?: string) => message(stream, value, key ?? null);
    const line = assembleLifeLine({
      ...{ ...facts, order: { value: undefined }, recorded: nothing, commands: nothing, results: nothing },
      audited: {
        value: [
          plain("exchange.broker.orders", { ticker: "PETR4", quantity: 100 }, "b3.matching.engine"),
          plain("exchange.broker.orders", { status: "FILLED", executedPrice: 38 }, "b3.order.results"),
        ],
      },
      orderEvents: {
        value: [
          plain("order-events-v1", { status: "PENDING", executedPrice: null }),
          plain("order-events-v1", { status: "FILLED", quantity: 100, executedPrice: 38 }),
        ],
      },
      entries: { value: [entry("RESERVE", null), entry("SETTLEMENT", `${orderId}:1`)] },
      walletEvents: { value: [walletEvent("RESERVE", null), walletEvent("SETTLEMENT", `${orderId}:1`)] },
      report: { value: { version: 17, status: "FILLED" } },
    });
    expect(line.hops.filter(({ state }) => state !== "done")).toEqual([]);
    expect([line.final, line.status]).toEqual([true, "FILLED"]);
  });
});
