import { scrypt } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** One of OWASP's equivalent settings: 16 MiB and about 50 ms of one core for each. */
const cost = { N: 2 ** 14, r: 8, p: 5 };
const prefix = `scrypt$${cost.N}$${cost.r}$${cost.p}`;

export const saltBytes = 16;
export const keyBytes = 32;

/** What a password comes to with a salt. */
export function derivePasswordKey(password: string, salt: Buffer): Promise<Buffer> {
  return derive(password.normalize("NFC"), salt, keyBytes, cost);
}

/** "scrypt$N$r$p$salt$key", the last two in base64url. */
export function formatPasswordHash(salt: Buffer, key: Buffer): string {
  return `${prefix}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

/** @throws Error for a hash of another kind */
export function readPasswordHash(hash: string): { readonly salt: Buffer; readonly key: Buffer } {
  if (!hash.startsWith(`${prefix}$`)) throw new Error("a password was hashed in a way that is not known");
  const [salt = "", key = ""] = hash.slice(prefix.length + 1).split("$");
  return { salt: Buffer.from(salt, "base64url"), key: Buffer.from(key, "base64url") };
}
