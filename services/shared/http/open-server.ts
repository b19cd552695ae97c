import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from "fastify";
import type { Static, TSchema } from "typebox";
import type { ListenSettings } from "../../../kit/settings.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";

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
   * a schema of contracts/. A handler refuses by throwing a Problem; what else it throws is a 500 and logged.
   */
  readonly routes: (app: App) => void;
}

export interface HttpServer {
  readonly app: App;
  /** "127.0.0.1:8088" */
  readonly address: string;
  /** Takes no more requests, finishes those it has, at most 5 s. */
  close(): Promise<void>;
}

/**
 * Listens, with everything that all services have: problem+json, request id and trace, Host and Origin check, limits,
 * /health/live, /health/ready, /metrics, /openapi.json.
 * @throws Error of listen(), such as EADDRINUSE
 */
export async function openServer(options: ServerOptions): Promise<HttpServer> {
  throw new Error(`not yet: ${options.name}`);
}
