import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from "fastify";
import { type Users, userOf } from "../../shared/auth/users.js";
import type { App } from "../../shared/http/open-server.js";
import { Problem } from "../../shared/http/problem.js";
import { isPlainPath } from "../domain/paths.js";
import { createRateLimit, type RateLimit } from "../domain/rate-limit.js";
import type { Forwarder } from "./forward.js";

/** /api/v1/<key> and all below it. */
export type Forwarders = Readonly<Record<string, Forwarder>>;

/** Enough for a load test with few users; it is there so that one user cannot take the others' share. */
const ofUser = { perSecond: 500, burst: 1_000 };
/** Of one address, for what comes without a valid token. */
const ofAddress = { perSecond: 50, burst: 100 };
const openPaths = ["/api/v1/auth/register", "/api/v1/auth/login"];
const methods = ["GET", "POST", "PUT", "DELETE"];

export function addRoutes(
  app: App,
  forwarders: Forwarders,
  { requireUser }: Pick<Users, "requireUser">,
): void {
  // Bodies pass as they are: whoever owns the route reads them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const byUser = createRateLimit(ofUser);
  const byAddress = createRateLimit(ofAddress);
  app.addHook("onRequest", (request, _reply, done) =>
    done(isPlainPath(request.url) ? undefined : malformedPath),
  );
  const limitAddress: preHandlerHookHandler = (request, _reply, done) => done(check(byAddress, request.ip));
  const limitUser: preHandlerHookHandler = function (request, reply, done) {
    requireUser.call(this, request, reply, (error) => {
      if (error !== undefined) return done(check(byAddress, request.ip) ?? error);
      done(check(byUser, userOf(request).userId));
    });
  };
  const schema = { hide: true };
  const add = (url: string, forwarder: Forwarder) =>
    app.route({
      method: methods,
      url,
      schema,
      onRequest: limitUser,
      handler: (request: FastifyRequest, reply: FastifyReply) =>
        forwarder.forward(request, reply, userOf(request).userId),
    });
  for (const [part, forwarder] of Object.entries(forwarders)) {
    add(`/api/v1/${part}`, forwarder);
    add(`/api/v1/${part}/*`, forwarder);
  }
  for (const url of openPaths) {
    const handler = (request: FastifyRequest, reply: FastifyReply) =>
      forwarders.auth?.forward(request, reply);
    app.post(url, { schema, onRequest: limitAddress }, handler);
  }
}

const malformedPath = new Problem({
  status: 400,
  code: "MALFORMED_PATH",
  title: "The path has segments of dots, or hidden slashes.",
});

function check(limit: RateLimit, key: string): Problem | undefined {
  const retryAfterSeconds = limit.take(key, Date.now());
  if (retryAfterSeconds === 0) return undefined;
  return new Problem({ status: 429, code: "RATE_LIMITED", title: "Too many requests.", retryAfterSeconds });
}
