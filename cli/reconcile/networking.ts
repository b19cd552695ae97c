import type { Project, Service, ServiceNetwork } from "../compose/model.js";
import type { EndpointSettings } from "../engine/engine.js";

export interface NetworkingSettings {
  readonly networkMode: string;
  readonly endpoints: Record<string, EndpointSettings>;
}

/** The first network (highest priority, then by name) is the container's mode; all of them are its endpoints. */
export function buildNetworking(facts: {
  project: Project;
  serviceName: string;
  service: Service;
  containerName: string;
  /** Current container of another service, for `network_mode: service:x`. */
  containerIdOf: (service: string) => string | undefined;
}): NetworkingSettings {
  const { project, serviceName, service, containerName } = facts;
  if (service.network_mode !== undefined) {
    return { networkMode: resolveNamespace(service.network_mode, facts.containerIdOf), endpoints: {} };
  }
  const attached = Object.entries(service.networks ?? { default: null }).sort(
    ([nameA, a], [nameB, b]) => (b?.priority ?? 0) - (a?.priority ?? 0) || (nameA < nameB ? -1 : 1),
  );
  const endpoints: Record<string, EndpointSettings> = {};
  for (const [key, options] of attached) {
    endpoints[networkName(project, key)] = buildEndpoint([containerName, serviceName], options);
  }
  const first = attached[0];
  return { networkMode: first ? networkName(project, first[0]) : "none", endpoints };
}

export function networkName(project: Project, key: string): string {
  return project.networks[key]?.name ?? `${project.name}_${key}`;
}

/** "service:x" -> "container:<id>"; it stays as it is while x has no container yet, and the executor fills it in. */
export function resolveNamespace(
  mode: string,
  containerIdOf: (service: string) => string | undefined,
): string {
  const sharedService = /^service:(.+)$/.exec(mode)?.[1];
  const id = sharedService === undefined ? undefined : containerIdOf(sharedService);
  return id === undefined ? mode : `container:${id}`;
}

function buildEndpoint(ownAliases: readonly string[], options: ServiceNetwork | null): EndpointSettings {
  const addresses = {
    ...(options?.ipv4_address ? { IPv4Address: options.ipv4_address } : {}),
    ...(options?.ipv6_address ? { IPv6Address: options.ipv6_address } : {}),
  };
  return {
    Aliases: [...ownAliases, ...(options?.aliases ?? [])],
    ...(Object.keys(addresses).length > 0 ? { IPAMConfig: addresses } : {}),
    ...(options?.mac_address ? { MacAddress: options.mac_address } : {}),
    ...(options?.driver_opts ? { DriverOpts: options.driver_opts } : {}),
  };
}
