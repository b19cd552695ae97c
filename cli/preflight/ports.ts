import { composeLabels } from "../compose/label-names.js";
import type { Project } from "../compose/model.js";
import type { ContainerSummary } from "../engine/engine.js";
import { addressesToTry, canBind, isWildcard } from "./bind-test.js";
import { findListeners, type ListeningProcess } from "./port-holder.js";

/** A host port that the project wants. */
export interface PlannedBinding {
  readonly service: string;
  /** "" where the file names none: all addresses. */
  readonly hostIp: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** The .env key that sets the port, where there is one. */
  readonly key?: string;
}

export interface HoldingContainer {
  readonly kind: "container";
  readonly name: string;
  readonly project?: string;
  readonly service?: string;
}

/** The embedded runtime of another project of this user. */
interface HoldingRuntime {
  readonly kind: "runtime";
  readonly pid: number;
  readonly name: string;
  /** Of the project. */
  readonly folder: string;
  /** The only project of that folder. */
  readonly alone: boolean;
}

export type PortHolder =
  | HoldingContainer
  | ListeningProcess
  | HoldingRuntime
  | { readonly kind: "service"; readonly service: string };

export interface PortConflict extends PlannedBinding {
  readonly holder: PortHolder;
  /** The next free port above it that no other binding uses; undefined where none was found near. */
  readonly freePort?: number;
}

export interface PortCheck {
  readonly bindings: readonly PlannedBinding[];
  /** The engine's running containers; [] where no engine is asked. */
  readonly containers: readonly ContainerSummary[];
  /** Its own containers are no conflict: they are kept, or replaced. */
  readonly projectName: string;
  readonly platform: NodeJS.Platform;
  /** False for an engine on another machine, whose ports cannot be tried from here. */
  readonly local: boolean;
}

/**
 * Every conflict of the planned bindings, in their order and all in one pass: two services that ask the same
 * port, containers that publish it, then sockets of this machine. Creates nothing.
 */
export async function findPortConflicts(check: PortCheck): Promise<PortConflict[]> {
  const holders = await Promise.all(
    check.bindings.map(async (binding, index): Promise<PortHolder | undefined> => {
      const twin = check.bindings.slice(0, index).find((earlier) => overlaps(earlier, binding));
      return twin === undefined ? findHolder(check, binding) : { kind: "service", service: twin.service };
    }),
  );
  const conflicts = check.bindings.flatMap((binding, index) => {
    const holder = holders[index];
    return holder === undefined ? [] : [{ ...binding, holder }];
  });
  const [named, free] = await Promise.all([
    nameProcesses(conflicts, check.platform),
    findFreeNeighbours(check, conflicts),
  ]);
  return named.map((conflict, index) => {
    const freePort = free[index];
    return freePort === undefined ? conflict : { ...conflict, freePort };
  });
}

/** Enough to step over any block of services; past it something else is wrong. */
const triedNeighbours = 200;
const highestPort = 65_535;

async function findFreeNeighbours(
  check: PortCheck,
  conflicts: readonly PortConflict[],
): Promise<(number | undefined)[]> {
  const used = new Set(check.bindings.map(({ port }) => port));
  const found: (number | undefined)[] = [];
  for (const conflict of conflicts) {
    const last = Math.min(conflict.port + triedNeighbours, highestPort);
    let port = conflict.port + 1;
    while (port <= last && (used.has(port) || (await findHolder(check, { ...conflict, port })) !== undefined))
      port += 1;
    used.add(port);
    found.push(port <= last ? port : undefined);
  }
  return found;
}

/** Who has one port; a process is not named yet, because that costs a look at every process there is. */
async function findHolder(
  check: Omit<PortCheck, "bindings">,
  binding: PlannedBinding,
): Promise<PortHolder | undefined> {
  const container = findContainer(check, binding);
  if (container === "own") return undefined;
  if (container !== undefined) return container;
  return check.local && (await isTaken(binding, check.platform)) ? { kind: "process" } : undefined;
}

async function nameProcesses(
  conflicts: readonly PortConflict[],
  platform: NodeJS.Platform,
): Promise<PortConflict[]> {
  const portsOf = (protocol: "tcp" | "udp") =>
    conflicts
      .filter((one) => one.holder.kind === "process" && one.protocol === protocol)
      .map(({ port }) => port);
  const [tcp, udp] = await Promise.all([
    findListeners(portsOf("tcp"), "tcp", platform),
    findListeners(portsOf("udp"), "udp", platform),
  ]);
  return conflicts.map((conflict) => {
    const listener = (conflict.protocol === "tcp" ? tcp : udp).get(conflict.port);
    return conflict.holder.kind === "process" && listener !== undefined
      ? { ...conflict, holder: listener }
      : conflict;
  });
}

function findContainer(
  check: Omit<PortCheck, "bindings">,
  binding: PlannedBinding,
): HoldingContainer | "own" | undefined {
  for (const container of check.containers) {
    const publishes = container.ports.some(
      ({ hostPort, hostIp, protocol }) =>
        hostPort !== undefined &&
        overlaps(binding, {
          hostIp: hostIp ?? "",
          port: hostPort,
          protocol: protocol === "udp" ? "udp" : "tcp",
        }),
    );
    if (!publishes) continue;
    const project = container.labels[composeLabels.project];
    if (project === check.projectName) return "own";
    const service = container.labels[composeLabels.service];
    return {
      kind: "container",
      name: container.name,
      ...(project === undefined ? {} : { project }),
      ...(service === undefined ? {} : { service }),
    };
  }
  return undefined;
}

type Address = Pick<PlannedBinding, "hostIp" | "port" | "protocol">;

function overlaps(left: Address, right: Address): boolean {
  if (left.port !== right.port || left.protocol !== right.protocol) return false;
  return left.hostIp === right.hostIp || isWildcard(left.hostIp) || isWildcard(right.hostIp);
}

async function isTaken(
  { hostIp, port, protocol }: PlannedBinding,
  platform: NodeJS.Platform,
): Promise<boolean> {
  for (const address of addressesToTry(hostIp, platform)) {
    if (!(await canBind(address, port, protocol))) return true;
  }
  return false;
}

/**
 * What these services publish with a fixed host port. A range or an absent port is the engine's choice and cannot
 * conflict.
 */
export function plannedBindings(project: Project, serviceNames: readonly string[]): PlannedBinding[] {
  return serviceNames.flatMap((service) =>
    (project.services[service]?.ports ?? []).flatMap((port) => {
      if (port.published === undefined || !/^\d+$/.test(port.published)) return [];
      const key = findPortKey(project, service, port.published);
      return [
        {
          service,
          hostIp: port.host_ip ?? "",
          port: Number(port.published),
          protocol: port.protocol === "udp" ? ("udp" as const) : ("tcp" as const),
          ...(key === undefined ? {} : { key }),
        },
      ];
    }),
  );
}

/** The variable that stands in this service's ports and has this value. */
function findPortKey(project: Project, service: string, published: string): string | undefined {
  const prefix = `services.${service}.ports`;
  return Object.entries(project.variables).find(
    ([key, use]) =>
      (project.environment[key] ?? use.defaultValue) === published &&
      use.places.some(({ path }) => path.startsWith(prefix)),
  )?.[0];
}
