import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import type { Service } from "./model.js";

type Services = Readonly<Record<string, Service>>;

/**
 * Splits services into those that are on and those that are off: on are the ones without a profile, with one of
 * `profiles` ("*" is all), those that were named together with all of their profiles, and whatever a service that is
 * on requires. Throws usage.unknown-service for a name that no service has.
 */
export function selectByProfile(
  services: Services,
  profiles: readonly string[],
  named: readonly string[],
): { enabled: Record<string, Service>; disabled: Record<string, Service> } {
  const active = new Set(profiles.filter((profile) => profile !== ""));
  for (const name of named) {
    const service = services[requireService(services, name)];
    if (service !== undefined && !isOn(service, active))
      for (const profile of service.profiles ?? []) active.add(profile);
  }
  const on = new Set(Object.keys(services).filter((name) => isOn(services[name], active)));
  const waiting = [...on];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const [dependency, { required }] of Object.entries(services[name]?.depends_on ?? {})) {
      if (!required || on.has(dependency) || services[dependency] === undefined) continue;
      on.add(dependency);
      waiting.push(dependency);
    }
  }
  const entries = Object.entries(services);
  return {
    enabled: Object.fromEntries(entries.filter(([name]) => on.has(name))),
    disabled: Object.fromEntries(entries.filter(([name]) => !on.has(name))),
  };
}

function isOn(service: Service | undefined, active: ReadonlySet<string>): boolean {
  const profiles = service?.profiles ?? [];
  return profiles.length === 0 || active.has("*") || profiles.some((profile) => active.has(profile));
}

function requireService(services: Services, name: string): string {
  if (Object.hasOwn(services, name)) return name;
  const known = Object.keys(services).sort();
  const nearest = findNearest(name, known);
  throw new MybrokerError({
    code: "usage.unknown-service",
    message: `unknown service ${name}`,
    hint: nearest === undefined ? "All services:  {mybroker} config --services" : `Did you mean:  ${nearest}`,
    exitCode: exitCodes.usage,
    details: { service: name, known },
  });
}
