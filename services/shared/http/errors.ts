import type { FastifyReply, FastifyRequest } from "fastify";
import { isOutage } from "../../../kit/outage.js";
import type { Log } from "../log.js";
import { ServiceUnavailable } from "./client.js";
import { asProblem, Problem, toProblemBody, unavailable } from "./problem.js";

/** What fastify refuses by itself. */
const refusals: Readonly<Record<string, readonly [status: number, code: string, title: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, "BODY_TOO_LARGE", "The body is beyond 16 KiB."],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, "UNSUPPORTED_MEDIA_TYPE", "A body is sent as application/json."],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, "MALFORMED_JSON", "The body is not JSON."],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, "MALFORMED_JSON", "The body is empty."],
  FST_ERR_BAD_URL: [400, "MALFORMED_PATH", "The path is not well formed."],
};

/** Every error as a Problem; what was not foreseen is logged, and its caller learns nothing of it. */
export function createErrorHandler({ log, name }: { readonly log: Log; readonly name: string }) {
  return (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = asProblem(error) ?? fromOutage(error, name) ?? fromFastify(error);
    if (problem === undefined) {
      log.error({ error, requestId: request.id, route: request.routeOptions.url }, "unforeseen error");
    } else if (problem.status === 503 && !(error instanceof Problem)) {
      log.warn({ requestId: request.id, problem: error.message }, "dependency away");
    }
    sendProblem(reply, problem ?? internalError);
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  const { retryAfterSeconds } = problem.options;
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  reply
    .code(problem.status)
    .header("x-request-id", reply.request.id)
    .type("application/problem+json")
    .send(JSON.stringify(toProblemBody(problem, reply.request.id)));
}

const internalError = new Problem({ status: 500, code: "INTERNAL", title: "Something unforeseen happened." });

function fromOutage(error: Error, service: string): Problem | undefined {
  if (error instanceof ServiceUnavailable) {
    return unavailable("UPSTREAM_UNAVAILABLE", `${error.service} does not answer.`);
  }
  return isOutage(error)
    ? unavailable("STORE_UNAVAILABLE", `A store that ${service} needs is away.`)
    : undefined;
}

function fromFastify(error: Error & { code?: string; statusCode?: number }): Problem | undefined {
  const refusal = refusals[error.code ?? ""];
  if (refusal !== undefined) {
    const [status, code, title] = refusal;
    return new Problem({ status, code, title });
  }
  const status = error.statusCode ?? 500;
  if (status < 400 || status > 499) return undefined;
  return new Problem({ status, code: "BAD_REQUEST", title: "The request is not well formed." });
}
