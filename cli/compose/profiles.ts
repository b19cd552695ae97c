import { unknownService } from "../errors/unknown-service.js";
import type { Service } from "./model.js";

/** The profile of the domain services: on in `up` and in what looks at the whole stack, unlike in Compose. */
export const domainProfile = "services";

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
    if (!Object.hasOwn(services, name)) throw unknownService(name, Object.keys(services));
    const service = services[name];
    if (!isOn(service, active)) for (const profile of service?.profiles ?? []) active.add(profile);
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
