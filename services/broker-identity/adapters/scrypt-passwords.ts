import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { Problem } from "../../shared/http/problem.js";
import { createGate } from "../app/gate.js";
import type { Passwords } from "../app/ports.js";

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** One of OWASP's equivalent settings: 16 MiB and about 50 ms of one core for each. */
const cost = { N: 2 ** 14, r: 8, p: 5 };
const prefix = `scrypt$${cost.N}$${cost.r}$${cost.p}`;
const keyBytes = 32;

/** Hashes as "scrypt$N$r$p$salt$key", the last two in base64url. Two at once: they use cores and memory. */
export function createPasswords(): Passwords {
  const gate = createGate({ atOnce: 2, waiting: 100, refuse: () => busy });
  const run = (password: string, salt: Buffer) =>
    gate.pass(() => derive(password.normalize("NFC"), salt, keyBytes, cost));
  // What an unknown address is compared with, so that it takes as long as a known one.
  const nobody = { salt: randomBytes(16), key: randomBytes(keyBytes) };
  return {
    async hash(password) {
      const salt = randomBytes(16);
      const key = await run(password, salt);
      return `${prefix}$${salt.toString("base64url")}$${key.toString("base64url")}`;
    },
    async verify(password, hash) {
      const { salt, key } = hash === undefined ? nobody : readHash(hash);
      return timingSafeEqual(await run(password, salt), key) && hash !== undefined;
    },
  };
}

function readHash(hash: string): { salt: Buffer; key: Buffer } {
  if (!hash.startsWith(`${prefix}$`)) throw new Error("a password was hashed in a way that is not known");
  const [salt = "", key = ""] = hash.slice(prefix.length + 1).split("$");
  return { salt: Buffer.from(salt, "base64url"), key: Buffer.from(key, "base64url") };
}

const busy = new Problem({
  status: 503,
  code: "BUSY",
  title: "Too many logins at once.",
  retryAfterSeconds: 1,
});
