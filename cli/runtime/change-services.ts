import { isUp, type ServiceStatus } from "../../contracts/embedded-control.js";
import type { CommandRequest, CommandResult } from "../kernel/command.js";
import { countOf, formatDuration } from "../output/units.js";
import { tellReplaced } from "../replace/replaced.js";
import { whileLocked } from "../stack/while-locked.js";
import type { EmbeddedHandler } from "./by-runtime.js";
import { actOnService } from "./control-client.js";
import { renderSteps, stepsToData } from "./embedded-steps.js";
import type { Place } from "./place.js";
import { notReady } from "./probe-services.js";
import { explainProblems } from "./problem-text.js";
import { pickServices, requireRunning } from "./running.js";

interface Change {
  /** "stopped" */
  readonly done: string;
  readonly step: "start-service" | "stop-service" | "restart-service";
  readonly actions: readonly ("start" | "stop")[];
  readonly concerns: (service: ServiceStatus) => boolean;
  readonly idle: string;
  readonly next: string;
}

const stopped = (service: ServiceStatus): boolean => !isUp(service);

const changes = {
  stop: {
    done: "stopped",
    step: "stop-service",
    actions: ["stop"],
    concerns: isUp,
    idle: "everything asked for is stopped",
    next: "{mybroker} start      {mybroker} down",
  },
  start: {
    done: "started",
    step: "start-service",
    actions: ["start"],
    concerns: stopped,
    idle: "everything asked for is running",
    next: "{mybroker} ps      {mybroker} logs -f",
  },
  restart: {
    done: "restarted",
    step: "restart-service",
    actions: ["stop", "start"],
    concerns: () => true,
    idle: "there is nothing to restart",
    next: "{mybroker} ps      {mybroker} logs -f",
  },
} as const satisfies Readonly<Record<string, Change>>;

/** `stop`, `start` and `restart` of services in the process, which itself goes on. */
export function changeServices(name: keyof typeof changes): EmbeddedHandler {
  return (request, place) =>
    whileLocked(request, { name: place.name, folder: place.projectFolder }, () =>
      carryOut(request, place, changes[name]),
    );
}

async function carryOut(
  { args, globals, output }: CommandRequest,
  place: Place,
  change: Change,
): Promise<CommandResult> {
  const startedMs = performance.now();
  const running = await requireRunning(place);
  // As a container that was never made: only who names it means it.
  const meant = pickServices(running, args).filter(({ startedAt }) => args.length > 0 || startedAt !== null);
  const replaced = await tellReplaced(
    output,
    place.state,
    meant.map(({ name }) => name),
  );
  const services = meant.filter((service) => change.concerns(service) && !replaced.includes(service.name));
  const names = services.map(({ name }) => name);
  if (globals.dryRun) {
    const steps = names.map((name) => ({ action: change.step, name, cause: "asked for" }));
    return { project: place.name, data: { plan: stepsToData(steps) }, text: renderSteps(steps) };
  }
  for (const action of change.actions) await actOnAll(place, services, action);
  const elapsedMs = performance.now() - startedMs;
  const headline =
    names.length === 0
      ? `Nothing to do: ${change.idle}.`
      : `${countOf(names.length, "service")} ${change.done} in ${formatDuration(elapsedMs)}.`;
  return {
    project: place.name,
    data: { containers: [], services: names, elapsedMs: Math.round(elapsedMs) },
    text: [headline, `Next:  ${change.next}`],
  };
}

/** A domain service is stopped before what it needs, and started after it. */
async function actOnAll(
  place: Place,
  services: readonly ServiceStatus[],
  action: "start" | "stop",
): Promise<void> {
  const domain = services.filter(({ kind }) => kind === "service");
  const servers = services.filter(({ kind }) => kind !== "service");
  for (const group of action === "start" ? [servers, domain] : [domain, servers]) {
    await Promise.all(group.map(({ name }) => act(place, name, action)));
  }
}

async function act(place: Place, name: string, action: "start" | "stop"): Promise<void> {
  const status = await actOnService(place, name, action);
  if (status?.state === "unhealthy") throw notReady(name, status.problem ?? "it does not say why");
  const problem = status === undefined ? "the process ended meanwhile" : status.problem;
  if (problem !== null) throw explainProblems([{ code: "FAILED", message: problem, service: name }], place);
}
