import type { Project } from "../../compose/model.js";
import { buildNetworking } from "../../reconcile/networking.js";
import type { Observed, ObservedContainer } from "../../reconcile/observed.js";
import type { Finding, Repair } from "../check.js";
import { type DoctorFacts, fine } from "../check.js";

/** A container that is off its network reaches nobody, whatever its healthcheck says. */
export async function checkNetworks(facts: DoctorFacts): Promise<readonly Finding[]> {
  const [observed, replaced] = await Promise.all([facts.observed(), facts.replaced()]);
  if (observed === undefined) return [];
  return findDetached(facts.project, observed).filter(({ subject }) => !replaced.has(subject));
}

function findDetached(project: Project, observed: Observed): Finding[] {
  return observed.containers.flatMap((container) => {
    const service = project.services[container.service];
    if (service === undefined || container.oneOff || service.network_mode !== undefined) return [];
    const { endpoints } = buildNetworking({
      project,
      service,
      serviceName: container.service,
      containerName: container.name,
      containerIdOf: () => undefined,
    });
    const found = Object.entries(endpoints).flatMap(([name, endpoint]) => {
      const network = observed.networks.find((candidate) => candidate.name === name);
      const attached = container.details.NetworkSettings.Networks[name];
      if (attached !== undefined) return [];
      const repair = network && connect({ network, container, endpoint });
      return [describeDetached(container, name, repair)];
    });
    return found.length > 0 ? found : [fine("container.off-network", container.service, "on its networks")];
  });
}

function describeDetached(
  container: ObservedContainer,
  network: string,
  repair: Repair | undefined,
): Finding {
  const { service, name } = container;
  return {
    id: "container.off-network",
    subject: service,
    level: "error",
    message: `${name} is not on the network ${network}, so the others do not reach it`,
    fix: repair?.command ?? `{mybroker} up ${service}`,
    ...(repair === undefined ? {} : { repair }),
  };
}

function connect(found: {
  readonly network: { readonly id: string; readonly name: string };
  readonly container: ObservedContainer;
  readonly endpoint: { readonly Aliases?: string[] | null };
}): Repair {
  const { network, container, endpoint } = found;
  const aliases = (endpoint.Aliases ?? []).map((alias) => `--alias ${alias} `).join("");
  return {
    command: `docker network connect ${aliases}${network.name} ${container.name}`,
    stage: "containers",
    run: async ({ ground }) => {
      if (ground.runtime === "docker")
        await ground.engine.connectNetwork(network.id, container.id, { ...endpoint });
    },
  };
}
