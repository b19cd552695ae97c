import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 33 random bytes are 44 characters of base64url without padding: 264 bit, a little more than the 256 asked for. */
const secretBytes = 33;

/**
 * A secret of at least 256 bit from [A-Za-z0-9_-], which means itself in YAML, a URL, a shell, SQL and a .env file. It begins
 * with a letter or a digit, so that no program takes it for an option.
 */
export function generateSecret(): string {
  for (;;) {
    const secret = randomBytes(secretBytes).toString("base64url");
    if (/^[A-Za-z0-9]/.test(secret)) return secret;
  }
}

/** The 32 byte private seed of an Ed25519 key (RFC 8032, 5.1.5), base64url without padding. */
export function generateSeed(): string {
  return randomBytes(32).toString("base64url");
}

/** A new value for a key that is marked `# secret`; the name says which form it has. */
export function generateFor(key: string): string {
  return key.endsWith("_PRIVATE_SEED") ? generateSeed() : generateSecret();
}

const saltBytes = 4;

/**
 * RabbitMQ's salted SHA-256: base64 of a 4 byte salt and of the SHA-256 of salt and password
 * (https://www.rabbitmq.com/docs/passwords#computing-password-hash).
 */
export function hashRabbitPassword(password: string, salt: Buffer = randomBytes(saltBytes)): string {
  const digest = createHash("sha256").update(salt).update(password, "utf8").digest();
  return Buffer.concat([salt, digest]).toString("base64");
}

/** True where the hash was made from this password, with whatever salt. */
export function matchesRabbitHash(hash: string, password: string): boolean {
  const bytes = Buffer.from(hash, "base64");
  if (bytes.length !== saltBytes + 32) return false;
  const expected = Buffer.from(hashRabbitPassword(password, bytes.subarray(0, saltBytes)), "base64");
  return timingSafeEqual(bytes, expected);
}

/** The key that a hash is derived from: RABBITMQ_PASS_HASH comes from RABBITMQ_PASSWORD. */
export function sourceOfDerivedKey(key: string): string | undefined {
  return key.endsWith("_PASS_HASH") ? key.replace(/_PASS_HASH$/, "_PASSWORD") : undefined;
}
