import { composeLabels } from "../compose/label-names.js";
import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import { stopIfThere } from "../engine/tolerate.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { containerLabels } from "../stack/container-state.js";
import type { Replacement, TakenPlace } from "./run-in-place.js";
import { relayName, startRelay } from "./start-relay.js";
import { openTunnel, type Tunnel } from "./tunnel.js";

interface Stack {
  readonly engine: Engine;
  readonly project: Project;
}

/** The place of a container: a relay under its name, and a tunnel from there to the program. */
export async function takeContainerPlace(
  { service: name, port, publishedPort }: Replacement,
  { engine, project }: Stack,
): Promise<TakenPlace> {
  const containers = await engine.listContainers({ labels: containerLabels(project.name) });
  const running = containers.filter(({ state }) => state === "running");
  if (running.length === 0) throw notRunning(project.name);
  const container = running.find(({ labels }) => labels[composeLabels.service] === name);
  let tunnel: Tunnel | undefined;
  return {
    // One that was left out (`up -x`) stays left out.
    restoration: {
      runtime: "docker",
      containerId: container?.id ?? null,
      relay: relayName(project, name),
      start: false,
    },
    take: async () => {
      if (container !== undefined) await stopIfThere(engine, container.id, undefined);
      const service = project.services[name] ?? project.disabledServices[name];
      if (service === undefined) return;
      const relay = await startRelay(engine, { project, name, service, publish: port !== publishedPort });
      const { hostAddress: host } = engine.endpoint;
      tunnel = openTunnel({ host, port: relay.port, token: relay.token, targetPort: port });
    },
    leave: () => tunnel?.close(),
  };
}

function notRunning(project: string): MybrokerError {
  return new MybrokerError({
    code: "project.not-running",
    message: `${project} does not run, so there is nothing to take a place in`,
    hint: "{mybroker} up",
    exitCode: exitCodes.no,
    details: { project },
  });
}
