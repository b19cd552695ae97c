import { addHistogram } from "../metrics.js";
import { readTrace, runInTrace, type Trace } from "../trace.js";
import { createHostCheck } from "./host.js";
import type { App, ServerOptions } from "./open-server.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Of this request; within hooks before the body is read there is no current trace yet. */
    trace: Trace | null;
  }
}

/** What surrounds each request: its checks, its trace, its line in the log, its time in the metrics. */
export function addRequestHooks(app: App, { name, log, metrics }: ServerOptions): void {
  const checkHost = createHostCheck(name);
  const durations = addHistogram(metrics, {
    name: "http_request_duration_seconds",
    help: "Time to answer a request.",
    labels: ["method", "route", "status"],
  });
  app.decorateRequest("trace", null);
  app.addHook("onRequest", (request, reply, done) => {
    request.trace = readTrace({ requestId: request.id, traceparent: request.headers.traceparent });
    reply.header("x-request-id", request.id);
    done(checkHost(request));
  });
  // Not before: what reads the body does not run in the context of the hook that came before it.
  app.addHook("preValidation", (request, _reply, done) => {
    if (request.trace === null) return done();
    runInTrace(request.trace, done);
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "none";
    const { method } = request;
    const status = reply.statusCode;
    durations.observe({ method, route, status }, reply.elapsedTime / 1_000);
    // Health is asked for every few seconds, by machines, and 503 is one of its answers.
    const level = status >= 500 && !route.startsWith("/health/") ? "info" : "debug";
    if (log.isLevelEnabled(level)) {
      const latencyMs = Math.round(reply.elapsedTime * 10) / 10;
      log[level]({ ...request.trace, method, route, status, latencyMs }, "request");
    }
    done();
  });
}
