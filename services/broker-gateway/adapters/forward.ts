import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { createClient } from "../../shared/http/client.js";
import { createAgent, sendRequest } from "../../shared/http/exchange.js";
import { unavailable } from "../../shared/http/problem.js";
import type { Log } from "../../shared/log.js";
import { nextTraceparent } from "../../shared/trace.js";
import { keepRequestHeaders, keepResponseHeaders } from "../domain/headers.js";

export interface Upstream {
  /** "broker-order" */
  readonly service: string;
  readonly url: string;
}

export interface Forwarder {
  /** Hands the request on, as it came but for its headers, and gives the answer's body, status and headers set. */
  forward(request: FastifyRequest, reply: FastifyReply, userId?: string): Promise<IncomingMessage>;
  /** The paths of its service's OpenAPI document that are the public's. @throws ServiceUnavailable */
  describePaths(): Promise<Record<string, unknown>>;
  close(): void;
}

/** Longer than any service needs to give up on another. */
const timeoutMs = 15_000;

export function createForwarder({ service, url }: Upstream, log: Log): Forwarder {
  const agent = createAgent();
  const base = new URL(url);
  return {
    async forward(request, reply, userId) {
      const body = Buffer.isBuffer(request.body) ? request.body : undefined;
      const headers = {
        ...keepRequestHeaders(request.headers),
        host: base.host,
        "x-request-id": request.id,
        traceparent: nextTraceparent(),
        ...(userId === undefined ? {} : { "x-user-id": userId }),
        ...(body === undefined ? {} : { "content-length": body.length }),
      };
      const { method, url: path } = request;
      const exchange = { agent, base, method, path, headers, body, timeoutMs };
      const answer = await sendRequest(exchange).catch((error: Error) => {
        log.warn({ upstream: service, problem: error.message }, "upstream away");
        throw unavailable("UPSTREAM_UNAVAILABLE", `${service} does not answer.`);
      });
      reply.code(answer.statusCode ?? 502).headers(keepResponseHeaders(answer.headers));
      return answer;
    },
    async describePaths() {
      const client = createClient({ baseUrl: url, service, timeoutMs: 5_000 });
      const { body } = await client.request({ method: "GET", path: "/openapi.json" }).finally(client.close);
      const { paths = {} } = (body ?? {}) as { paths?: Record<string, unknown> };
      return Object.fromEntries(Object.entries(paths).filter(([path]) => path.startsWith("/api/v1/")));
    },
    close: () => agent.destroy(),
  };
}
