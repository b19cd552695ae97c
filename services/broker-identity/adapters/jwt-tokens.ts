import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK, SignJWT } from "jose";
import type { FindKey } from "../../shared/auth/keys.js";
import { tokenTerms } from "../../shared/auth/verify.js";
import type { Tokens } from "../app/ports.js";

/** Of an Ed25519 private key in PKCS #8 (RFC 8410); the 32 bytes of the key follow. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

export interface JwtTokens extends Tokens {
  /** The body of /.well-known/jwks.json. */
  readonly keySet: { readonly keys: readonly JWK[] };
  readonly findKey: FindKey;
}

/** Tokens signed with the key that follows from `seed`, a text of any length: the same after each start. */
export async function createTokens(seed: string): Promise<JwtTokens> {
  const bytes = createHash("sha256").update(seed).digest();
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, bytes]),
    format: "der",
    type: "pkcs8",
  });
  const { algorithm, issuer, audience } = tokenTerms;
  const jwk = createPublicKey(privateKey).export({ format: "jwk" }) as JWK;
  const kid = await calculateJwkThumbprint(jwk);
  const publicKey = (await importJWK(jwk, algorithm)) as CryptoKey;
  return {
    keySet: { keys: [{ ...jwk, kid, alg: algorithm, use: "sig" }] },
    findKey: async (keyId) => (keyId === kid ? publicKey : undefined),
    issue: ({ userId, name, email, role }) =>
      new SignJWT({ name, email, role })
        .setProtectedHeader({ alg: algorithm, kid })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime("15m")
        .sign(privateKey),
  };
}
