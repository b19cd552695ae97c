import { describe, expect, it } from "vitest";
import { publishedMsOf, RabbitRecord } from "./rabbit-record.js";

const common = { stream: "s", kind: "stream", key: "k", exchange: "e", bytes: Buffer.from("{}") } as const;

describe("when a message was published", () => {
  const death = (seconds: number) => ({ "x-death": [{ time: { "!": "timestamp", value: seconds } }, {}] });
  it.each([
    {
      what: "its publisher's header",
      headers: { "x-published-at": 5_123, timestamp_in_ms: 9 },
      expected: 5_123,
    },
    { what: "that header as text", headers: { "x-published-at": "5123" }, expected: 5_123 },
    { what: "the broker's header", headers: { timestamp_in_ms: 7_001 }, timestamp: 3, expected: 7_001 },
    { what: "the property", headers: {}, timestamp: 3, expected: 3_000 },
    { what: "its death", headers: { "x-published-at": 5_123, ...death(60) }, expected: 60_000 },
    {
      what: "its publication, in the second of its death",
      headers: { "x-published-at": 60_123, ...death(60) },
      expected: 60_123,
    },
    { what: "its death alone", headers: death(60), expected: 60_000 },
    { what: "unknown", headers: { "x-published-at": "soon", "x-death": "none" }, expected: undefined },
  ])("is $what", ({ headers, timestamp, expected }) => {
    expect(publishedMsOf(headers, timestamp)).toBe(expected);
  });
});

describe("a record's headers", () => {
  it("are text, whatever they were, with the message's id and without the stream's offset", () => {
    const values = {
      ...{ text: "a", number: 1, yes: true, nothing: null, list: [1, "b"], bytes: Buffer.from("é") },
      "x-stream-offset": 12,
    };
    const record = new RabbitRecord({ ...common, values, messageId: "m", timestamp: undefined });
    expect(record.headers).toEqual({
      ...{
        "message-id": "m",
        text: "a",
        number: "1",
        yes: "true",
        nothing: "null",
        list: '[1,"b"]',
        bytes: "é",
      },
    });
    expect(record.offset).toBe(12);
  });

  it("can have any name, also one that objects have", () => {
    const values = JSON.parse('{"__proto__": "x", "toString": "y"}');
    const record = new RabbitRecord({ ...common, values, messageId: undefined, timestamp: undefined });
    expect(Object.entries(record.headers).sort()).toEqual([
      ["__proto__", "x"],
      ["toString", "y"],
    ]);
  });
});
