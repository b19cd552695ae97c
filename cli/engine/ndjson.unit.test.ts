import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toEngineEvent } from "./engine-answers.js";
import { readNdjson } from "./ndjson.js";

async function* source(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

async function collect(chunks: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const value of chunks) all.push(value);
  return all;
}

describe("readNdjson", () => {
  it("gives the same values however the bytes are cut, also inside a character", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (values, size, closed) => {
          const text = values.map((value) => JSON.stringify(value)).join("\n") + (closed ? "\r\n" : "");
          const bytes = Buffer.from(text);
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
            bytes.subarray(index * size, (index + 1) * size),
          );
          expect(await collect(readNdjson(source(...chunks)))).toEqual(JSON.parse(JSON.stringify(values)));
        },
      ),
    );
  });

  it("keeps a last line without newline and passes over blank ones", async () => {
    expect(await collect(readNdjson(source('{"a":1}\n\n\r\n{"b":', "2}")))).toEqual([{ a: 1 }, { b: 2 }]);
    expect(await collect(readNdjson(source()))).toEqual([]);
  });

  it.each(["<html>bad gateway</html>\n", '{"cut":'])("throws on %s", async (text) => {
    const values = collect(readNdjson(source('{"a":1}\n', text)));
    await expect(values).rejects.toMatchObject({
      name: "EngineError",
      message: expect.stringContaining("not JSON"),
    });
  });

  it("keeps the millisecond of a timeNano beyond 2^53", async () => {
    const [line] = await collect(
      readNdjson(source('{"Type":"container","Action":"die","timeNano":1763829215999999999}')),
    );
    expect(toEngineEvent(line as object).timeMs).toBe(1_763_829_216_000);
    const [other] = await collect(readNdjson(source('{"timeNano":1763829215123456789}')));
    expect(toEngineEvent(other as object).timeMs).toBe(1_763_829_215_123);
    expect(toEngineEvent({ time: 17 }).timeMs).toBe(17_000);
  });
});
