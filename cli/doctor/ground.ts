import { connectEngine } from "../engine/connect.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { countOf } from "../output/units.js";
import { findEmbeddedPlace, findUntouchedPlace } from "../runtime/by-runtime.js";
import { askStatus } from "../runtime/control-client.js";
import { containerLabels } from "../stack/container-state.js";
import type { Ground } from "./check.js";

/** It answers within a millisecond; what else is wrong with it embedded.process says. */
const statusTimeoutMs = 800;

/** Where the project runs. Whoever asks calls `leaveGround`. */
export async function findGround(request: CommandRequest, project: string): Promise<Ground> {
  const place = await findEmbeddedPlace(request);
  if (place !== undefined) {
    const status = await askStatus(place, statusTimeoutMs).catch(() => undefined);
    return { runtime: "embedded", place, status };
  }
  try {
    const engine = await connectEngine(request.context);
    request.output.useRuntime("docker");
    const containers = await engine.listContainers({ labels: containerLabels(project), all: true });
    return { runtime: "docker", engine, containers };
  } catch (error) {
    return findUntouchedPlace(request, error).then(
      (untouched) => ({ runtime: "embedded", place: untouched, status: undefined }),
      (failure: unknown) => {
        if (!(failure instanceof MybrokerError)) throw failure;
        return { runtime: "unknown", failure };
      },
    );
  }
}

export function leaveGround(ground: Ground): void {
  if (ground.runtime === "docker") ground.engine.close();
}

/** "Docker 28.5.2, 23 containers" */
export function describeGround(ground: Ground): string {
  switch (ground.runtime) {
    case "docker":
      return `Docker ${ground.engine.facts.version}, ${countOf(ground.containers.length, "container")}`;
    case "unknown":
      return "Docker, which cannot be asked";
    case "embedded":
      return ground.status === undefined
        ? "Embedded, no process that answers"
        : `Embedded, one process, pid ${ground.status.pid}, ${countOf(ground.status.services.length, "service")}`;
  }
}
