import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mask } from "../kernel/mask.js";
import { Redactor } from "./redactor.js";

function redactorOf(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

const secretText = fc.string({ minLength: 6, maxLength: 40 }).filter((text) => !mask.includes(text));

describe("Redactor", () => {
  it("leaves no registered secret in a text, whatever characters it is made of", () => {
    fc.assert(
      fc.property(secretText, fc.string(), fc.string(), (secret, before, after) => {
        const redacted = redactorOf(secret).apply(`${before}${secret}${after}`);
        expect(redacted).toContain(mask);
        expect(redacted.length).toBeLessThanOrEqual(before.length + after.length + mask.length);
      }),
    );
  });

  it("knows a secret also as JSON spells it", () => {
    const secret = 'quote" and \\ not-a-secret';
    expect(redactorOf(secret).apply(`the engine said ${JSON.stringify({ password: secret })}`)).toBe(
      `the engine said {"password":"${mask}"}`,
    );
  });

  it("knows a secret in hexadecimal digits, in a URL and within any base64", () => {
    fc.assert(
      fc.property(secretText, fc.string(), fc.string(), (secret, before, after) => {
        const redactor = redactorOf(secret);
        const spelled = Buffer.from(`${before}${secret}${after}`);
        for (const encoding of ["base64", "base64url", "hex"] as const)
          expect(redactor.apply(spelled.toString(encoding))).toContain(mask);
        expect(redactor.apply(spelled.toString("hex").toUpperCase())).toContain(mask);
        expect(redactor.apply(encodeURIComponent(secret))).toContain(mask);
      }),
    );
  });

  it("takes a secret that contains another one as a whole", () => {
    expect(redactorOf("abcdef", "abcdefghi-not-a-secret").apply("x abcdefghi-not-a-secret abcdef")).toBe(
      `x ${mask} ${mask}`,
    );
  });

  it("reaches every text of nested data and leaves the rest as it is", () => {
    const secret = "nested-not-a-secret";
    const data = { list: [{ text: `a ${secret} b`, number: 7, nothing: null }] };
    expect(redactorOf(secret).applyDeep(data)).toEqual({
      list: [{ text: `a ${mask} b`, number: 7, nothing: null }],
    });
  });
});
