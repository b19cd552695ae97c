import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
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
    close: () => agent.destroy(),
  };
}
