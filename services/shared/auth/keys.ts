import type { CryptoKey, JWK } from "jose";
import { createClient, ServiceUnavailable } from "../http/client.js";
import type { Log } from "../log.js";

/** The key with this id; undefined when identity has none such. @throws ServiceUnavailable when that is not known */
export type FindKey = (keyId: string) => Promise<CryptoKey | undefined>;

/** An unknown key id is asked for no more often, so that forged tokens are no burden to identity. */
const askAgainMs = 5_000;
const timeoutMs = 2_000;
const retryMs = 1_000;

/** Identity's public keys: asked for at once and until they are there, then again for a key id that is not known. */
export function createKeys(identityUrl: string, log: Log): { readonly find: FindKey; close(): void } {
  const client = createClient({ baseUrl: identityUrl, service: "broker-identity", timeoutMs });
  let keys: ReadonlyMap<string, CryptoKey> | undefined;
  let asking: Promise<void> | undefined;
  let askedAt = 0;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const ask = async () => {
    askedAt = Date.now();
    const { status, body } = await client.request({ method: "GET", path: "/.well-known/jwks.json" });
    try {
      if (status !== 200) throw new Error(`status ${status}`);
      keys = await importKeys((body as { keys: JWK[] }).keys);
    } catch (error) {
      throw new ServiceUnavailable("broker-identity", error);
    }
  };
  const refresh = () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  const askUntilThere = () => {
    refresh().catch((error: Error) => {
      log.debug({ problem: error.message }, "no keys of broker-identity yet");
      if (!closed && keys === undefined) retry = setTimeout(askUntilThere, retryMs).unref();
    });
  };
  askUntilThere();
  return {
    async find(keyId) {
      if (keys === undefined) await refresh();
      else if (!keys.has(keyId) && Date.now() - askedAt > askAgainMs) await refresh();
      return keys?.get(keyId);
    },
    close() {
      closed = true;
      clearTimeout(retry);
      client.close();
    },
  };
}

async function importKeys(keys: readonly JWK[]): Promise<Map<string, CryptoKey>> {
  const { importJWK } = await import("jose");
  const found = keys.filter(({ kty, crv, kid }) => kty === "OKP" && crv === "Ed25519" && kid !== undefined);
  return new Map(
    await Promise.all(
      found.map(async (key) => [key.kid, await importJWK(key, "EdDSA")] as [string, CryptoKey]),
    ),
  );
}
