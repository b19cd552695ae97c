import { findNearest } from "../errors/nearest.js";
import { findExtensionProblem } from "./check-extension.js";
import { composeError } from "./compose-error.js";
import { type FindPlace, orderForStart } from "./graph.js";
import type { Project, Service } from "./model.js";

type CheckedProject = Pick<
  Project,
  "services" | "disabledServices" | "networks" | "volumes" | "configs" | "secrets"
>;

interface Check {
  readonly project: CheckedProject;
  readonly name: string;
  readonly service: Service;
  fail(key: string, message: string, hint?: string): never;
}

/** What each part may say only in view of the others (compose-go's consistency checks). Throws compose.inconsistent. */
export function checkProject(project: CheckedProject, findPlace: FindPlace): void {
  for (const [name, service] of Object.entries(project.services)) {
    const fail = (key: string, message: string, hint?: string): never => {
      const path = `services.${name}${key === "" ? "" : `.${key}`}`;
      throw composeError({
        code: "inconsistent",
        message: `${path}: ${message}`,
        place: findPlace(path),
        path,
        ...(hint === undefined ? {} : { hint }),
      });
    };
    const check: Check = { project, name, service, fail };
    checkImage(check);
    checkReferences(check);
    checkDependencies(check);
    checkResources(check);
    checkMounts(check);
    checkExtension(check);
  }
  checkContainerNames(project, findPlace);
  checkFileObjects(project, findPlace);
  checkExternalVolumes(project, findPlace);
  orderForStart(project.services, findPlace);
}

function checkExtension({ service, fail }: Check): void {
  if (!("x-mybroker" in service)) return;
  const problem = findExtensionProblem(service["x-mybroker"]);
  if (problem !== undefined)
    fail(`x-mybroker${problem.key === "" ? "" : `.${problem.key}`}`, problem.message);
}

function checkImage({ service, fail }: Check): void {
  if (service.build === undefined && service.image === undefined)
    fail("", "neither an image nor a build is given");
  const { dockerfile, dockerfile_inline } = service.build ?? {};
  if (dockerfile !== undefined && dockerfile_inline !== undefined) {
    fail("build", "dockerfile and dockerfile_inline exclude each other");
  }
}

function checkReferences({ project, service, fail }: Check): void {
  const require = (key: string, kind: keyof CheckedProject, name: string): void => {
    if (Object.hasOwn(project[kind], name)) return;
    const near = findNearest(name, Object.keys(project[kind]));
    const hint = near === undefined ? `Declare it under ${kind}: at the top level` : `Did you mean ${near}?`;
    fail(key, `"${name}" is not declared under ${kind}`, hint);
  };
  const networks = Object.keys(service.networks ?? {});
  if (service.network_mode !== undefined && networks.length > 0) {
    fail("network_mode", "network_mode and networks exclude each other");
  }
  for (const network of networks) require(`networks.${network}`, "networks", network);
  for (const [index, { type, source }] of (service.volumes ?? []).entries()) {
    if (type === "volume" && source) require(`volumes[${index}]`, "volumes", source);
  }
  for (const [index, { source }] of (service.configs ?? []).entries())
    require(`configs[${index}]`, "configs", source);
  for (const [index, { source }] of (service.secrets ?? []).entries())
    require(`secrets[${index}]`, "secrets", source);
}

function checkDependencies({ project, name, service, fail }: Check): void {
  for (const key of ["network_mode", "pid"] as const) {
    const shared = /^service:(.+)$/.exec(service[key] ?? "")?.[1];
    if (shared !== undefined && !Object.hasOwn(project.services, shared)) {
      fail(key, `no service "${shared}" in this project`);
    }
  }
  for (const [dependency, { condition, required }] of Object.entries(service.depends_on ?? {})) {
    if (condition === undefined) fail(`depends_on.${dependency}`, "condition is missing");
    const isKnown = Object.hasOwn(project.services, dependency);
    if (isKnown || (!required && Object.hasOwn(project.disabledServices, dependency))) continue;
    const near = findNearest(dependency, Object.keys(project.services));
    const hint = near === undefined || near === name ? undefined : `Did you mean ${near}?`;
    fail(`depends_on.${dependency}`, `no service "${dependency}" in this project`, hint);
  }
}

function checkResources({ service, fail }: Check): void {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const differ = (one: unknown, other: unknown) => one !== undefined && other !== undefined && one !== other;
  if (differ(service.cpus, limits?.cpus)) fail("cpus", "differs from deploy.resources.limits.cpus");
  if (differ(service.mem_limit, limits?.memory))
    fail("mem_limit", "differs from deploy.resources.limits.memory");
  if (differ(service.mem_reservation, reservations?.memory)) {
    fail("mem_reservation", "differs from deploy.resources.reservations.memory");
  }
  if (differ(service.scale, service.deploy?.replicas)) fail("scale", "differs from deploy.replicas");
  const replicas = service.scale ?? service.deploy?.replicas ?? 1;
  if (replicas < 0) fail("scale", "must not be negative");
  if (replicas > 1 && service.container_name !== undefined) {
    fail(
      "container_name",
      `${replicas} containers cannot have one name`,
      "Take out container_name or the scale",
    );
  }
}

function checkMounts({ service, fail }: Check): void {
  const taken = new Set<string>();
  const targets = [
    ...(service.tmpfs ?? []).map((entry, index) => [`tmpfs[${index}]`, entry.split(":")[0] ?? ""] as const),
    ...(service.volumes ?? []).map((mount, index) => [`volumes[${index}]`, mount.target] as const),
  ];
  for (const [key, target] of targets) {
    if (taken.has(target)) fail(key, `something else is mounted at ${target} already`);
    taken.add(target);
  }
}

function checkContainerNames(project: CheckedProject, findPlace: FindPlace): void {
  const owners = new Map<string, string>();
  for (const [name, { container_name }] of Object.entries(project.services)) {
    if (container_name === undefined) continue;
    const owner = owners.get(container_name);
    owners.set(container_name, name);
    if (owner === undefined) continue;
    const path = `services.${name}.container_name`;
    throw composeError({
      code: "inconsistent",
      message: `${path}: the service ${owner} has the same name "${container_name}"`,
      place: findPlace(path),
      path,
    });
  }
}

function checkFileObjects(project: CheckedProject, findPlace: FindPlace): void {
  const sections = { configs: ["file", "content", "environment"], secrets: ["file", "environment"] } as const;
  for (const section of ["configs", "secrets"] as const) {
    for (const [name, item] of Object.entries(project[section])) {
      const given = sections[section].filter((key) => item[key] !== undefined);
      if (given.length === 1 || (given.length === 0 && item.external === true)) continue;
      const path = `${section}.${name}`;
      const wanted = sections[section].join(", ");
      const message =
        given.length === 0 ? `one of ${wanted} must be given` : `${given.join(" and ")} exclude each other`;
      throw composeError({
        code: "inconsistent",
        message: `${path}: ${message}`,
        place: findPlace(path),
        path,
      });
    }
  }
}

function checkExternalVolumes(project: CheckedProject, findPlace: FindPlace): void {
  for (const [name, volume] of Object.entries(project.volumes)) {
    const more = Object.keys(volume).filter((key) => key !== "name" && key !== "external");
    if (volume.external !== true || more.length === 0) continue;
    const path = `volumes.${name}`;
    throw composeError({
      code: "inconsistent",
      message: `${path}: external and ${more.join(", ")} exclude each other`,
      place: findPlace(path),
      path,
    });
  }
}
