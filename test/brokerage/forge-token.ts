import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";

export interface Terms {
  readonly key: KeyObject;
  readonly keyId: string;
  readonly subject: string;
  readonly role?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresInSeconds?: number;
  readonly notBeforeSeconds?: number;
}

/** The key that identity signs with, from the seed that the tests gave it. */
export function keyOf(seed: string): KeyObject {
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  const der = Buffer.concat([prefix, createHash("sha256").update(seed).digest()]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

export const strangersKey = () => generateKeyPairSync("ed25519").privateKey;

export function forge({ key, keyId, subject, role = "ADMIN", ...terms }: Terms): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const token = new SignJWT({ name: "Mallory", email: "mallory@example.com", role })
    .setProtectedHeader({ alg: "EdDSA", kid: keyId })
    .setSubject(subject)
    .setIssuer(terms.issuer ?? "mybroker")
    .setAudience(terms.audience ?? "mybroker")
    .setExpirationTime(now + (terms.expiresInSeconds ?? 600));
  if (terms.notBeforeSeconds !== undefined) token.setNotBefore(now + terms.notBeforeSeconds);
  return token.sign(key);
}

/** A token whose header says what its signer pleased. */
export function assemble(header: object, claims: object, signature = ""): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part(header)}.${part(claims)}.${signature}`;
}
