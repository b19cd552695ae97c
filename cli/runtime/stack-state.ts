import type { ServiceState as EmbeddedState } from "../../contracts/embedded-control.js";
import { within } from "../../kit/within.js";
import { composeLabels } from "../compose/label-names.js";
import type { Engine } from "../engine/engine.js";
import { openProjectState } from "../env/state-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { findReplaced } from "../replace/replaced.js";
import {
  type ContainerCondition,
  type ContainerView,
  containerLabels,
  viewContainer,
} from "../stack/container-state.js";
import { findProject } from "../stack/find-project.js";
import { withAllProfiles } from "../stack/open-stack.js";
import { findEmbeddedPlace } from "./by-runtime.js";
import { askStatus } from "./control-client.js";
import type { Place } from "./place.js";
import type { Runtime } from "./runtime.js";
import { findRecordedRuntime, readProjectName } from "./runtime-record.js";

/** "absent": of the files, and never started. "ready" is also said of what a `mybroker replace` stands in for. */
export type ServiceCondition = "ready" | "starting" | "unwell" | "stopped" | "absent";

/** How a project stands, on whichever runtime, as far as it can be told in a moment. */
export interface StackState {
  /** null where there is none. */
  readonly project: string | null;
  /** null where none was chosen yet and no engine answers: `up` would then run embedded. */
  readonly runtime: Runtime | null;
  /** Version of the Docker engine; null where none was asked or none answers. */
  readonly engine: string | null;
  /** Of the embedded runtime, where its process runs. */
  readonly place?: Place;
  readonly pid: number | null;
  readonly services: readonly { readonly name: string; readonly condition: ServiceCondition }[];
  /** Why no more is known: no project, a broken file, no engine. */
  readonly failure?: MybrokerError;
}

const unknown: StackState = { project: null, runtime: null, engine: null, pid: null, services: [] };

/** Never fails for what the user's files or machine are like: that is part of the state. */
export async function lookAtStack(request: CommandRequest, timeoutMs: number): Promise<StackState> {
  // What is to be said of the files is said by the command that needs them.
  const output = { ...request.output, warn: () => {}, note: () => {} };
  const quiet = { ...request, output };
  try {
    const place = await findEmbeddedPlace(quiet);
    return await (place === undefined ? lookOnDocker(quiet, timeoutMs) : lookEmbedded(place, timeoutMs));
  } catch (failure) {
    if (!(failure instanceof MybrokerError)) throw failure;
    return failure.code.startsWith("engine.") ? lookWithoutEngine(quiet, failure) : { ...unknown, failure };
  }
}

/** Without files there is nothing that an engine would be missed for. */
async function lookWithoutEngine(request: CommandRequest, failure: MybrokerError): Promise<StackState> {
  try {
    const recorded = await findRecordedRuntime(request);
    const project = recorded?.name ?? (await readProjectName(request));
    return { ...unknown, project, runtime: request.globals.runtime ?? recorded?.runtime ?? null, failure };
  } catch (fileFailure) {
    if (!(fileFailure instanceof MybrokerError)) throw fileFailure;
    return { ...unknown, failure: fileFailure };
  }
}

/** It has been started: the rest of its life is a matter of its state. */
export function runs({ condition }: StackState["services"][number]): boolean {
  return condition === "ready" || condition === "starting" || condition === "unwell";
}

async function lookEmbedded(place: Place, timeoutMs: number): Promise<StackState> {
  const found = { ...unknown, project: place.name, runtime: "embedded" as const, place };
  try {
    const status = await askStatus(place, timeoutMs);
    if (status === undefined) return found;
    const names = status.services.map(({ name }) => name);
    const replaced = await findReplaced(place.state, names);
    const services = status.services.map(({ name, state, startedAt }) => {
      const never = state === "stopped" && startedAt === null;
      const condition = replaced.has(name) ? "ready" : never ? "absent" : embeddedConditions[state];
      return { name, condition };
    });
    return { ...found, pid: status.pid, services };
  } catch (failure) {
    if (!(failure instanceof MybrokerError)) throw failure;
    return { ...found, failure };
  }
}

const embeddedConditions: Readonly<Record<EmbeddedState, ServiceCondition>> = {
  starting: "starting",
  ready: "ready",
  unhealthy: "unwell",
  failed: "unwell",
  stopped: "stopped",
};

async function lookOnDocker(request: CommandRequest, timeoutMs: number): Promise<StackState> {
  const everything = withAllProfiles(request);
  const { engine, name, folder, project } = await findProject(everything, { timeoutMs });
  try {
    const containers = await within(viewAll(engine, name), timeoutMs).catch(() => {
      throw slowEngine(timeoutMs);
    });
    // Files that cannot be read matter less than what runs, and more than that nothing does.
    if (project === undefined && containers.size === 0) await readProjectName(everything);
    const known = Object.keys(project?.services ?? {});
    const names = [...new Set([...known, ...containers.keys()])];
    const state = await openProjectState(request.context, folder).catch(() => undefined);
    const replaced = state === undefined ? new Map() : await findReplaced(state, names);
    const services = names.map((service) => {
      const container = containers.get(service);
      const condition = replaced.has(service) ? "ready" : judge(container);
      return { name: service, condition };
    });
    return { ...unknown, project: name, runtime: "docker", engine: engine.facts.version, services };
  } finally {
    engine.close();
  }
}

async function viewAll(engine: Engine, project: string): Promise<Map<string, ContainerView>> {
  const summaries = await engine.listContainers({ labels: containerLabels(project), all: true });
  const views = await Promise.all(
    summaries.map(async (summary) => {
      const details = await engine.inspectContainer(summary.id);
      return details === undefined
        ? []
        : [[summary.labels[composeLabels.service] ?? summary.name, viewContainer(summary, details)] as const];
    }),
  );
  return new Map(views.flat());
}

/** As a container ends that was told to: by itself, or by SIGINT, SIGKILL, SIGTERM. */
const quietExits = [0, 130, 137, 143];

function judge(container: ContainerView | undefined): ServiceCondition {
  if (container === undefined) return "absent";
  const { condition, exitCode, outOfMemory } = container;
  const crashed = condition === "exited" && (outOfMemory || !quietExits.includes(exitCode ?? 0));
  return crashed ? "unwell" : containerConditions[condition];
}

const containerConditions: Readonly<Record<ContainerCondition, ServiceCondition>> = {
  ready: "ready",
  running: "ready",
  starting: "starting",
  unhealthy: "unwell",
  restarting: "unwell",
  paused: "unwell",
  created: "stopped",
  done: "stopped",
  exited: "stopped",
};

function slowEngine(timeoutMs: number): MybrokerError {
  return new MybrokerError({
    code: "engine.hung",
    message: `Docker has not listed its containers within ${timeoutMs / 1000} s`,
    hint: "{mybroker} doctor --only machine",
    exitCode: exitCodes.machine,
  });
}
