import type { Project, Service } from "./model.js";

type Resources = Pick<Project, "networks" | "volumes" | "configs" | "secrets">;

/** Only the networks, volumes, configs and secrets that some of the services use: Compose makes no others. */
export function dropUnusedResources(services: Readonly<Record<string, Service>>, all: Resources): Resources {
  const used = {
    networks: new Set<string>(),
    volumes: new Set<string>(),
    configs: new Set<string>(),
    secrets: new Set<string>(),
  };
  for (const service of Object.values(services)) {
    for (const name of Object.keys(service.networks ?? {})) used.networks.add(name);
    for (const { type, source } of service.volumes ?? [])
      if (type === "volume" && source) used.volumes.add(source);
    for (const { source } of service.configs ?? []) used.configs.add(source);
    for (const { source } of service.secrets ?? []) used.secrets.add(source);
  }
  return {
    networks: pick(all.networks, used.networks),
    volumes: pick(all.volumes, used.volumes),
    configs: pick(all.configs, used.configs),
    secrets: pick(all.secrets, used.secrets),
  };
}

function pick<Item>(items: Readonly<Record<string, Item>>, names: ReadonlySet<string>): Record<string, Item> {
  return Object.fromEntries(Object.entries(items).filter(([name]) => names.has(name)));
}
