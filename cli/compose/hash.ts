import { createHash } from "node:crypto";
import { formatGoJson, type KeyOrder, list, map, struct } from "./go-json.js";
import type { Network, Project, Service } from "./model.js";

/**
 * The hashes by which docker compose 2.39 to 2.40 decides that a container or a network is still what the file says
 * (docker/compose pkg/compose/hash.go, key order of compose-go 2.9.1 types/types.go). They serve interop only: our own
 * decisions compare real settings. A volume gets none: leaving it out is accepted by every version, while a wrong one
 * makes Compose offer to destroy the data.
 */

const fileReference = list(struct("source target uid gid mode"));

const deployResources = struct("limits reservations", {
  limits: struct("cpus memory pids"),
  reservations: struct("cpus memory pids"),
});

const mount = struct("type source target read_only bind volume tmpfs", {
  bind: struct("selinux propagation create_host_path recursive"),
  volume: struct("labels nocopy subpath", { labels: map() }),
  tmpfs: struct("size mode"),
});

const serviceNetwork = struct("aliases driver_opts ipv4_address ipv6_address mac_address priority", {
  driver_opts: map(),
});

const serviceKeys = [
  "cap_add cap_drop cpus command configs container_name deploy dns entrypoint environment expose extra_hosts hostname",
  "healthcheck image init labels logging mem_limit mem_reservation memswap_limit network_mode networks pid platform",
  "ports privileged read_only restart secrets security_opt shm_size stdin_open stop_grace_period stop_signal sysctls",
  "tmpfs tty ulimits user volumes working_dir",
].join(" ");

/** Without build, pull_policy, scale, depends_on, profiles and x-*, which do not count. */
const serviceOrder: KeyOrder = struct(serviceKeys, {
  configs: fileReference,
  deploy: struct("resources placement", { resources: deployResources, placement: map() }),
  environment: map(),
  healthcheck: struct("test timeout interval retries start_period start_interval disable"),
  labels: map(),
  logging: struct("driver options", { options: map() }),
  networks: map(serviceNetwork),
  ports: list(struct("name mode host_ip target published protocol app_protocol")),
  secrets: fileReference,
  sysctls: map(),
  ulimits: map(struct("soft hard")),
  volumes: list(mount),
});

const networkOrder: KeyOrder = struct(
  "name driver driver_opts ipam external internal attachable labels enable_ipv4 enable_ipv6",
  {
    driver_opts: map(),
    ipam: struct("driver config", { config: list(struct("subnet gateway ip_range")) }),
    labels: map(),
  },
);

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What a reference "service:NAME" stands for while a container is made: that service's container. */
export type FindContainerId = (serviceName: string) => string | undefined;

/**
 * Value of com.docker.compose.config-hash of a service's containers. Compose puts the container's id in the place of
 * "service:NAME" in network_mode and pid before it hashes; `findContainerId` gives that id.
 */
export function hashService(service: Service, findContainerId?: FindContainerId): string {
  const hashed = { ...service };
  for (const key of ["network_mode", "pid"] as const) {
    const name = /^service:(.+)$/.exec(hashed[key] ?? "")?.[1];
    const id = name === undefined ? undefined : findContainerId?.(name);
    if (id !== undefined) hashed[key] = `container:${id}`;
  }
  return sha256(formatGoJson(hashed, serviceOrder));
}

/** Value of com.docker.compose.config-hash of a network. */
export function hashNetwork(network: Network): string {
  return sha256(formatGoJson(network, networkOrder));
}

/** The hashes of all services of a project, as `docker compose config --hash '*'` prints them. */
export function hashServices(project: Pick<Project, "services">): Record<string, string> {
  return Object.fromEntries(
    Object.entries(project.services).map(([name, service]) => [name, hashService(service)]),
  );
}
