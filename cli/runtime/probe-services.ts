import type { RuntimeStatus } from "../../contracts/embedded-control.js";
import { lookUpCredential } from "../compose/credentials.js";
import type { Project } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { systemClock } from "../ready/clock.js";
import type { ProbeTarget } from "../ready/probe.js";
import { probeServer } from "../ready/probe-server.js";
import { actOnService, askStatus } from "./control-client.js";
import type { Place } from "./place.js";
import { hostPort } from "./runtime-settings.js";

/** One login, on this machine. */
const probeTimeoutMs = 3_000;

/** How a service proved that it works. */
export interface Proof {
  readonly service: string;
  /** "probe": a client logged in; "process": the runtime itself used the file, or asked the domain service. */
  readonly by: "probe" | "process";
  readonly detail: string;
}

/**
 * Logs in to the brokers with the clients that services use, and has the runtime check the stores where asked to. Of a
 * domain service it knows already: it is "unhealthy" otherwise.
 * @throws MybrokerError service.not-ready, exit 1
 */
export async function proveServices(
  project: Project,
  place: Place,
  { services, checkStores }: { services: RuntimeStatus["services"]; checkStores: boolean },
): Promise<Proof[]> {
  return Promise.all(
    services.map(async ({ name, kind, address, path }): Promise<Proof> => {
      const target = address === null || kind === "service" ? undefined : targetOf(project, name);
      if (target === undefined) {
        if (checkStores) await checkInside(place, name);
        return { service: name, by: "process", detail: path ?? "GET /health/ready 200" };
      }
      const answer = await probeServer(target, probeTimeoutMs);
      if (!answer.ready) throw notReady(name, answer.detail);
      return { service: name, by: "probe", detail: answer.detail };
    }),
  );
}

/** From one look at the process to the next, while a domain service finds its way back to what it needs. */
const lookMs = 50;

/**
 * The status once all wanted services are well, for `limitMs` at most.
 * @throws MybrokerError service.not-ready, exit 1, naming what the first of them misses
 */
export async function waitUntilHealthy(
  place: Place,
  status: RuntimeStatus,
  { wanted, limitMs }: { wanted: ReadonlySet<string>; limitMs: number },
): Promise<RuntimeStatus> {
  const untilMs = performance.now() + limitMs;
  for (let latest = status; ; ) {
    const unwell = latest.services.filter(({ name, state }) => wanted.has(name) && state === "unhealthy");
    const [first] = unwell;
    if (first === undefined) return latest;
    if (performance.now() > untilMs) throw notReady(first.name, first.problem ?? "it does not say why");
    await systemClock.sleep(lookMs);
    latest = (await askStatus(place)) ?? latest;
  }
}

/** Where and how an embedded broker is reached. */
export function targetOf(project: Project, name: string): ProbeTarget | undefined {
  const service = project.services[name];
  const extension = service?.["x-mybroker"];
  if (service === undefined || extension === undefined) return undefined;
  const user = lookUpCredential(project, extension.credentials?.user);
  const password = lookUpCredential(project, extension.credentials?.password);
  return {
    service: name,
    extension,
    host: "127.0.0.1",
    port: hostPort(service, extension),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}

async function checkInside(place: Place, name: string): Promise<void> {
  const status = await actOnService(place, name, "check");
  if (status === undefined || status.problem !== null) throw notReady(name, status?.problem ?? "it is gone");
}

/** It runs, and does not do its work. */
export function notReady(service: string, detail: string): MybrokerError {
  return new MybrokerError({
    code: "service.not-ready",
    message: `${service} runs and does not answer as it should: ${detail}`,
    hint: `see why:  {mybroker} logs ${service}`,
    exitCode: exitCodes.no,
    details: { service, detail },
  });
}
