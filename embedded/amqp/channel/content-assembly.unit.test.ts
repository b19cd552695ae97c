import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ContentAssembly } from "./content-assembly.js";

const method = { reserved1: 0, exchange: "", routingKey: "orders", mandatory: false, immediate: false };

function header(bodySizeBytes: number, properties: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(60);
  head.writeBigUInt64BE(BigInt(bodySizeBytes), 4);
  return Buffer.concat([head, properties]);
}

describe("a content", () => {
  it("is what its frames hold, however the body is cut, and counts what it holds", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 50 }), pieces, (properties, parts) => {
        const whole = Buffer.concat(parts);
        const assembly = new ContentAssembly(method);
        let content = assembly.header(header(whole.length, properties));
        let receivedBytes = properties.length;
        for (const part of parts) {
          if (content !== undefined) break;
          content = assembly.body(Buffer.from(part));
          receivedBytes += part.length;
          expect(assembly.receivedBytes).toBe(receivedBytes);
        }
        expect(content?.body).toEqual(whole);
        expect(content?.propertyBytes).toEqual(Buffer.from(properties));
      }),
    );
  });

  it("is refused where it is longer than announced", () => {
    const assembly = new ContentAssembly(method);
    assembly.header(header(3, Buffer.alloc(2)));
    expect(() => assembly.body(Buffer.from("four"))).toThrow("more content than its header announced");
  });
});
