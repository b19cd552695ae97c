import { imageName } from "../compose/labels.js";
import type { Project, Service } from "../compose/model.js";
import type { ContainerCreateBody } from "../engine/engine.js";
import { buildHealthcheck } from "./health.js";
import { collectFiles } from "./inline-files.js";
import { type AnonymousVolumes, buildMounts } from "./mounts.js";
import { buildNetworking, resolveNamespace } from "./networking.js";
import { buildExposedPorts, buildPortBindings } from "./ports.js";
import { buildResources } from "./resources.js";
import { byteCount, durationNs } from "./units.js";

export interface BodyFacts {
  readonly project: Project;
  readonly serviceName: string;
  readonly service: Service;
  readonly containerName: string;
  readonly labels: Record<string, string>;
  readonly containerIdOf: (service: string) => string | undefined;
  readonly inherited: AnonymousVolumes;
}

/** What Compose sends to POST /containers/create for the service (docker/compose pkg/compose/create.go). */
export function buildContainerBody(facts: BodyFacts): ContainerCreateBody {
  const { service } = facts;
  const healthcheck = buildHealthcheck(service.healthcheck);
  const networking = buildNetworking(facts);
  return {
    Image: imageName(facts.project, facts.serviceName, service),
    AttachStdout: true,
    AttachStderr: true,
    ...defined("Hostname", service.hostname),
    ...defined("User", service.user),
    ...defined("WorkingDir", service.working_dir),
    ...defined("Tty", service.tty),
    ...defined("OpenStdin", service.stdin_open),
    ...defined("StopSignal", service.stop_signal),
    ...(service.stop_grace_period === undefined
      ? {}
      : { StopTimeout: Math.ceil(durationNs(service.stop_grace_period) / 1e9) }),
    ...(service.command ? { Cmd: service.command } : {}),
    ...(service.entrypoint ? { Entrypoint: service.entrypoint } : {}),
    Env: buildEnvironment(service),
    ...(healthcheck ? { Healthcheck: healthcheck } : {}),
    Labels: facts.labels,
    ExposedPorts: buildExposedPorts(service),
    HostConfig: buildHostConfig(facts, networking.networkMode),
    NetworkingConfig: { EndpointsConfig: networking.endpoints },
  };
}

/** A bare KEY (value null) takes the image's value of KEY away, as the engine defines it. */
function buildEnvironment(service: Service): string[] {
  return Object.entries(service.environment ?? {}).map(([key, value]) =>
    value === null ? key : `${key}=${value}`,
  );
}

function buildHostConfig(facts: BodyFacts, networkMode: string): Record<string, unknown> {
  const { project, service, inherited } = facts;
  const { mounts: fileMounts } = collectFiles(project, service);
  return {
    ...buildMounts({ project, service, fileMounts, inherited }),
    NetworkMode: networkMode,
    PortBindings: buildPortBindings(service),
    RestartPolicy: buildRestartPolicy(service.restart),
    ...buildResources(service),
    ...(service.logging
      ? { LogConfig: { Type: service.logging.driver ?? "", Config: service.logging.options ?? {} } }
      : {}),
    ...(service.extra_hosts ? { ExtraHosts: service.extra_hosts.map(toEngineHost) } : {}),
    ...(service.shm_size === undefined ? {} : { ShmSize: byteCount(service.shm_size) }),
    ...(service.pid === undefined ? {} : { PidMode: resolveNamespace(service.pid, facts.containerIdOf) }),
    ...defined("ReadonlyRootfs", service.read_only),
    ...defined("Init", service.init),
    ...defined("Privileged", service.privileged),
    ...defined("CapAdd", service.cap_add),
    ...defined("CapDrop", service.cap_drop),
    ...defined("Dns", service.dns),
    ...defined("SecurityOpt", service.security_opt),
    ...defined("Sysctls", service.sysctls),
  };
}

/** "on-failure:3" -> {Name, MaximumRetryCount} */
function buildRestartPolicy(restart: string | undefined): { Name: string; MaximumRetryCount: number } {
  const [name = "", count] = (restart ?? "").split(":");
  return { Name: name, MaximumRetryCount: count === undefined ? 0 : Number(count) };
}

/** The model holds "host=address"; the engine wants "host:address". */
function toEngineHost(entry: string): string {
  return entry.replace("=", ":");
}

function defined<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}
