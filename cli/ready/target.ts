import { lookUpCredential } from "../compose/credentials.js";
import { notOneOff, ofProject, ofService } from "../compose/label-names.js";
import type { MybrokerExtension, Project } from "../compose/model.js";
import type { ContainerDetails, Engine } from "../engine/engine.js";
import type { ProbeTarget } from "./probe.js";

/** The container port that a server's protocol is spoken on; a health URL may name another one. */
function containerPort(extension: MybrokerExtension): number {
  if ((extension.kind !== "http" && extension.kind !== "service") || !extension.healthUrl?.includes("://"))
    return extension.port;
  return URL.canParse(extension.healthUrl)
    ? Number(new URL(extension.healthUrl).port) || extension.port
    : extension.port;
}

export interface TargetRequest {
  readonly project: Project;
  readonly service: string;
  readonly container: Pick<ContainerDetails, "NetworkSettings">;
  /** 127.0.0.1, or the engine's host (EngineEndpoint.hostAddress). */
  readonly hostAddress: string;
}

/**
 * Where the server of a running container is reached from here, from the port that the engine really published;
 * undefined for a service without x-mybroker and where its port is not published.
 */
export function resolveTarget(request: TargetRequest): ProbeTarget | undefined {
  const { project, service } = request;
  const extension = project.services[service]?.["x-mybroker"];
  if (extension === undefined) return undefined;
  const bindings = request.container.NetworkSettings.Ports[`${containerPort(extension)}/tcp`] ?? [];
  const binding = bindings.find(({ HostPort }) => Number(HostPort) > 0);
  if (binding === undefined) return undefined;
  const user = lookUpCredential(project, extension.credentials?.user);
  const password = lookUpCredential(project, extension.credentials?.password);
  const database = lookUpCredential(project, extension.credentials?.database);
  return {
    service,
    extension,
    host: reachableHost(binding.HostIp, request.hostAddress),
    port: Number(binding.HostPort),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  };
}

/** A port bound to one outer address of this machine is not on 127.0.0.1. */
function reachableHost(boundTo: string, hostAddress: string): string {
  const everywhere = boundTo === "" || boundTo === "0.0.0.0" || boundTo === "::";
  return everywhere || boundTo.startsWith("127.") || hostAddress !== "127.0.0.1" ? hostAddress : boundTo;
}

export interface FindTargetRequest {
  readonly engine: Pick<Engine, "listContainers" | "inspectContainer" | "endpoint">;
  readonly project: Project;
  readonly service: string;
}

/** Where a service's server is reached now; undefined when no container of it runs or its port is not published. */
export async function findTarget({
  engine,
  project,
  service,
}: FindTargetRequest): Promise<ProbeTarget | undefined> {
  const found = await engine.listContainers({
    all: false,
    labels: [ofProject(project.name), ofService(service), notOneOff],
  });
  for (const { id } of found) {
    const container = await engine.inspectContainer(id);
    if (container === undefined || !container.State.Running) continue;
    const target = resolveTarget({ project, service, container, hostAddress: engine.endpoint.hostAddress });
    if (target !== undefined) return target;
  }
  return undefined;
}
