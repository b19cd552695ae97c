import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyTypeProvider,
  type RawServerDefault,
} from "fastify";
import type { Static, TSchema } from "typebox";
import type { ListenSettings } from "../../../kit/settings.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import { readRequestId } from "../trace.js";
import { createErrorHandler, sendProblem } from "./errors.js";
import { addHealth } from "./health.js";
import { addOpenapi } from "./openapi.js";
import { asProblem, notFound, Problem } from "./problem.js";
import { addRequestHooks } from "./request-hooks.js";
import { validatorCompiler } from "./validation.js";

/** Types of body, query, parameters and answer follow from a route's schemas. */
export interface SchemaTypes extends FastifyTypeProvider {
  validator: this["schema"] extends TSchema ? Static<this["schema"]> : unknown;
  serializer: this["schema"] extends TSchema ? Static<this["schema"]> : unknown;
}
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>;

/** Something that the service owns or cannot do without. */
export interface Dependency {
  /** "broker-order-db" */
  readonly name: string;
  /** Rejects with why it cannot be used, in one line. Called with each GET /health/ready; given 1 s. */
  check(): Promise<void>;
}

export interface ServerOptions {
  /** "broker-order"; a request for another host is refused. */
  readonly name: string;
  /** One line, for the OpenAPI document. */
  readonly description: string;
  readonly listen: ListenSettings;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly dependencies: readonly Dependency[];
  /**
   * Adds the routes: `app.post("/api/v1/orders", { schema: { body, response: { 201: OrderBody } },
   * preHandler: users.requireUser }, async (request, reply) => …)`. Body, querystring, params and each response have
   * a schema of contracts/. A handler refuses by throwing a Problem; what else it throws is a 500 and logged. Called
   * again for the OpenAPI document, so it does nothing but add routes.
   */
  readonly routes: (app: App) => void;
  /** Of the OpenAPI document too: what stands behind its own routes. */
  readonly describePaths?: () => Promise<Record<string, unknown>>;
}

export interface HttpServer {
  readonly app: App;
  /** "127.0.0.1:8088" */
  readonly address: string;
  /** Takes no more requests, finishes those it has, at most 5 s. */
  close(): Promise<void>;
}

const bodyLimitBytes = 16 * 1024;
const closeLimitMs = 5_000;

/**
 * Listens, with everything that all services have: problem+json, request id and trace, Host and Origin check, limits,
 * /health/live, /health/ready, /metrics, /openapi.json.
 * @throws Error of listen(), such as EADDRINUSE
 */
export async function openServer(options: ServerOptions): Promise<HttpServer> {
  const app = createApp();
  const handleError = createErrorHandler(options);
  app.setErrorHandler(handleError);
  refuseUnknownRoutes(app);
  addRequestHooks(app, options);
  addHealth(app, options);
  addOpenapi(app, options, createApp);
  options.routes(app);
  await app.listen(options.listen);
  const { port } = app.server.address() as AddressInfo;
  const host = options.listen.host === "0.0.0.0" ? "127.0.0.1" : options.listen.host;
  const address = `${host}:${port}`;
  options.log.info({ address }, "listening");
  return { app, address, close: () => closeApp(app) };
}

function createApp(): App {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: 10_000,
    // Longer than clients keep a connection that they do not use: the side that sends next must not find it closed.
    keepAliveTimeout: 65_000,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    exposeHeadRoutes: true,
    requestIdHeader: false,
    genReqId: ({ headers }) => readRequestId(headers["x-request-id"]),
    frameworkErrors: (error, _request, reply) => sendProblem(reply, toFrameworkProblem(error)),
    clientErrorHandler: refuseNoHttp,
    // Ours instead of the two that fastify would load: no schema is compiled before it is needed, and JSON.stringify
    // is no slower for answers of this size.
    schemaController: {
      compilersFactory: {
        buildValidator: () => validatorCompiler as never,
        buildSerializer: () => () => JSON.stringify,
      },
    },
  }).withTypeProvider<SchemaTypes>();
  app.removeContentTypeParser("text/plain");
  return app as unknown as App;
}

function toFrameworkProblem(error: Error): Problem {
  return (
    asProblem(error) ??
    new Problem({ status: 400, code: "MALFORMED_PATH", title: "The path is not well formed." })
  );
}

/** 405 where the path has a route for another method, else 404. */
function refuseUnknownRoutes(app: App): void {
  const known: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    known.push({
      path: new RegExp(`^${url.replace(/:\w+/g, "[^/]+").replace("*", ".*")}$`),
      methods: [method].flat(),
    });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const methods = known.filter((route) => route.path.test(path)).flatMap((route) => route.methods);
    if (methods.length === 0) return sendProblem(reply, notFound("address"));
    reply.header("allow", [...new Set(methods)].join(", "));
    const title = `${request.method} is not for this address.`;
    sendProblem(reply, new Problem({ status: 405, code: "METHOD_NOT_ALLOWED", title }));
  });
}

/** What is not HTTP at all never becomes a request. */
function refuseNoHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const body =
    '{"type":"about:blank","title":"This is no HTTP.","status":400,"code":"MALFORMED_REQUEST","requestId":"-"}';
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

async function closeApp(app: App): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), closeLimitMs);
  await app.close();
  clearTimeout(timer);
}
