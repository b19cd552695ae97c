import type { ReadyBody } from "../../../contracts/rest.js";
import type { ProbeTarget } from "../../ready/probe.js";
import { healthPath } from "../../ready/servers/http.js";
import { askHttp } from "../../ready/servers/http-request.js";
import { oneLine } from "../../ready/servers/wire.js";
import { type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { checkServers, type Examination } from "../servers/examine.js";
import { readGauge } from "./read-gauge.js";

/** Each domain service: what it says of itself and of what it needs. */
export const serviceCheck = checkServers({
  kind: "service",
  title: "every domain service lives, has what it needs, and publishes what it has written",
  finds: ["service.not-live", "service.not-ready", "service.other", "service.outbox-lag"],
  examine: (examination) => [examineService(examination)],
});

/** A relay that works publishes within milliseconds. */
const outboxLimitSeconds = 10;
const limitBytes = 1024 * 1024;

async function examineService(examination: Examination): Promise<readonly Finding[]> {
  const { facts, target, session } = examination;
  const { service, extension } = target;
  const ask = (path: string) => askHttp({ target, session, path, limitBytes });
  // A program of the user's answers in its own way.
  if ((await facts.replaced()).has(service)) return [];
  const startedMs = performance.now();
  const [live, ready, metrics] = await Promise.all([
    ask("/health/live"),
    ask(healthPath(extension.healthUrl ?? "/health/ready")),
    ask("/metrics"),
  ]);
  const tookMs = Math.round(performance.now() - startedMs);
  const findings = [
    ...judgeLife(target, live.status),
    ...judgeReadiness(target, { status: ready.status, body: readBody(ready.body) }),
    ...judgeOutbox(target, metrics.status === 200 ? metrics.body : ""),
  ];
  return findings.length > 0 ? findings : [fine("service.works", service, `ready, ${tookMs} ms`)];
}

function judgeLife({ service }: ProbeTarget, status: number): Finding[] {
  // 404: a service of the user's that has no such page.
  return status < 500
    ? []
    : [tell(service, "not-live", `${service} answers /health/live with HTTP ${status}`)];
}

interface Readiness {
  readonly status: number;
  readonly body: Partial<ReadyBody>;
}

function judgeReadiness({ service }: ProbeTarget, { status, body }: Readiness): Finding[] {
  if (status === 200) {
    if (body.service === undefined || body.service === service) return [];
    const message = `${body.service} answers in the place of ${service}`;
    return [{ ...tell(service, "other", message), level: "warning" }];
  }
  const missing = (body.dependencies ?? []).filter(({ ok }) => !ok);
  const names = missing.map(({ name }) => name).join(", ");
  const finding = tell(
    service,
    "not-ready",
    names === "" ? `${service} is not ready: HTTP ${status}` : `${service} is not ready: it misses ${names}`,
  );
  const evidence = missing.map(({ name, problem = "", latencyMs }) =>
    oneLine(`${name}: ${problem}, ${latencyMs} ms`),
  );
  // What it misses is told where it is looked at; a restart of this one mends nothing of it.
  const { repair: _, ...told } = finding;
  return [missing.length === 0 ? finding : { ...told, evidence, fix: `{mybroker} logs ${service}` }];
}

function judgeOutbox({ service }: ProbeTarget, metrics: string): Finding[] {
  const seconds = readGauge(metrics, "outbox_lag_seconds") ?? 0;
  if (seconds <= outboxLimitSeconds) return [];
  const message = `${service} has not published what it wrote ${Math.round(seconds)} s ago`;
  return [{ ...tell(service, "outbox-lag", message), level: "warning" }];
}

function tell(service: string, thing: string, message: string): Finding {
  const repair = repairWith("restart", service);
  return { id: `service.${thing}`, subject: service, level: "error", message, fix: repair.command, repair };
}

function readBody(text: string): Partial<ReadyBody> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}
