import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Style } from "../output/output.js";
import { formatHex } from "./format-hex.js";
import { describeRecord } from "./format-json.js";
import { createTemplate } from "./format-template.js";
import { createTextFormat } from "./format-text.js";
import { printable } from "./printable.js";
import type { StreamRecord } from "./record.js";
import { noonMs, orderEvent, orderId, recordOf } from "./testing/records.js";
import { validateRecord } from "./validate.js";

const same = (text: string): string => text;
const plain: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
const format = (record: StreamRecord, columns = 80): string =>
  createTextFormat({ style: plain, columns, now: () => noonMs })(record);
const toBroker = { source: "rabbit", stream: "audit.broker.orders", kind: "stream" } as const;

describe("a line of text", () => {
  it("tells an order's way over both brokers as one story", () => {
    const show = createTextFormat({ style: plain, columns: 80, now: () => noonMs });
    const { price, side, quantity, ticker } = orderEvent;
    const exchange = "exchange.broker.orders";
    const way = { ...toBroker, exchange };
    const filled = { executedPrice: 38.47, status: "FILLED" };
    const lines = [
      recordOf({ value: orderEvent }),
      recordOf({
        ...way,
        key: "b3.matching.engine",
        publishedMs: noonMs + 3,
        value: { orderId, price, side, quantity, ticker },
      }),
      recordOf({ ...way, key: "b3.order.results", publishedMs: noonMs + 16, value: { orderId, ...filled } }),
      recordOf({ publishedMs: noonMs + 23, value: { ...orderEvent, ...filled } }),
    ].map(show);
    expect(`\n${lines.join("\n")}\n`).toBe(`
12:04:31.118 kafka   order-events  7f3c  BUY   100 PETR4  38.50  PENDING
12:04:31.121 rabbit  -> b3         7f3c  BUY   100 PETR4  38.50
12:04:31.134 rabbit  <- b3         7f3c  BUY   100 PETR4  38.47  FILLED
12:04:31.141 kafka   order-events  7f3c  BUY   100 PETR4  38.47  FILLED
`);
  });

  it("shows every other message of the brokerage", () => {
    const result = { ...toBroker, exchange: "exchange.broker.orders", key: "b3.order.results" };
    const movement = {
      userId: "user-1",
      orderId,
      transactionType: "RESERVE",
      amount: -3850,
      ticker: null,
      balanceAfter: 6150,
      blockedBalanceAfter: 3850,
    };
    const quote = { ticker: "PETR4", name: "PETROBRAS PN", short_name: "PETR", price: 38.4725, volume: 1200 };
    const lines = [
      recordOf({ stream: "wallet-events-v1", value: movement }),
      recordOf({
        stream: "wallet-events-v1",
        value: {
          ...movement,
          transactionType: "CUSTODY_IN",
          amount: 0,
          ticker: "PETR4",
          quantity: 50,
          orderId: null,
        },
      }),
      recordOf({ stream: "trading-assets-market-data-v1", value: quote }),
      recordOf({ value: { ...orderEvent, status: "PARTIALLY_FILLED", cumQuantity: 40 } }),
      recordOf({ ...result, value: { orderId, status: "REJECTED", reason: "UNKNOWN_TICKER" } }),
      recordOf({ ...result, key: "b3.matching.engine", value: { orderId, action: "CANCEL" } }),
      recordOf({
        ...result,
        exchange: "dlx.broker.orders",
        headers: { "x-reason": "/quantity must be >= 1" },
        value: { orderId },
      }),
      recordOf({
        stream: "order-events-v1.dlt",
        bytes: Buffer.from("{broken"),
        headers: { "x-reason": "not JSON" },
      }),
    ].map((record) => format(record));
    expect(`\n${lines.join("\n")}\n`).toBe(`
12:04:31.118 kafka   wallet-events 7f3c  RESERVE      -3850.00 has 6150.00 …
12:04:31.118 kafka   wallet-events       CUSTODY_IN   50 PETR4 has 6150.00 …
12:04:31.118 kafka   market-data   PETR4   38.4725  volume 1200  PETROBRAS PN
12:04:31.118 kafka   order-events  7f3c  BUY   100 PETR4  38.50  PARTIAL 40/100
12:04:31.118 rabbit  <- b3         7f3c                   REJECTED UNKNOWN_TICK…
12:04:31.118 rabbit  -> b3         7f3c                          CANCEL
12:04:31.118 rabbit  dead <- b3    7f3c  /quantity must be >= 1
12:04:31.118 kafka   order-events.dlt user-1  {broken
`);
  });

  it("shows what it does not know as it is", () => {
    const other = { stream: "orders.of.mine", key: "k" };
    expect(
      [
        recordOf({ ...other, value: { any: "thing" } }),
        recordOf({ ...other, bytes: Buffer.from("a\tb\n\u001b[31mred\u202e") }),
        recordOf({ ...other, bytes: Buffer.from([0, 255, 16]) }),
        recordOf({ ...other, bytes: Buffer.alloc(0) }),
        recordOf({ ...other, bytes: null }),
        recordOf({ ...other, bytes: Buffer.from("x"), note: "compressed: zstd, cannot be decoded" }),
        recordOf({ value: { orderId: 5 } }),
        recordOf({ value: ["not", "an", "object"], publishedMs: noonMs - 86_400_000 }),
        recordOf({ publishedMs: Number.NaN }),
      ].map((record) => format(record)),
    ).toEqual([
      '12:04:31.118 kafka   orders.of.mine k  {"any":"thing"}',
      "12:04:31.118 kafka   orders.of.mine k  a\\tb\\n\\x1b[31mred\\u202e",
      "12:04:31.118 kafka   orders.of.mine k  (3 bytes) 00 ff 10",
      "12:04:31.118 kafka   orders.of.mine k  (empty)",
      "12:04:31.118 kafka   orders.of.mine k  (no payload)",
      "12:04:31.118 kafka   orders.of.mine (compressed: zstd, cannot be decoded) k  x",
      '12:04:31.118 kafka   order-events  user-1  {"orderId":5}',
      '01-22 12:04:31.118 kafka   order-events  user-1  ["not","an","object"]',
      "1970-01-01 00:00:00.000 kafka   order-events  user-1  (no payload)",
    ]);
  });

  it("keeps the states below each other where prices and tickers are long", () => {
    const orders = [
      { ticker: "PETR4", price: 38.5 },
      { ticker: "VISC11", price: 123.35 },
      { ticker: "TAEE11F", price: 34.97 },
    ];
    const states = orders.map((order) => format(recordOf({ value: { ...orderEvent, ...order } })));
    expect(new Set(states.map((line) => line.indexOf("PENDING"))).size).toBe(1);
    const cancelled = { ticker: "VISC11", status: "CANCELLED", reason: "NO_LIQUIDITY" };
    expect(format(recordOf({ value: { ...orderEvent, ...cancelled } }))).toMatch(
      /VISC11 CANCELLED NO_LIQUIDITY$/,
    );
  });

  it("says first what passes the firehose, and then what became of it", () => {
    const way = { ...toBroker, exchange: "exchange.broker.orders", key: "b3.matching.engine" };
    const note = "published to mq-broker-to-b3";
    expect(format(recordOf({ ...way, kind: "firehose", note, value: orderEvent }), 120)).toMatch(
      /PETR4 {2}38\.50 {2}PENDING {2}\(published to mq-broker-to-b3\)$/,
    );
  });

  it("gives each order of a run an id that no other has", () => {
    const show = createTextFormat({ style: plain, columns: 80, now: () => noonMs });
    const ids = [orderId, orderId.replace("6a7f3c", "bb7f3c"), orderId];
    const shown = ids.map((id) => show(recordOf({ value: { ...orderEvent, orderId: id } })).split(/\s+/)[3]);
    expect(shown).toEqual(["7f3c", "b7f3c", "7f3c"]);
  });
});

