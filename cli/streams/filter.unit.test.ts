import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { compileFilter } from "./filter.js";
import { noonMs, orderEvent, recordOf } from "./testing/records.js";

const record = recordOf({
  value: { ...orderEvent, executedPrice: 38.47, items: [{ id: 1 }, { id: 2 }] },
  partition: 2,
  offset: 4711,
  headers: { traceparent: "00-abc", "x-published-at": "1" },
});

function refusalOf(expression: string): MybrokerError {
  try {
    compileFilter(expression, "--filter");
  } catch (error) {
    if (error instanceof MybrokerError) return error;
    throw error;
  }
  throw new Error(`${expression} was taken`);
}

describe("a filter", () => {
  it.each([
    'value.ticker == "PETR4"',
    "value.quantity > 99 && value.quantity <= 100",
    "value.quantity == 100",
    "value.quantity in [100, 200]",
    "value.quantity * 2 > 199",
    "2 * value.quantity == 200",
    "value.quantity % 100 == 0",
    "value.price * value.quantity > 3000",
    "has(value.executedPrice) && value.executedPrice < 38.5",
    'key == "user-1"',
    'key.startsWith("user") && stream == "order-events-v1" && source == "kafka"',
    'key.matches("^user-[0-9]+$")',
    "partition == 2 && offset >= 4711",
    'headers["x-published-at"] == "1" && headers.traceparent.startsWith("00-")',
    'time > timestamp("2026-01-23T00:00:00Z")',
    "value.items.exists(item, item.id > 1)",
    '(value.side == "SELL" || value.side == "BUY") && !(value.status == "FILLED")',
    'value.missing == 1 || value.side == "BUY"',
    "exchange == null && routingKey == null",
  ])("takes a record for %s", (expression) => {
    const filter = compileFilter(expression, "--filter");
    expect([filter.matches(record), filter.failures]).toEqual([true, 0]);
  });

  it.each([
    "value.missing == 1",
    "value.missing.deeper > 1",
    "!(value.missing == 1)",
    "headers.missing == '1'",
    'exchange == "x"',
    "value.nothing > 1",
  ])("does not take a record without the field of %s, and that is no failure", (expression) => {
    const filter = compileFilter(expression, "--filter");
    const given = recordOf({ value: { ...orderEvent, nothing: null } });
    expect([filter.matches(given), filter.failures]).toEqual([false, 0]);
  });

  it.each([
    ['value.quantity > "a"', recordOf({ value: orderEvent }), "no such overload: dyn<double> > string"],
    ["value.ticker", recordOf({ value: orderEvent }), "it gave a string, and not true or false"],
    ["value.ticker == 'PETR4'", recordOf({ bytes: Buffer.from("plain") }), "the payload is not JSON"],
  ])("counts the records that %s says nothing of", (expression, given, why) => {
    const filter = compileFilter(expression, "--filter");
    expect([filter.matches(given), filter.matches(given)]).toEqual([false, false]);
    expect([filter.failures, filter.firstFailure]).toEqual([2, why]);
  });

  it("decodes no payload for a question about the key", () => {
    const decoding = vi.fn(() => new Uint8Array());
    const untouched = Object.defineProperty(recordOf(), "bytes", { get: decoding });
    expect(compileFilter('key == "other" && value.quantity > 1', "--filter").matches(untouched)).toBe(false);
    expect(decoding).not.toHaveBeenCalled();
  });

  it("reads the routing key and the exchange of RabbitMQ", () => {
    const given = recordOf({ source: "rabbit", exchange: "shop", key: "paid" });
    expect(compileFilter('exchange == "shop" && routingKey == "paid"', "--filter").matches(given)).toBe(true);
  });

  it("knows the time as a point in time", () => {
    const filter = compileFilter(`time == timestamp("${new Date(noonMs).toISOString()}")`, "--filter");
    expect(filter.matches(recordOf())).toBe(true);
  });

  it.each([
    ["value.quantity >", "^", 16],
    ["quantity > 5", "^^^^^^^^", 0],
    ['"PETR4"', "^^^^^^^", 0],
    ['"a" + 1 == 2', "^^^^^^^", 0],
    ["value.ticker = 'x'", "^", 13],
    ["", "^", 0],
  ])("refuses %s and marks the place", (expression, mark, column) => {
    const error = refusalOf(expression);
    expect([error.code, error.exitCode]).toEqual(["tail.bad-filter", 2]);
    expect(error.lines).toEqual([expression, `${" ".repeat(column)}${mark}`]);
    expect(error.hint).toContain("{mybroker} tail orders --filter");
  });

  it("helps with a field that was taken for a variable, and with a misspelt variable", () => {
    expect(refusalOf("quantity > 5").hint).toMatch(/^a field of the message is value\.quantity: {2}/);
    expect(refusalOf("strem == 'x'").hint).toMatch(/^did you mean stream\? {2}/);
  });

  it("never throws anything but a refusal, whatever is typed, and then answers with yes or no", () => {
    const words = fc.constantFrom(
      "value",
      ".",
      "a",
      "==",
      "&&",
      "||",
      "!",
      "(",
      ")",
      "[",
      "]",
      "1",
      '"x"',
      "in",
      "?",
      ":",
    );
    const typed = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 12 }).map((list) => list.join(" ")),
    );
    fc.assert(
      fc.property(typed, (expression) => {
        try {
          expect(typeof compileFilter(expression, "--filter").matches(record)).toBe("boolean");
        } catch (error) {
          expect(error).toBeInstanceOf(MybrokerError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
