import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameBuffer, frameLimitBytes } from "./frames.js";
import { MalformedMessage } from "./reader.js";

function frame(content: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(content.length);
  return Buffer.concat([head, content]);
}

function length(value: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(value);
  return head;
}

describe("the frame buffer", () => {
  it("finds the same messages however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (contents, cuts) => {
          const stream = Buffer.concat(contents.map(frame));
          const frames = new FrameBuffer();
          const found: Buffer[] = [];
          let position = 0;
          for (let index = 0; position < stream.length; index += 1) {
            const end = position + (cuts[index % cuts.length] ?? 1);
            frames.push(stream.subarray(position, end));
            position = end;
            for (let next = frames.take(); next !== undefined; next = frames.take()) found.push(next);
          }
          expect(found.map((each) => [...each])).toEqual(contents.map((each) => [...each]));
          expect(frames.isInside).toBe(false);
          expect(frames.sizeBytes).toBe(0);
        },
      ),
    );
  });

  it("does not copy a message that came in one chunk", () => {
    const chunk = frame(Buffer.from("whole"));
    const frames = new FrameBuffer();
    frames.push(chunk);
    expect(frames.take()?.buffer).toBe(chunk.buffer);
  });

  it("says when it is inside a message", () => {
    const frames = new FrameBuffer();
    frames.push(length(3));
    expect(frames.take()).toBeUndefined();
    expect(frames.isInside).toBe(true);
    frames.push(Buffer.from("abc"));
    expect(frames.take()?.toString()).toBe("abc");
    expect(frames.isInside).toBe(false);
  });

  it.each([-1, frameLimitBytes + 1, 2 ** 31 - 1])(
    "refuses a length of %d without waiting for it",
    (value) => {
      const frames = new FrameBuffer();
      frames.push(length(value));
      expect(() => frames.take()).toThrow(MalformedMessage);
    },
  );
});
