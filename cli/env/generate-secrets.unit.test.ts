import { createHash, createPrivateKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  generateFor,
  generateSecret,
  hashRabbitPassword,
  matchesRabbitHash,
  sourceOfDerivedKey,
} from "./generate-secrets.js";

describe("generateSecret", () => {
  it("draws 44 characters from 64, the first from 62: more than 256 bit", () => {
    const secrets = Array.from({ length: 2000 }, generateSecret);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{43}$/);
    expect(43 * Math.log2(64) + Math.log2(62)).toBeGreaterThan(256);
    expect(new Set(secrets).size).toBe(2000);
    // Each place takes every character of the alphabet now and then: none is fixed or narrowed.
    for (let place = 1; place < 44; place += 1) {
      expect(new Set(secrets.map((secret) => secret[place])).size).toBe(64);
    }
  });

  it("is the same text in YAML, a URL, a shell and SQL", () => {
    for (const secret of Array.from({ length: 200 }, generateSecret)) {
      expect(encodeURIComponent(secret)).toBe(secret);
      expect(secret).not.toMatch(/^(?:[-+.\d]+|null|true|false|yes|no|on|off)$/i);
      expect(secret).not.toMatch(/['"\\$`\s;]/);
    }
  });
});

describe("generateFor", () => {
  it("makes an Ed25519 seed for a key that ends with _PRIVATE_SEED", () => {
    const seed = Buffer.from(generateFor("JWT_PRIVATE_SEED"), "base64url");
    expect(seed).toHaveLength(32);
    // PKCS #8 around the bare seed (RFC 8410, section 7).
    const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
    expect(createPrivateKey({ key: der, format: "der", type: "pkcs8" }).asymmetricKeyType).toBe("ed25519");
  });
});

describe("RabbitMQ's hash", () => {
  it("is the salt and the SHA-256 of salt and password", () => {
    const salt = Buffer.from("908dc60a", "hex");
    // The example of https://www.rabbitmq.com/docs/passwords#computing-password-hash.
    expect(hashRabbitPassword("test12", salt)).toBe("kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
    const digest = createHash("sha256")
      .update(Buffer.concat([salt, Buffer.from("test12")]))
      .digest();
    expect(Buffer.from(hashRabbitPassword("test12", salt), "base64").subarray(4)).toEqual(digest);
  });

  it("matches its own password, and no other", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (password, other) => {
        const hash = hashRabbitPassword(password);
        expect(matchesRabbitHash(hash, password)).toBe(true);
        expect(matchesRabbitHash(hash, other)).toBe(other === password);
      }),
    );
  });

  it("is not matched by what is no hash", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        expect(matchesRabbitHash(text, "test12")).toBe(false);
      }),
    );
  });

  it("is derived from the password of the same name", () => {
    expect(sourceOfDerivedKey("RABBITMQ_PASS_HASH")).toBe("RABBITMQ_PASSWORD");
    expect(sourceOfDerivedKey("RABBITMQ_PASSWORD")).toBeUndefined();
  });
});
