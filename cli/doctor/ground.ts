import { within } from "../../kit/within.js";
import { connectEngine } from "../engine/connect.js";
import { explainConnectFailure, explainHungEngine } from "../engine/connect-errors.js";
import type { Engine } from "../engine/engine.js";
import { EngineError } from "../engine/engine-error.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { countOf } from "../output/units.js";
import { findEmbeddedPlace, findUntouchedPlace } from "../runtime/by-runtime.js";
import { askStatus } from "../runtime/control-client.js";
import { containerLabels } from "../stack/container-state.js";
import type { Ground } from "./check.js";

/** It answers within a millisecond; what else is wrong with it embedded.process says. */
const statusTimeoutMs = 800;

/** Of the three seconds in all: the rest is for what can be told without an engine. */
const engineLimitMs = 2_000;

/** Where the project runs. Whoever asks calls `leaveGround`. */
export async function findGround(request: CommandRequest, project: string): Promise<Ground> {
  const place = await findEmbeddedPlace(request);
  if (place !== undefined) {
    const status = await askStatus(place, statusTimeoutMs).catch(() => undefined);
    return { runtime: "embedded", place, status };
  }
  try {
    const engine = await connectEngine(request.context, { localTimeoutMs: engineLimitMs });
    request.output.useRuntime("docker");
    return { runtime: "docker", engine, containers: await listContainers(engine, project) };
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

/** An engine in which a lock is never released says its version all the same. @throws MybrokerError engine.… */
async function listContainers(engine: Engine, project: string) {
  const listed = engine.listContainers({ labels: containerLabels(project), all: true });
  try {
    return await within(listed, engineLimitMs);
  } catch (error) {
    engine.close();
    throw error instanceof EngineError
      ? explainConnectFailure(error, engine.endpoint, process.platform)
      : explainHungEngine(engine.endpoint, engineLimitMs, process.platform);
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
