import { randomBytes } from "node:crypto";
import { composeLabels, ownLabelPrefix } from "../compose/label-names.js";
import { buildContainerLabels } from "../compose/labels.js";
import type { Project, Service } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { buildContainerBody } from "../reconcile/container-body.js";

/** Inside the relay's container; published on a free port of 127.0.0.1. */
const tunnelPort = 18_000;

export interface Relay {
  /** Where its tunnel port is published. */
  readonly port: number;
  readonly token: string;
}

export interface RelayRequest {
  readonly project: Project;
  readonly name: string;
  readonly service: Service;
  /** The service's port is published too, where the program listens on another one. */
  readonly publish: boolean;
}

/** Name of the container that stands in for the service. */
export function relayName(project: Pick<Project, "name">, service: string): string {
  return `${project.name}-${service}-relay`;
}

/**
 * Starts a container under the service's name and on its networks that hands connections to the host (services/relay).
 * It carries the labels of `docker compose run`: `mybroker down` takes it along, and no `up` counts it as the service's
 * container. The engine removes it once it ends.
 */
export async function startRelay(engine: Engine, request: RelayRequest): Promise<Relay> {
  const { project, name, service } = request;
  const token = randomBytes(24).toString("base64url");
  const containerName = relayName(project, name);
  const port = service["x-mybroker"]?.port ?? 0;
  const definition: Service = {
    ...service,
    command: ["relay"],
    environment: { RELAY_PORT: String(port), RELAY_TUNNEL_PORT: String(tunnelPort), RELAY_TOKEN: token },
    restart: "no",
    volumes: [],
    configs: [],
    healthcheck: { disable: true },
    ports: [
      ...(request.publish ? (service.ports ?? []) : []),
      { mode: "ingress", host_ip: "127.0.0.1", target: tunnelPort, protocol: "tcp" },
    ],
  };
  const labels = {
    ...buildContainerLabels({
      project,
      serviceName: name,
      service: definition,
      number: 1,
      imageId: undefined,
    }),
    [composeLabels.oneOff]: "True",
    [`${ownLabelPrefix}relay`]: name,
  };
  const body = buildContainerBody({
    project,
    serviceName: name,
    service: definition,
    containerName,
    labels,
    containerIdOf: () => undefined,
    inherited: new Map(),
  });
  // One that an earlier run left, which nobody could end any more.
  await engine.removeContainer(containerName, { force: true, anonymousVolumes: true });
  const hostConfig = { ...body.HostConfig, AutoRemove: true };
  const { id } = await engine.createContainer(containerName, { ...body, HostConfig: hostConfig });
  await engine.startContainer(id);
  const details = await engine.inspectContainer(id);
  const published = details?.NetworkSettings.Ports[`${tunnelPort}/tcp`]?.[0]?.HostPort;
  if (published === undefined) throw noRelay(name);
  return { port: Number(published), token };
}

function noRelay(service: string): MybrokerError {
  return new MybrokerError({
    code: "replace.no-relay",
    message: `The container that was to stand in for ${service} ended at once`,
    hint: "build its image anew:  {mybroker} up --build",
    exitCode: exitCodes.machine,
  });
}
