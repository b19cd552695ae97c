import type { Project, Service } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { unknownService } from "../errors/unknown-service.js";

export interface Selection {
  /** Empty or absent: all of the active profiles. */
  readonly services?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly noDeps?: boolean | undefined;
}

/**
 * The services that a command is about, dependencies first: the named ones with what they need, less the excluded.
 * @throws MybrokerError usage.unknown-service, exit 2
 */
export function selectServices(project: Project, selection: Selection): string[] {
  for (const name of [...(selection.services ?? []), ...(selection.exclude ?? [])]) {
    if (project.services[name] === undefined) throw absentService(project, name);
  }
  const excluded = new Set(selection.exclude);
  const named = selection.services?.length ? selection.services : Object.keys(project.services);
  const selected = new Set<string>();
  const visit = (name: string): void => {
    const service = project.services[name];
    if (service === undefined || selected.has(name) || excluded.has(name)) return;
    if (!selection.noDeps) for (const dependency of dependenciesOf(service)) visit(dependency);
    selected.add(name);
  };
  for (const name of named) visit(name);
  return selection.noDeps ? inDependencyOrder(project, selected) : [...selected];
}

function inDependencyOrder(project: Project, names: ReadonlySet<string>): string[] {
  return selectServices(project, {}).filter((name) => names.has(name));
}

/** Services whose containers must be there first: depends_on, and those whose namespaces are shared. */
export function dependenciesOf(service: Service): string[] {
  const shared = [service.network_mode, service.pid].flatMap(
    (mode) => /^service:(.+)$/.exec(mode ?? "")?.[1] ?? [],
  );
  return [...new Set([...Object.keys(service.depends_on ?? {}), ...shared])];
}

/** How many containers the service has; `scale` and `deploy.replicas` mean the same. */
export function replicasOf(service: Service): number {
  return service.scale ?? service.deploy?.replicas ?? 1;
}

function absentService(project: Project, name: string): MybrokerError {
  const inactive = project.disabledServices[name];
  if (inactive === undefined) return unknownService(name, Object.keys(project.services));
  return new MybrokerError({
    code: "usage.unknown-service",
    message: `the service ${name} belongs to the profile ${inactive.profiles?.join(" or ")}, which is not active`,
    hint: `Switch it on:  {mybroker} --profile ${inactive.profiles?.[0]} …`,
    exitCode: exitCodes.usage,
    details: { service: name },
  });
}
