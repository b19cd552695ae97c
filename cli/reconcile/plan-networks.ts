import { composeLabels } from "../compose/label-names.js";
import { buildNetworkLabels } from "../compose/labels.js";
import type { Network, Project } from "../compose/model.js";
import type { NetworkCreateBody, NetworkDetails } from "../engine/engine.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { type Change, diffDescriptions } from "./compare-container.js";
import { describeCause } from "./describe-cause.js";
import { addStep, type PlanContext } from "./plan-context.js";

/**
 * Makes missing networks; one whose definition changed is taken away and made again, which stops its containers.
 * @returns names of the networks that are made again
 * @throws MybrokerError compose.external-missing, exit 2
 */
export function planNetworks(context: PlanContext): Set<string> {
  const remade = new Set<string>();
  for (const key of usedNetworkKeys(context)) {
    const network = context.project.networks[key];
    if (network === undefined) continue;
    const found = context.observed.networks.find((candidate) => candidate.name === network.name);
    if (network.external) {
      if (found === undefined) throw missingExternal(network.name);
      continue;
    }
    const body = buildNetworkBody(context.project, key, network);
    if (found === undefined) {
      addStep(context, { action: "create-network", name: network.name, cause: "does not exist", body });
      continue;
    }
    if (found.labels[composeLabels.project] !== context.project.name) {
      context.warnings.push(`network ${network.name} was not made for this project; it is used as it is`);
      continue;
    }
    const changes = compareNetwork(network, found);
    if (changes.length > 0) {
      remakeNetwork(context, { found, body, changes });
      remade.add(network.name);
    }
  }
  return remade;
}

function usedNetworkKeys(context: PlanContext): string[] {
  const keys = context.services.flatMap((name) => {
    const service = context.project.services[name];
    return service?.network_mode === undefined ? Object.keys(service?.networks ?? { default: null }) : [];
  });
  return [...new Set(keys)].sort();
}

function remakeNetwork(
  context: PlanContext,
  facts: { found: NetworkDetails; body: NetworkCreateBody; changes: readonly Change[] },
): void {
  const { found, body, changes } = facts;
  const { timeoutSeconds } = context.options;
  const attached = context.observed.containers.filter(
    ({ details }) => details.State.Running && found.name in details.NetworkSettings.Networks,
  );
  const stops = attached.map((container) =>
    addStep(context, {
      action: "stop-container",
      name: container.name,
      service: container.service,
      containerId: container.id,
      cause: `network ${found.name} is made again`,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    }),
  );
  const cause = describeCause(changes);
  const removal = addStep(context, {
    action: "remove-network",
    name: found.name,
    networkId: found.id,
    cause,
    changes,
    dependsOn: stops,
  });
  addStep(context, { action: "create-network", name: found.name, cause, body, dependsOn: [removal] });
}

/** What Compose sends to POST /networks/create (docker/compose pkg/compose/create.go, resolveOrCreateNetwork). */
export function buildNetworkBody(project: Project, key: string, network: Network): NetworkCreateBody {
  const { driver, driver_opts, ipam, internal, attachable, enable_ipv4, enable_ipv6 } = network;
  return {
    Name: network.name,
    Labels: buildNetworkLabels(project, key),
    Driver: driver ?? "bridge",
    ...(driver_opts ? { Options: driver_opts } : {}),
    ...(internal ? { Internal: true } : {}),
    ...(attachable ? { Attachable: true } : {}),
    ...(enable_ipv4 === undefined ? {} : { EnableIPv4: enable_ipv4 }),
    ...(enable_ipv6 === undefined ? {} : { EnableIPv6: enable_ipv6 }),
    ...(ipam.driver || ipam.config ? { IPAM: buildIpam(ipam) } : {}),
  };
}

function buildIpam(ipam: Network["ipam"]): Record<string, unknown> {
  const pools = (ipam.config ?? []).map(({ subnet, gateway, ip_range }) => ({
    ...(subnet ? { Subnet: subnet } : {}),
    ...(gateway ? { Gateway: gateway } : {}),
    ...(ip_range ? { IPRange: ip_range } : {}),
  }));
  return { Driver: ipam.driver ?? "default", ...(pools.length > 0 ? { Config: pools } : {}) };
}

/** Only what the file can say is compared: the engine adds subnets and options of its own. */
function compareNetwork(network: Network, found: NetworkDetails): Change[] {
  const wished: Record<string, string> = {
    driver: network.driver ?? found.driver,
    internal: String(network.internal ?? false),
    attachable: String(network.attachable ?? false),
    enable_ipv6: String(network.enable_ipv6 ?? found.enableIpv6),
  };
  const actual: Record<string, string> = {
    driver: found.driver,
    internal: String(found.internal),
    attachable: String(found.attachable),
    enable_ipv6: String(found.enableIpv6),
  };
  for (const [key, value] of Object.entries(network.driver_opts ?? {})) {
    wished[`driver_opts.${key}`] = value;
    actual[`driver_opts.${key}`] = found.options[key] ?? "";
  }
  for (const [key, value] of Object.entries(network.labels ?? {})) {
    wished[`labels.${key}`] = value;
    actual[`labels.${key}`] = found.labels[key] ?? "";
  }
  (network.ipam.config ?? []).forEach((pool, index) => {
    const engineKeys = { subnet: "Subnet", gateway: "Gateway", ip_range: "IPRange" } as const;
    for (const key of ["subnet", "gateway", "ip_range"] as const) {
      if (pool[key] === undefined) continue;
      wished[`ipam.config.${index}.${key}`] = pool[key];
      actual[`ipam.config.${index}.${key}`] = found.ipam.config[index]?.[engineKeys[key]] ?? "";
    }
  });
  return diffDescriptions(actual, wished);
}

function missingExternal(name: string): MybrokerError {
  return new MybrokerError({
    code: "compose.external-missing",
    message: `the network ${name} is declared external and does not exist`,
    hint: `Make it:  docker network create ${name}`,
    exitCode: exitCodes.usage,
    details: { network: name },
  });
}
