import { createHash, timingSafeEqual } from "node:crypto";
import type { preHandlerHookHandler } from "fastify";
import { securityScheme } from "../http/openapi.js";
import { Problem } from "../http/problem.js";

/** Header of a call to /internal/*. */
export const serviceTokenHeader = "x-service-token";

/** preHandler of /internal/* routes: 401 unless the caller sends this token. Compared in constant time. */
export function requireService(token: string): preHandlerHookHandler {
  const expected = hash(token);
  const handler: preHandlerHookHandler = (request, _reply, done) => {
    const sent = request.headers[serviceTokenHeader];
    if (typeof sent === "string" && timingSafeEqual(hash(sent), expected)) return done();
    done(new Problem({ status: 401, code: "UNAUTHORIZED", title: "This needs the caller's service token." }));
  };
  return Object.assign(handler, { [securityScheme]: "service" });
}

/** Of equal length, whatever was sent. */
function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
