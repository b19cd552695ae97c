import { randomBytes, timingSafeEqual } from "node:crypto";
import {
  derivePasswordKey,
  formatPasswordHash,
  keyBytes,
  readPasswordHash,
  saltBytes,
} from "../../../kit/password-hash.js";
import { Problem } from "../../shared/http/problem.js";
import { createGate } from "../app/gate.js";
import type { Passwords } from "../app/ports.js";

/** Two at once: they use cores and memory. */
export function createPasswords(): Passwords {
  const gate = createGate({ atOnce: 2, waiting: 100, refuse: () => busy });
  const run = (password: string, salt: Buffer) => gate.pass(() => derivePasswordKey(password, salt));
  // What an unknown address is compared with, so that it takes as long as a known one.
  const nobody = { salt: randomBytes(saltBytes), key: randomBytes(keyBytes) };
  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      return formatPasswordHash(salt, await run(password, salt));
    },
    async verify(password, hash) {
      const { salt, key } = hash === undefined ? nobody : readPasswordHash(hash);
      return timingSafeEqual(await run(password, salt), key) && hash !== undefined;
    },
  };
}

const busy = new Problem({
  status: 503,
  code: "BUSY",
  title: "Too many logins at once.",
  retryAfterSeconds: 1,
});
