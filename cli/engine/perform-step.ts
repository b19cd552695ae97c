import type {
  ExistingContainerStep,
  ImageStep,
  NetworkStep,
  StartContainerStep,
  Step,
  VolumeStep,
} from "../reconcile/plan.js";
import { packBuildContext } from "./build-context.js";
import type { Execution } from "./execution.js";
import { makeContainer, replaceContainer } from "./make-container.js";
import { packFiles } from "./pack-files.js";
import { isEngineError, stopIfThere } from "./tolerate.js";

/** One step against the engine. What another run has already done is not an error. */
export async function performStep(step: Step, execution: Execution): Promise<void> {
  const { engine } = execution;
  switch (step.action) {
    case "create-network":
    case "remove-network":
      return performNetworkStep(step, execution);
    case "create-volume":
    case "remove-volume":
      return performVolumeStep(step, execution);
    case "pull-image":
    case "build-image":
    case "remove-image":
      return performImageStep(step, execution);
    case "create-container":
      return makeContainer(step, execution);
    case "recreate-container":
      return replaceContainer(step, execution);
    case "rename-container":
      return engine.renameContainer(step.containerId, step.name);
    case "start-container":
      return startContainer(step, execution);
    case "stop-container":
    case "restart-container":
      return performExistingStep(step, execution);
    case "remove-container":
      return engine.removeContainer(step.containerId, {
        force: true,
        anonymousVolumes: step.anonymousVolumes,
      });
  }
}

async function performNetworkStep(step: NetworkStep, execution: Execution): Promise<void> {
  const { engine } = execution;
  if (step.action === "remove-network") {
    return warnIfInUse(step, execution, engine.removeNetwork(step.networkId));
  }
  try {
    await engine.createNetwork(step.body);
  } catch (error) {
    // Another run made it in the meantime.
    if (!isEngineError(error, "conflict") || (await engine.inspectNetwork(step.name)) === undefined)
      throw error;
  }
}

async function performVolumeStep(step: VolumeStep, execution: Execution): Promise<void> {
  const { engine } = execution;
  if (step.action === "create-volume") return engine.createVolume(step.body);
  return warnIfInUse(step, execution, engine.removeVolume(step.name));
}

async function performImageStep(step: ImageStep, execution: Execution): Promise<void> {
  const { engine, emit, stop } = execution;
  if (step.action === "remove-image") return warnIfInUse(step, execution, engine.removeImage(step.name));
  if (step.action === "pull-image") {
    const platform = step.platform === undefined ? {} : { platform: step.platform };
    for await (const progress of engine.pullImage(step.name, { signal: stop, ...platform })) {
      emit({ kind: "pull", step, progress });
    }
    return;
  }
  const { build } = step;
  const { tar, dockerfile } = await packBuildContext(build);
  const lines = engine.buildImage({
    tar,
    dockerfile,
    tag: step.name,
    labels: step.labels,
    args: Object.fromEntries(Object.entries(build.args ?? {}).map(([key, value]) => [key, value ?? ""])),
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.network === undefined ? {} : { networkMode: build.network }),
    signal: stop,
  });
  for await (const line of lines) {
    if (line.stream) emit({ kind: "build", step, text: line.stream });
  }
}

async function startContainer(step: StartContainerStep, execution: Execution): Promise<void> {
  const { engine, containerIds } = execution;
  const id = step.containerId ?? containerIds.get(step.name) ?? step.name;
  if (step.files.length > 0) await engine.putArchive(id, "/", packFiles(step.files));
  await engine.startContainer(id);
}

async function performExistingStep(step: ExistingContainerStep, execution: Execution): Promise<void> {
  const { engine, emit } = execution;
  if (step.action === "restart-container")
    return engine.restartContainer(step.containerId, step.timeoutSeconds);
  await stopIfThere(engine, step.containerId, step.timeoutSeconds);
  const found = await engine.inspectContainer(step.containerId);
  const signal = String(found?.Config.StopSignal || "SIGTERM");
  // 137 = 128 + SIGKILL: the grace period was over, unless that is how it is asked.
  if (found?.State.ExitCode === 137 && !found.State.OOMKilled && !/^(SIG)?KILL$|^9$/.test(signal)) {
    emit({ kind: "warning", step, text: `did not end when asked (${signal}) and was killed` });
  }
}

/** Something outside the project still uses it: it stays, and that is said. */
async function warnIfInUse(step: Step, { emit }: Execution, removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isEngineError(error, "conflict")) throw error;
    emit({ kind: "warning", step, text: "is still in use and stays" });
  }
}
