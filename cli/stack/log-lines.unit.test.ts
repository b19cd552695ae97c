import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogChunk } from "../engine/engine.js";
import { type LogLine, readLogLines } from "./log-lines.js";
import { mergeByTime } from "./merge-by-time.js";

async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<LogChunk> {
  let from = 0;
  for (const cut of [...cuts, bytes.length].sort((left, right) => left - right)) {
    if (cut > from) yield { channel: "stdout", bytes: bytes.subarray(from, cut) };
    from = Math.max(from, cut);
  }
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const time = "2026-11-22T16:50:52.757935369Z";

describe("readLogLines", () => {
  it("gives the same lines however the bytes are cut, also inside a character", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]/.test(text)),
          { minLength: 1, maxLength: 6 },
        ),
        fc.array(fc.nat(200)),
        async (texts, cuts) => {
          const bytes = Buffer.from(texts.map((text) => `${time} ${text}\n`).join(""));
          const lines = await collect(
            readLogLines(
              chunksOf(
                bytes,
                cuts.map((cut) => Math.min(cut, bytes.length)),
              ),
            ),
          );
          expect(lines).toEqual(texts.map((text) => ({ channel: "stdout", time, text })));
        },
      ),
    );
  });

  it("joins a line that the engine cut into pieces with a time before each", async () => {
    const piece = "x".repeat(16_384);
    const bytes = Buffer.from(`${time} ${piece}${time} ${piece}${time} end\n`);
    expect(await collect(readLogLines(chunksOf(bytes, [])))).toEqual([
      { channel: "stdout", time, text: `${piece}${piece}end` },
    ]);
  });

  it("keeps a last line without a line end, and takes the carriage return of a terminal away", async () => {
    const bytes = Buffer.from(`${time} one\r\n${time} torn`);
    expect((await collect(readLogLines(chunksOf(bytes, [])))).map((line) => line.text)).toEqual([
      "one",
      "torn",
    ]);
  });
});

describe("mergeByTime", () => {
  it("merges ordered streams into one ordered stream that loses nothing", async () => {
    const stamp = (milliseconds: number): string =>
      new Date(milliseconds).toISOString().replace(/\.?0*Z$/, "Z");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(50_000)), { maxLength: 5 }), async (streams) => {
        const sorted = streams.map((values) => [...values].sort((left, right) => left - right));
        async function* emit(values: number[]): AsyncGenerator<LogLine & { value: number }> {
          for (const value of values) yield { channel: "stdout", time: stamp(value), text: "", value };
        }
        const merged = await collect(mergeByTime(sorted.map(emit)));
        expect(merged.map((line) => line.value)).toEqual(streams.flat().sort((left, right) => left - right));
      }),
    );
  });
});
