import { errors, jwtVerify } from "jose";
import Type from "typebox";
import { Id } from "../../../contracts/fields.js";
import { Role } from "../../../contracts/rest.js";
import { compile } from "../validate.js";
import type { FindKey } from "./keys.js";
import { type User, unauthorized } from "./users.js";

/** Of the tokens that identity issues. */
export const tokenTerms = { algorithm: "EdDSA", issuer: "mybroker", audience: "mybroker" } as const;

const readClaims = compile(
  Type.Object({ sub: Id, name: Type.String(), email: Type.String(), role: Role, exp: Type.Number() }),
);

/** Tokens remembered at most; beyond it those that were verified first are forgotten. */
const limit = 10_000;

export interface Verifier {
  /** The user of a token that was verified before and is still valid. */
  recall(token: string): User | undefined;
  /** @throws Problem 401; ServiceUnavailable where the keys were never had */
  verify(token: string): Promise<User>;
}

export function createVerifier(findKey: FindKey): Verifier {
  const verified = new Map<string, { readonly user: User; readonly expiresAtMs: number }>();
  return {
    recall(token) {
      const known = verified.get(token);
      if (known === undefined || known.expiresAtMs > Date.now()) return known?.user;
      verified.delete(token);
      return undefined;
    },
    async verify(token) {
      const { user, expiresAtMs } = await readToken(token, findKey);
      const oldest = verified.size < limit ? undefined : verified.keys().next().value;
      if (oldest !== undefined) verified.delete(oldest);
      verified.set(token, { user, expiresAtMs });
      return user;
    },
  };
}

async function readToken(token: string, findKey: FindKey): Promise<{ user: User; expiresAtMs: number }> {
  const { algorithm, issuer, audience } = tokenTerms;
  const { payload } = await jwtVerify(
    token,
    async ({ kid }) => {
      const key = kid === undefined ? undefined : await findKey(kid);
      if (key === undefined) throw unauthorized;
      return key;
    },
    { algorithms: [algorithm], issuer, audience },
  ).catch((error: unknown) => {
    throw error instanceof errors.JOSEError ? unauthorized : error;
  });
  const claims = readClaims(payload);
  if (!claims.ok) throw unauthorized;
  const { sub, name, email, role, exp } = claims.value;
  return { user: { userId: sub, name, email, role, token }, expiresAtMs: exp * 1_000 };
}