const anyRecord: fc.Arbitrary<StreamRecord> = fc
  .record({
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ unit: "binary" }).map((status) => Buffer.from(JSON.stringify({ ...orderEvent, status }))),
    ),
    key: fc.string({ unit: "binary" }),
    stream: fc.oneof(fc.constant("order-events-v1"), fc.string({ unit: "binary" })),
    reason: fc.string({ unit: "binary" }),
    publishedMs: fc.oneof(fc.integer(), fc.double()),
  })
  .map(({ reason, ...facts }) => recordOf({ ...facts, headers: { "x-reason": reason } }));

/** Control characters, and what turns or hides text. */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe("whatever a message holds", () => {
  it("a line has no control character and fits the terminal", () => {
    const show = createTextFormat({ style: plain, columns: 80, now: () => noonMs });
    fc.assert(
      fc.property(anyRecord, (record) => {
        const line = show(record);
        expect(line).not.toMatch(dangerous);
        expect(line.length).toBeLessThanOrEqual(80);
      }),
      { numRuns: 1_000 },
    );
  });

  it("a dump has no control character but its line ends, and every byte", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const [title = "", ...rows] = formatHex(record).split("\n");
        for (const line of [title, ...rows]) expect(line).not.toMatch(dangerous);
        const bytes = rows.map((row) => row.slice(10, 59).replaceAll(" ", "")).join("");
        expect(bytes).toBe(Buffer.from(record.bytes ?? []).toString("hex"));
      }),
    );
  });

  it("a template prints no control character that it does not have itself", () => {
    const show = createTemplate("{time} {stream} {key} {value} {value.status} {headers.x-reason}");
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(show(record)).not.toMatch(dangerous);
      }),
    );
  });

  it("text that is fit to be printed stays as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        if (!dangerous.test(text)) expect(printable(text)).toBe(text);
      }),
    );
  });
});

