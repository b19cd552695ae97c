import { join } from "node:path";
import { composeLabels } from "../compose/label-names.js";
import { observeProject } from "../engine/observe.js";
import { readTextFile } from "../env/read-env-file.js";
import { openProjectState } from "../env/state-folder.js";
import type { CommandRequest } from "../kernel/command.js";
import type { ProbeTarget } from "../ready/probe.js";
import { resolveTarget } from "../ready/target.js";
import { findReplaced } from "../replace/replaced.js";
import { targetOf } from "../runtime/probe-services.js";
import type { LoadedProject } from "../stack/open-stack.js";
import type { DoctorFacts, Ground, InspectedContainer } from "./check.js";
import { findPlace, readSources } from "./source-places.js";

export interface FactsRequest extends LoadedProject {
  readonly request: CommandRequest;
  readonly ground: Ground;
}

/** The facts of one look at the system. A look after a repair takes facts of its own. */
export async function createFacts(found: FactsRequest): Promise<DoctorFacts> {
  const { request, project, ground } = found;
  const state = await openProjectState(request.context, project.workingDir);
  const sources = once(() => readSources(project.files, request.context.cwd));
  const containers = once(() => inspectAll(ground));
  return {
    ...found,
    state,
    placeOf: async (path) => findPlace(await sources(), path),
    envFile: once(() => readTextFile(join(project.workingDir, ".env"))),
    envExample: once(() => readTextFile(join(project.workingDir, ".env.example"))),
    containers,
    observed: once(async () =>
      ground.runtime === "docker" ? observeProject(ground.engine, project) : undefined,
    ),
    targets: once(async () => findTargets(found, await containers())),
    replaced: once(() =>
      findReplaced(state, Object.keys({ ...project.disabledServices, ...project.services })),
    ),
  };
}

function once<Fact>(find: () => Promise<Fact>): () => Promise<Fact> {
  let found: Promise<Fact> | undefined;
  return () => {
    found ??= find();
    return found;
  };
}

async function inspectAll(ground: Ground): Promise<InspectedContainer[]> {
  if (ground.runtime !== "docker") return [];
  const inspected = await Promise.all(
    ground.containers.map(async (summary) => {
      const details = await ground.engine.inspectContainer(summary.id);
      const service = summary.labels[composeLabels.service] ?? "";
      return details === undefined ? [] : [{ service, summary, details }];
    }),
  );
  return inspected.flat();
}

function findTargets(
  { ground, project }: FactsRequest,
  containers: readonly InspectedContainer[],
): Map<string, ProbeTarget> {
  const found = new Map<string, ProbeTarget>();
  if (ground.runtime === "docker") {
    const { hostAddress } = ground.engine.endpoint;
    for (const { service, details: container } of containers) {
      if (!container.State.Running || container.State.Status === "paused") continue;
      const target = resolveTarget({ project, service, container, hostAddress });
      if (target !== undefined) found.set(service, target);
    }
  }
  if (ground.runtime === "embedded") {
    for (const { name, address, state } of ground.status?.services ?? []) {
      const up = state === "ready" || state === "unhealthy";
      const target = up && address !== null ? targetOf(project, name) : undefined;
      if (target !== undefined) found.set(name, target);
    }
  }
  return found;
}
