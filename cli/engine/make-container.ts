import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { hashService } from "../compose/hash.js";
import { composeLabels } from "../compose/label-names.js";
import { resolveNamespace } from "../reconcile/networking.js";
import type { CreateContainerStep, RecreateContainerStep } from "../reconcile/plan.js";
import type { ContainerCreateBody } from "./engine.js";
import { EngineError } from "./engine-error.js";
import type { Execution } from "./execution.js";
import { packFiles } from "./pack-files.js";
import { isEngineError, stopIfThere } from "./tolerate.js";

type MakingStep = CreateContainerStep | RecreateContainerStep;

/** Creates the step's container under its name; it is not started. @throws EngineError */
export async function makeContainer(step: CreateContainerStep, execution: Execution): Promise<void> {
  remember(step, execution, await create(step, step.name, execution));
}

/** Compose's order: the name is free only once the old container is gone, and the old one stays until then. */
export async function replaceContainer(step: RecreateContainerStep, execution: Execution): Promise<void> {
  const { engine } = execution;
  const id = await create(step, step.temporaryName, execution);
  await stopIfThere(engine, step.containerId, step.timeoutSeconds);
  await engine.removeContainer(step.containerId, { force: true, anonymousVolumes: false });
  await engine.renameContainer(id, step.name);
  remember(step, execution, id);
}

function remember(step: MakingStep, { containerIds, idsByService }: Execution, id: string): void {
  containerIds.set(step.name, id);
  idsByService.set(step.service, id);
}

async function create(step: MakingStep, name: string, execution: Execution): Promise<string> {
  const { engine, emit } = execution;
  checkHostPaths(step, execution);
  const body = await completeBody(step, execution);
  const { id, warnings } = await createUnderName({ name, body, execution });
  for (const text of warnings) emit({ kind: "warning", step, text });
  if (step.files.length > 0) await engine.putArchive(id, "/", packFiles(step.files));
  return id;
}

/** A remote engine has a file system of its own, which cannot be looked at from here. */
function checkHostPaths(step: MakingStep, { engine }: Execution): void {
  if (!engine.endpoint.url.startsWith("unix:")) return;
  const missing = step.hostPaths.find((path) => !existsSync(path));
  if (missing === undefined) return;
  throw new EngineError({
    kind: "mount-source",
    // In the engine's own words for the same.
    message: `bind source path does not exist: ${missing}`,
  });
}

/** Fills in what only exists once earlier steps are done: the id of a pulled image, a container to share with. */
async function completeBody(step: MakingStep, execution: Execution): Promise<ContainerCreateBody> {
  const { body, definition } = step;
  const labels = { ...body.Labels };
  if (labels[composeLabels.image] === undefined) {
    const image = await execution.engine.inspectImage(body.Image);
    if (image !== undefined) labels[composeLabels.image] = image.id;
  }
  const { NetworkMode, PidMode } = body.HostConfig;
  const idOf = (service: string) => execution.idsByService.get(service);
  const shared = {
    ...(typeof NetworkMode === "string" ? { NetworkMode: resolveNamespace(NetworkMode, idOf) } : {}),
    ...(typeof PidMode === "string" ? { PidMode: resolveNamespace(PidMode, idOf) } : {}),
  };
  if (shared.NetworkMode !== NetworkMode || shared.PidMode !== PidMode) {
    labels[composeLabels.configHash] = hashService(definition, idOf);
  }
  return { ...body, Labels: labels, HostConfig: { ...body.HostConfig, ...shared } };
}

interface Creation {
  readonly name: string;
  readonly body: ContainerCreateBody;
  readonly execution: Execution;
}

const removalPollMs = 200;
const removalLimit = 50;

/**
 * A taken name has three reasons: another run of ours made the same container (then it is ours too), the old
 * holder is being removed (then it is waited for), or a stranger has it (then that is the failure).
 */
async function createUnderName(creation: Creation): Promise<{ id: string; warnings: string[] }> {
  const { name, body, execution } = creation;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await execution.engine.createContainer(name, body);
    } catch (error) {
      if (!isEngineError(error, "conflict")) throw error;
      const holder = await execution.engine.inspectContainer(name);
      if (holder !== undefined && isSame(holder.Config.Labels ?? {}, body.Labels ?? {})) {
        return { id: holder.Id, warnings: [] };
      }
      const leaving = holder === undefined || holder.State.Status === "removing";
      if (!leaving || attempt >= removalLimit) throw error;
      await delay(removalPollMs);
    }
  }
}

function isSame(found: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  const keys = [composeLabels.project, composeLabels.service, composeLabels.number, composeLabels.configHash];
  return keys.every((key) => found[key] !== undefined && found[key] === wanted[key]);
}
