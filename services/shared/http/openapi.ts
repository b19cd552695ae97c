import type { RouteOptions } from "fastify";
import { ProblemBody } from "../../../contracts/rest.js";
import { addHealth } from "./health.js";
import type { App, ServerOptions } from "./open-server.js";

/** Set on a preHandler: which of the document's security schemes it asks for. */
export const securityScheme = Symbol("securityScheme");

/**
 * GET /openapi.json. The document is made when somebody asks for it, from a second set of the routes that never
 * listens: nine services in one process would each pay for it at their start.
 */
export function addOpenapi(app: App, options: ServerOptions, createScratch: () => App): void {
  let document: Promise<string> | undefined;
  app.get("/openapi.json", { schema: { hide: true } }, async (_request, reply) => {
    document ??= describeRoutes(options, createScratch()).catch((error: unknown) => {
      document = undefined;
      throw error;
    });
    reply.type("application/json");
    return document;
  });
}

async function describeRoutes(options: ServerOptions, scratch: App): Promise<string> {
  const { name, description } = options;
  const { default: swagger } = await import("@fastify/swagger");
  await scratch.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: name, description, version: "1" },
      components: {
        securitySchemes: {
          user: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          service: { type: "apiKey", in: "header", name: "x-service-token" },
        },
      },
    },
    transform: ({ schema, url, route }) => ({
      schema: { ...schema, ...readSecurity(route), response: describeAnswers(schema?.response) },
      url,
    }),
  });
  await scratch.register(async (scope) => {
    addHealth(scope as unknown as App, options);
    options.routes(scope as unknown as App);
  });
  await scratch.ready();
  const { paths, ...rest } = scratch.swagger();
  await scratch.close();
  return JSON.stringify({ ...rest, paths: { ...paths, ...(await options.describePaths?.()) } });
}

/** Every route may refuse: where it does not say how, as all do. */
function describeAnswers(declared: unknown): Record<string, unknown> {
  const problem = {
    description: "Refused.",
    content: { "application/problem+json": { schema: ProblemBody } },
  };
  const answers = Object.entries(declared ?? {}).map(([status, schema]) => [
    status,
    schema === ProblemBody ? problem : schema,
  ]);
  return { ...Object.fromEntries(answers), default: problem };
}

function readSecurity({ preHandler }: RouteOptions): { security?: Record<string, string[]>[] } {
  const schemes = [preHandler ?? []].flat().flatMap((handler) => Reflect.get(handler, securityScheme) ?? []);
  return schemes.length === 0 ? {} : { security: schemes.map((scheme: string) => ({ [scheme]: [] })) };
}
