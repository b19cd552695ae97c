import type { FastifyRequest, preHandlerHookHandler } from "fastify";
import type { Role } from "../../../contracts/rest.js";
import { securityScheme } from "../http/openapi.js";
import { Problem } from "../http/problem.js";
import type { Log } from "../log.js";
import { createKeys } from "./keys.js";
import { createVerifier } from "./verify.js";

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

const users = new WeakMap<FastifyRequest, User>();

/** Of a route with requireUser or requireAdmin. */
export function userOf(request: FastifyRequest): User {
  const user = users.get(request);
  if (user === undefined) throw new Error("a route without requireUser has no user");
  return user;
}

/**
 * Verifies JWTs (EdDSA, issuer and audience "mybroker") with the keys at `identityUrl`/.well-known/jwks.json, which are
 * kept: identity may be away once they are here. Verified tokens are remembered until they expire.
 */
export function createUsers({ identityUrl, log }: { identityUrl: string; log: Log }): Users {
  const keys = createKeys(identityUrl, log);
  return { ...requireUsers(keys.find), close: keys.close };
}

/** The same with keys from elsewhere. */
export function requireUsers(findKey: Parameters<typeof createVerifier>[0]): Omit<Users, "close"> {
  const verifier = createVerifier(findKey);
  const require =
    (allows: (user: User) => boolean): preHandlerHookHandler =>
    (request, _reply, done) => {
      const settle = (user: User) => {
        if (!allows(user)) return done(forbidden);
        users.set(request, user);
        done();
      };
      const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (token === undefined) return done(unauthorized);
      const known = verifier.recall(token);
      if (known !== undefined) return settle(known);
      verifier.verify(token).then(settle, done);
    };
  const mark = (handler: preHandlerHookHandler) => Object.assign(handler, { [securityScheme]: "user" });
  return {
    requireUser: mark(require(() => true)),
    requireAdmin: mark(require(({ role }) => role === "ADMIN")),
  };
}

/** One answer whatever is wrong with the token. */
export const unauthorized = new Problem({
  status: 401,
  code: "UNAUTHORIZED",
  title: "This needs a valid token: log in.",
  field: "authorization",
});
const forbidden = new Problem({ status: 403, code: "FORBIDDEN", title: "This needs the role ADMIN." });
