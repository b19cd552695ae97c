import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isKnownHost } from "./host.js";

const hosts = new Set(["127.0.0.1", "localhost", "[::1]", "broker-order"]);

describe("a host", () => {
  it("is known with any port and in any case", () => {
    const port = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined });
    fc.assert(
      fc.property(fc.constantFrom(...hosts), port, fc.boolean(), (host, number, isUpper) => {
        const written = number === undefined ? host : `${host}:${number}`;
        expect(isKnownHost(isUpper ? written.toUpperCase() : written, hosts)).toBe(true);
      }),
    );
  });

  it("is known to no one else: whatever a URL takes for another host is refused", () => {
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.constantFrom(...hosts), fc.string({ minLength: 1 })).map(([host, more]) => host + more),
      fc.tuple(fc.string({ minLength: 1 }), fc.constantFrom(...hosts)).map(([more, host]) => more + host),
    );
    fc.assert(
      fc.property(text, (host) => {
        if (!isKnownHost(host, hosts)) return;
        expect(hosts).toContain(host.toLowerCase().replace(/:\d+$/, ""));
      }),
      { numRuns: 2_000 },
    );
  });
});
