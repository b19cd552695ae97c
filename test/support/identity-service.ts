import { v7 as makeId } from "uuid";
import { brokerIdentity } from "../../services/broker-identity/main.js";
import { type ClientAnswer, createClient } from "../../services/shared/http/client.js";
import type { RunningService } from "../../services/shared/service.js";
import { startService } from "./domain-service.js";

export interface Identity {
  /** IDENTITY_URL. */
  readonly url: string;
  /** Of a new user. */
  readonly token: string;
  close(): Promise<void>;
}

/** A real broker-identity with a user who is registered there. */
export async function startIdentity(folder: string): Promise<Identity> {
  const service = await startService(brokerIdentity, {
    DATABASE_URL: `sqlite://${folder}/identity.sqlite`,
    JWT_PRIVATE_SEED: "not-a-secret-seed",
    SEED_USER_PASSWORD: "not-a-secret-admin",
  });
  const body = { name: "Maria", email: `${makeId()}@example.com`, password: "not-a-secret-8" };
  const answer = await call(service, { method: "POST", path: "/api/v1/auth/register", body });
  const { token } = answer.body as { token: string };
  return { url: `http://${service.address}`, token, close: () => service.close() };
}

/** One request to a service. */
export async function call(
  service: Pick<RunningService, "address">,
  request: Parameters<ReturnType<typeof createClient>["request"]>[0],
): Promise<ClientAnswer> {
  const client = createClient({
    baseUrl: `http://${service.address}`,
    service: "service",
    timeoutMs: 10_000,
  });
  return client.request(request).finally(() => client.close());
}
