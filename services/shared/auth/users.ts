import type { FastifyRequest, preHandlerHookHandler } from "fastify";
import type { Role } from "../../../contracts/rest.js";
import type { Log } from "../log.js";

/** Who asks. */
export interface User {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  /** The JWT itself, to hand on. */
  readonly token: string;
}

export interface Users {
  /** preHandler: answers 401 UNAUTHORIZED (503 where identity's keys were never had), else sets what userOf gives. */
  readonly requireUser: preHandlerHookHandler;
  /** The same, and 403 FORBIDDEN without the role ADMIN. */
  readonly requireAdmin: preHandlerHookHandler;
  close(): void;
}

/** Of a route with requireUser or requireAdmin. */
export function userOf(request: FastifyRequest): User {
  throw new Error(`not yet ${request.id}`);
}

/**
 * Verifies JWTs (EdDSA, issuer and audience "mybroker") with the keys at `identityUrl`/.well-known/jwks.json, which are
 * kept: identity may be away once they are here. Verified tokens are remembered until they expire.
 */
export function createUsers(options: { identityUrl: string; log: Log }): Users {
  throw new Error(`not yet ${options.identityUrl}`);
}
