import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProbeTarget } from "../../ready/probe.js";
import { askHttp, type HttpAnswer } from "../../ready/servers/http-request.js";
import type { LoginSession } from "../../ready/servers/login-session.js";
import { oneLine } from "../../ready/servers/wire.js";
import type { DoctorFacts, Finding, Repair } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { findServers } from "./examine.js";

/** Of GET /api/v1/targets. */
interface ScrapeTarget {
  readonly scrapeUrl: string;
  /** "unknown" until it was asked for the first time. */
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

const limitBytes = 1024 * 1024;

export function isPrometheus({ body }: HttpAnswer): boolean {
  return body.startsWith("Prometheus Server is Ready");
}

/** What runs here is scraped, and with success; a target that does not run is missed by nobody. */
export async function examineTargets(
  facts: DoctorFacts,
  target: ProbeTarget,
  session: LoginSession,
): Promise<readonly Finding[]> {
  const { body } = await askHttp({ target, session, path: "/api/v1/targets?state=active", limitBytes });
  const { data } = JSON.parse(body) as { data?: { activeTargets?: readonly ScrapeTarget[] } };
  const scraped = data?.activeTargets ?? [];
  const names = new Set(scraped.map(hostOf));
  const running = new Set([...(await facts.targets()).keys()]);
  const replaced = await facts.replaced();
  const down = scraped.filter((each) => {
    const name = hostOf(each);
    return each.health === "down" && running.has(name) && !replaced.has(name);
  });
  const missing = (await findServers(facts, "service")).filter(({ service }) => !names.has(service));
  const measured = await Promise.all(
    missing.map(async (server) => ((await hasMetrics(server, session)) ? [server] : [])),
  );
  return [
    // One that is read under several paths, as RabbitMQ, is told once.
    ...[...new Set(down.map(hostOf))].map((host) =>
      tellDown(
        target.service,
        host,
        down.filter((each) => hostOf(each) === host),
      ),
    ),
    ...measured.flat().map((server) => tellMissing(facts, target.service, server)),
  ];
}

async function hasMetrics(target: ProbeTarget, session: LoginSession): Promise<boolean> {
  const answer = await askHttp({ target, session, path: "/metrics", limitBytes }).catch(() => undefined);
  return answer?.status === 200;
}

function hostOf({ scrapeUrl }: ScrapeTarget): string {
  return URL.canParse(scrapeUrl) ? new URL(scrapeUrl).hostname : "";
}

function tellDown(prometheus: string, host: string, down: readonly ScrapeTarget[]): Finding {
  const repair = repairWith("restart", host);
  return {
    id: "prometheus.target-down",
    subject: host,
    level: "warning",
    message: `${prometheus} cannot read the metrics of ${host}: ${oneLine(down[0]?.lastError ?? "")}`,
    evidence: down.map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${oneLine(lastError)}`),
    fix: repair.command,
    repair,
  };
}

function tellMissing(facts: DoctorFacts, prometheus: string, { service, extension }: ProbeTarget): Finding {
  const id = "prometheus.missing-target";
  const folder = findTargetsFolder(facts, prometheus);
  const base = {
    id,
    subject: service,
    level: "warning",
    message: `${prometheus} does not read the metrics of ${service}`,
  } as const;
  if (folder === undefined) return { ...base, fix: `{mybroker} config ${prometheus}` };
  const path = join(folder, `${service}.json`);
  const text = `${JSON.stringify([{ targets: [`${service}:${extension.port}`], labels: { service } }])}\n`;
  const repair: Repair = {
    command: `write ${path}`,
    stage: "files",
    run: async () => void (existsSync(path) || (await writeFile(path, text))),
  };
  return { ...base, evidence: [`no file ${path}`], fix: `{mybroker} doctor --fix ${id}`, repair };
}

/** Of the shipped configuration: one file a service, read as soon as it appears. */
function findTargetsFolder({ project }: DoctorFacts, prometheus: string): string | undefined {
  const mounts = project.services[prometheus]?.volumes ?? [];
  const source = mounts.find(({ type, target }) => type === "bind" && target === "/etc/prometheus")?.source;
  const folder = source === undefined ? undefined : join(source, "targets");
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}
