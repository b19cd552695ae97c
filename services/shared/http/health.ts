import { setTimeout as pause } from "node:timers/promises";
import Type, { type Static } from "typebox";
import { type DependencyHealth, ReadyBody } from "../../../contracts/rest.js";
import type { App, Dependency, ServerOptions } from "./open-server.js";

const checkLimitMs = 1_000;

/** GET /health/live, /health/ready, /metrics. */
export function addHealth(app: App, { name, dependencies, metrics }: ServerOptions): void {
  app.get("/health/live", { schema: { response: { 200: Type.Object({ status: Type.String() }) } } }, () => ({
    status: "live",
  }));
  const response = { 200: ReadyBody, 503: ReadyBody };
  app.get("/health/ready", { schema: { response } }, async (_request, reply) => {
    const found = await Promise.all(dependencies.map(checkDependency));
    const ready = found.every(({ ok }) => ok);
    reply.code(ready ? 200 : 503);
    return {
      status: ready ? ("ready" as const) : ("not-ready" as const),
      service: name,
      dependencies: found,
    };
  });
  app.get("/metrics", async (_request, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}

async function checkDependency({ name, check }: Dependency): Promise<Static<typeof DependencyHealth>> {
  const began = performance.now();
  const end = new AbortController();
  const late = pause(checkLimitMs, undefined, { signal: end.signal }).then(
    () => Promise.reject(new Error(`no answer within ${checkLimitMs} ms`)),
    () => {},
  );
  const latencyMs = () => Math.round((performance.now() - began) * 10) / 10;
  try {
    await Promise.race([check(), late]);
    return { name, ok: true, latencyMs: latencyMs() };
  } catch (error) {
    const problem =
      (error instanceof Error ? error.message || error.name : String(error)).split("\n")[0] ?? "";
    return { name, ok: false, latencyMs: latencyMs(), problem: problem.slice(0, 200) };
  } finally {
    end.abort();
  }
}
