import { PassThrough, Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { demultiplex, rawOutput } from "./demultiplex.js";
import type { LogChunk } from "./engine.js";

function frame(channel: number, payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload as string);
  const header = Buffer.alloc(8);
  header[0] = channel;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

async function* source(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function collect(chunks: AsyncIterable<LogChunk>): Promise<{ channel: string; text: string }[]> {
  const all: { channel: string; text: string }[] = [];
  for await (const { channel, bytes } of chunks) all.push({ channel, text: Buffer.from(bytes).toString() });
  return all;
}

/** Joins what belongs to the same run of a channel, because where a payload is cut has no meaning. */
function joined(chunks: readonly { channel: string; text: string }[]): string[] {
  const runs: { channel: string; text: string }[] = [];
  for (const chunk of chunks) {
    const last = runs.at(-1);
    if (last?.channel === chunk.channel) last.text += chunk.text;
    else runs.push({ ...chunk });
  }
  return runs.map((run) => `${run.channel}:${run.text}`);
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((start, index) => bytes.subarray(start, sorted[index] ?? bytes.length));
}

describe("demultiplex", () => {
  it("gives the same output however the stream is cut", async () => {
    const frames = fc.array(
      fc.tuple(
        fc.constantFrom(1, 2),
        fc.string({
          unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
          maxLength: 40,
        }),
      ),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(2000), { maxLength: 30 }), async (list, places) => {
        const bytes = Buffer.concat(list.map(([channel, text]) => frame(channel, text)));
        const expected = list
          .filter(([, text]) => text !== "")
          .map(([channel, text]) => ({ channel: channel === 1 ? "stdout" : "stderr", text }));
        const actual = await collect(demultiplex(source(...cut(bytes, places))));
        expect(joined(actual)).toEqual(joined(expected));
      }),
    );
  });

  it("takes 5,000 two-byte frames in one chunk", async () => {
    const chunk = Buffer.concat(Array.from({ length: 5000 }, (_, index) => frame(1 + (index % 2), "x\n")));
    const chunks = await collect(demultiplex(source(chunk)));
    expect(chunks).toHaveLength(5000);
    expect(chunks.filter(({ channel }) => channel === "stderr")).toHaveLength(2500);
  });

  it("takes a line of 20 MB in linear time and without keeping it", async () => {
    const bytes = frame(1, Buffer.alloc(20_000_000, "x"));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) =>
      bytes.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const startMs = performance.now();
    let total = 0;
    let largest = 0;
    for await (const chunk of demultiplex(source(...pieces))) {
      total += chunk.bytes.length;
      largest = Math.max(largest, chunk.bytes.length);
    }
    expect(total).toBe(20_000_000);
    expect(largest).toBeLessThanOrEqual(65_536);
    // A copy per chunk of all that is pending takes 16 s; this takes some milliseconds.
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it("keeps what came of a frame that is cut off", async () => {
    const bytes = frame(2, "whole message").subarray(0, 13);
    expect(await collect(demultiplex(source(frame(1, "a"), bytes)))).toEqual([
      { channel: "stdout", text: "a" },
      { channel: "stderr", text: "whole" },
    ]);
    expect(await collect(demultiplex(source(frame(1, "a"), Buffer.from([1, 0, 0]))))).toHaveLength(1);
  });

  it("throws what the engine reports in its own channel", async () => {
    const report = frame(3, "error from daemon in stream: driver is gone");
    const chunks = collect(demultiplex(source(report.subarray(0, 20), report.subarray(20))));
    await expect(chunks).rejects.toThrow("error from daemon in stream: driver is gone");
  });

  it("throws where the stream is not in frames", async () => {
    await expect(collect(demultiplex(source(Buffer.from("plain text of a TTY"))))).rejects.toMatchObject({
      name: "EngineError",
    });
  });

  it("does not read ahead of a slow reader", async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1;
        yield frame(1, "x".repeat(1000));
      }
    }
    const chunks = demultiplex(endless());
    for (let index = 0; index < 3; index += 1) await chunks.next();
    expect(sent).toBe(3);
    await chunks.return(undefined);
  });

  it("ends its source when the reader leaves", async () => {
    const stream = new PassThrough();
    stream.write(frame(1, "one"));
    for await (const chunk of demultiplex(stream)) {
      expect(Buffer.from(chunk.bytes).toString()).toBe("one");
      break;
    }
    expect(stream.destroyed).toBe(true);
  });
});

describe("rawOutput", () => {
  it("passes on what looks like a frame", async () => {
    const bytes = frame(1, "hi");
    const [chunk] = await collect(rawOutput(Readable.from([bytes])));
    expect(chunk).toEqual({ channel: "stdout", text: bytes.toString() });
  });
});
