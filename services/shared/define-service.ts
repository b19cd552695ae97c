import { within } from "../../kit/within.js";
import { type HttpServer, openServer, type ServerOptions } from "./http/open-server.js";
import { createLog, type Log } from "./log.js";
import { createMetrics, type Metrics } from "./metrics.js";
import type { ServiceContext, ServiceDefinition } from "./service.js";

/** What a service is built with. */
export interface ServiceParts extends Pick<ServiceContext, "env" | "migrationsFolder"> {
  readonly name: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Has it closed with the service, the last one first; also when the service cannot start. */
  own<Part extends Closable>(part: Part): Part;
  /** Listens. What has been asked by then is answered before anything is closed. @throws Error of listen() */
  serve(options: Omit<ServerOptions, "name" | "log" | "metrics">): Promise<HttpServer>;
}

interface Closable {
  close(): unknown;
}

/** What then is still under way ends with the process: see RunningService. */
const closeLimitMs = 7_500;

/** @param build opens the parts of the service, each into `own`, and resolves with its server */
export function defineService(
  name: string,
  build: (parts: ServiceParts) => Promise<HttpServer>,
): ServiceDefinition {
  return {
    name,
    async start(context) {
      const { env, migrationsFolder } = context;
      const log = createLog(name, context);
      const metrics = createMetrics();
      const owned: Closable[] = [];
      let server: HttpServer | undefined;
      const closeAll = async () => {
        await server?.close();
        for (const part of owned.splice(0).reverse()) {
          try {
            await part.close();
          } catch (error) {
            log.warn({ error }, "not closed");
          }
        }
      };
      const close = () =>
        within(closeAll(), closeLimitMs).catch((error: unknown) => log.warn({ error }, "not all is closed"));
      const own = <Part extends Closable>(part: Part): Part => {
        owned.push(part);
        return part;
      };
      const serve: ServiceParts["serve"] = async (options) => {
        server = await openServer({ ...options, name, log, metrics });
        return server;
      };
      try {
        const { address } = await build({ name, env, migrationsFolder, log, metrics, own, serve });
        return { address, close };
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}