describe("a payload that is nested too deeply to be walked through", () => {
  it.each(["[]", '{"a":}'])("is text, of %s", (pair) => {
    const closing = pair.slice(-1);
    const opening = pair.slice(0, -1);
    const text = `${opening.repeat(10_000)}${pair === "[]" ? "" : "1"}${closing.repeat(10_000)}`;
    const record = recordOf({ bytes: Buffer.from(text) });
    expect(describeRecord(record, undefined)).toMatchObject({ encoding: "text", value: text });
    expect(createTemplate("{value}{value.a}")(record)).toBe(text);
    expect(validateRecord(record).problems[0]).toMatchObject({ field: "value", what: "is not JSON" });
  });
});

describe("a template", () => {
  const record = recordOf({
    value: { ticker: "PETR4", items: [{ id: 7 }], nested: { a: 1 } },
    headers: { traceparent: "00-a" },
    partition: 1,
    offset: 4,
  });
  it.each([
    ["{time} {key} {value.ticker}", "2026-01-23T12:04:31.118Z user-1 PETR4"],
    ["{source}/{stream}/{partition}@{offset}", "kafka/order-events-v1/1@4"],
    ["{value.items[0].id} {value.nested} {value.items}", '7 {"a":1} [{"id":7}]'],
    ["[{exchange}{routingKey}{value.none}{value.ticker.length}{headers.none}]", "[]"],
    ["{headers.traceparent}\\t{{{key}}}\\n\\\\", "00-a\t{user-1}\n\\"],
    ["no place at all", "no place at all"],
  ])("%s", (template, line) => {
    expect(createTemplate(template)(record)).toBe(line);
  });

  it.each([
    [
      "{tme}",
      "{tme} is not known: there are time, source, stream, key, partition, offset, exchange, routingKey, headers, value; did you mean {time}?",
    ],
    [
      "{ticker}",
      "{ticker} is not known: there are time, source, stream, key, partition, offset, exchange, routingKey, headers, value",
    ],
    ["{key", "a single { at 1; a brace itself is written twice"],
    ["key}", "a single } at 4; a brace itself is written twice"],
  ])("refuses %s", (template, message) => {
    expect(() => createTemplate(template)).toThrow(`--template: ${message}`);
  });
});
