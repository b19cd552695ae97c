import { isUp, type RuntimeStatus, type ServiceStatus } from "../../../contracts/embedded-control.js";
import type { CommandRequest, CommandResult } from "../../kernel/command.js";
import { formatTable } from "../../output/table.js";
import { formatMemory } from "../../output/units.js";
import { systemClock } from "../../ready/clock.js";
import { tellReplaced } from "../../replace/replaced.js";
import { askStatus } from "../../runtime/control-client.js";
import type { Place } from "../../runtime/place.js";
import { pickServices } from "../../runtime/running.js";
import { formatSince } from "./screen.js";

/** `ps` of the embedded runtime. */
export async function listEmbedded(request: CommandRequest, place: Place): Promise<CommandResult> {
  if (request.options.watch === true) return watch(request, place);
  const status = await askStatus(place);
  await tellReplaced(request.output, place.state, namesOf(status));
  return { project: place.name, data: toData(status, request), text: render(status, request, place) };
}

function namesOf(status: RuntimeStatus | undefined): string[] {
  return status?.services.map(({ name }) => name) ?? [];
}

function select(status: RuntimeStatus, { args, options }: CommandRequest): ServiceStatus[] {
  const everything = options.all === true || args.length > 0;
  return pickServices(status, args).filter(({ state }) => everything || state !== "stopped");
}

/** `containers` is there for who reads it on Docker, and empty. */
function toData(status: RuntimeStatus | undefined, request: CommandRequest): unknown {
  if (status === undefined) return { containers: [], services: [], process: null };
  const { pid, version, startedAt, residentBytes, dataFolder } = status;
  const services = select(status, request).map((service) => ({
    service: service.name,
    kind: service.kind,
    state: service.state,
    startedAt: service.startedAt,
    readyMs: service.readyMs,
    address: service.address,
    path: service.path,
    problem: service.problem,
  }));
  return { containers: [], services, process: { pid, version, startedAt, residentBytes, dataFolder } };
}

function render(status: RuntimeStatus | undefined, request: CommandRequest, place: Place): string[] {
  const services = status === undefined ? [] : select(status, request);
  if (request.options.quiet === true) return services.map(({ name }) => name);
  if (status === undefined) return ["Nothing runs.", "Next:  {mybroker} up"];
  const { style } = request.output;
  const nowMs = request.context.now();
  const rows = services.map((service) => [
    service.name,
    service.state,
    isUp(service) ? formatSince(service.startedAt, nowMs) : "-",
    service.address ?? service.path?.replace(`${place.dataFolder}/`, "") ?? "-",
  ]);
  const table = formatTable([["SERVICE", "STATE", "SINCE", "ADDRESS OR FILE"], ...rows], (row, line) => {
    if (row === 0) return style.dim(line);
    return isUnwell(services[row - 1]) ? style.red(line) : line;
  });
  const failed = services.find(isUnwell);
  return [
    ...table,
    "",
    ...services.filter(isUnwell).map(({ name, problem }) => `${name}: ${problem ?? "it does not say why"}`),
    `Embedded: one process, pid ${status.pid}, ${formatMemory(status.residentBytes)} for all of them together.`,
    `Files in  ${place.dataFolder}`,
    `Next:  {mybroker} ${failed === undefined ? "logs -f" : `logs ${failed.name}`}`,
  ];
}

function isUnwell(service: ServiceStatus | undefined): boolean {
  return service?.state === "failed" || service?.state === "unhealthy";
}

/** Once a second is often enough for an eye, and costs the process nothing. */
const lookMs = 1_000;

async function watch(request: CommandRequest, place: Place): Promise<CommandResult> {
  const { context, output } = request;
  let shown = "";
  while (!context.signal.aborted) {
    const status = await askStatus(place);
    const seen = JSON.stringify(status?.services ?? null);
    if (seen !== shown) {
      shown = seen;
      const lines = render(status, request, place);
      await (output.json
        ? output.record(toData(status, request), place.name)
        : output.repaint(lines.map((line) => line.replaceAll("{mybroker}", context.invocation))));
    }
    await systemClock.sleep(lookMs, context.signal);
  }
  return { project: place.name };
}
