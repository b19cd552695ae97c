import type { RouteOptions } from "fastify";
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
    document ??= describeRoutes(options, createScratch());
    reply.type("application/json");
    return document;
  });
}

async function describeRoutes({ name, description, routes }: ServerOptions, scratch: App): Promise<string> {
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
    transform: ({ schema, url, route }) => ({ schema: { ...schema, ...readSecurity(route) }, url }),
  });
  await scratch.register(async (scope) => routes(scope as unknown as App));
  await scratch.ready();
  const text = JSON.stringify(scratch.swagger());
  await scratch.close();
  return text;
}

function readSecurity({ preHandler }: RouteOptions): { security?: Record<string, string[]>[] } {
  const schemes = [preHandler ?? []].flat().flatMap((handler) => Reflect.get(handler, securityScheme) ?? []);
  return schemes.length === 0 ? {} : { security: schemes.map((scheme: string) => ({ [scheme]: [] })) };
}
