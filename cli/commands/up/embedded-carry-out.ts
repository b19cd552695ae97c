import { isUp, type RuntimeStatus, type ServiceSetting } from "../../../contracts/embedded-control.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import { portConflictError } from "../../preflight/port-text.js";
import { findPortConflicts, plannedBindings } from "../../preflight/ports.js";
import { serverProbes } from "../../ready/servers/registry.js";
import { actOnService, askStatus } from "../../runtime/control-client.js";
import { nameRuntimes } from "../../runtime/find-runtimes.js";
import { type Launch, launch } from "../../runtime/launch.js";
import { refuseBesideDocker } from "../../runtime/open-embedded.js";
import type { RuntimePlan } from "../../runtime/plan-runtime.js";
import { explainProblems } from "../../runtime/problem-text.js";
import { recordRuntime } from "../../runtime/runtime-record.js";
import { stopRuntime } from "../../runtime/stop-runtime.js";
import type { EmbeddedRun } from "./embedded.js";

interface Carried {
  readonly status: RuntimeStatus;
  /** The process, where this run started it. */
  readonly launch: Launch | undefined;
}

/** Makes it so: starts or restarts the process, or starts what is missing in the one that runs. */
export async function carryOut(
  run: EmbeddedRun,
  plan: RuntimePlan,
  running: RuntimeStatus | undefined,
): Promise<Carried> {
  const { request, place, settings, setting } = run;
  if (running !== undefined && plan.action === "nothing") return { status: running, launch: undefined };
  const kept = running?.services.filter(isUp).map(({ name }) => name) ?? [];
  if (running !== undefined && plan.action === "add") {
    await checkPorts(run, plan.services, kept);
    const isDomain = (name: string) => settings.find((one) => one.name === name)?.kind === "service";
    for (const group of [plan.services.filter((name) => !isDomain(name)), plan.services.filter(isDomain)])
      await Promise.all(group.map((name) => startOne(run, name)));
    return { status: (await askStatus(place)) ?? running, launch: undefined };
  }
  const ports = checkPorts(run, plan.services, kept);
  ports.catch(() => {});
  // Its own containers on Docker are told before the ports that they have.
  if (running === undefined && !run.engineAway) await refuseBesideDocker(request, run.project.name);
  await ports;
  if (running !== undefined) await stopRuntime(place, setting.stopTimeoutMs);
  await recordRuntime(place.state, place.name, "embedded");
  // For who looks for it from elsewhere (find-runtimes.ts).
  await place.state.writeRecord("folder", { folder: place.projectFolder }).catch(() => {});
  const start = new Set(plan.services);
  const services = settings.map((one): ServiceSetting => ({ ...one, start: start.has(one.name) }));
  prepareProbes(services);
  return begin(run, services);
}

async function begin(run: EmbeddedRun, services: readonly ServiceSetting[]): Promise<Carried> {
  const { request, place, setting } = run;
  const { context } = request;
  const { foreground, waitTimeoutMs } = setting;
  const process = launch(place, context, foreground);
  const { dataFolder, socketPath, logPath } = place;
  process.begin({ version: context.version, dataFolder, socketPath, logPath, foreground, services });
  const giveUp = AbortSignal.any([context.signal, AbortSignal.timeout(waitTimeoutMs)]);
  const aborted = new Promise<never>((_, reject) => {
    giveUp.addEventListener("abort", () => reject(context.signal.aborted ? giveUp.reason : tooLate(run)), {
      once: true,
    });
  });
  try {
    return { status: await Promise.race([process.ready, aborted]), launch: process };
  } catch (error) {
    process.kill();
    throw error;
  }
}

async function startOne({ place }: EmbeddedRun, name: string): Promise<void> {
  const status = await actOnService(place, name, "start");
  if (status !== undefined && isUp(status)) return;
  const message = status?.problem ?? "it is not part of the running process";
  throw explainProblems([{ code: "FAILED", message, service: name }], place);
}

/**
 * The ports of brokers and domain services, before anything is started; those that the running process has are its own.
 */
async function checkPorts(
  { request, project, settings }: EmbeddedRun,
  starting: readonly string[],
  kept: readonly string[],
): Promise<void> {
  const ports = new Map(settings.map(({ name, port }) => [name, port]));
  const names = starting.filter((name) => ports.get(name) !== undefined && !kept.includes(name));
  const bindings = plannedBindings(project, names)
    .filter(({ service, port }) => ports.get(service) === port)
    .map((binding) => ({ ...binding, hostIp: "127.0.0.1" }));
  const conflicts = await findPortConflicts({
    bindings,
    containers: [],
    projectName: project.name,
    platform: request.context.platform,
    local: true,
  });
  if (conflicts.length > 0) throw portConflictError(nameRuntimes(conflicts, request.context));
}

/** The clients are loaded while the process starts. */
function prepareProbes(services: readonly ServiceSetting[]): void {
  for (const { kind, start, port } of services) {
    if (start && port !== undefined && kind !== "service") void serverProbes[kind].prepare().catch(() => {});
  }
}

function tooLate({ setting }: EmbeddedRun): MybrokerError {
  return new MybrokerError({
    code: "embedded.deadline",
    message: `The embedded runtime was not ready within ${setting.waitTimeoutMs / 1000} s, and was ended`,
    hint: "see what it did:  {mybroker} logs -n 20",
    exitCode: exitCodes.no,
  });
}
