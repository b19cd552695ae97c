import { observeLabelled } from "../engine/observe.js";
import { openProjectState } from "../env/state-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../kernel/command.js";
import { countOf, formatDuration } from "../output/units.js";
import { checkMeant } from "../preflight/ownership.js";
import type { Observed } from "../reconcile/observed.js";
import type { Plan } from "../reconcile/plan.js";
import { planToData, renderPlan } from "../reconcile/render-plan.js";
import { tellReplaced } from "../replace/replaced.js";
import { carryOutPlan } from "./carry-out-plan.js";
import { type FoundProject, findProject } from "./find-project.js";
import { checkServiceNames, serviceNamesOf } from "./service-names.js";
import { openWaits } from "./wait-for-conditions.js";
import { whileLocked } from "./while-locked.js";

export interface ServiceCommand {
  /** "stopped", "started", "restarted" */
  readonly done: string;
  /** Said where there is nothing to do: "everything is stopped already". */
  readonly idle: string;
  /** Commands to type next. */
  readonly next: string;
  readonly plan: (observed: Observed) => Plan;
}

/** What `stop`, `start` and `restart` share: work on the containers that exist, by their labels. */
export async function runServicePlan(
  request: CommandRequest,
  command: ServiceCommand,
): Promise<CommandResult> {
  const found = await findProject(request);
  try {
    return await whileLocked(request, found, () => runFound(found, request, command));
  } finally {
    found.engine.close();
  }
}

async function runFound(
  found: FoundProject,
  request: CommandRequest,
  command: ServiceCommand,
): Promise<CommandResult> {
  const { engine, name, project } = found;
  const startedMs = performance.now();
  const observed = await observeLabelled(engine, name);
  checkMeant(found, observed.containers, request);
  checkServices(found, observed, request.args);
  const replaced = await tellReplaced(request.output, await openProjectState(request.context, found.folder), [
    ...new Set(observed.containers.map(({ service }) => service)),
  ]);
  const plan = command.plan(without(observed, replaced));
  const waits = await openWaits({ engine, plan, request, ...(project === undefined ? {} : { project }) });
  try {
    await carryOutPlan({
      plan,
      engine,
      request,
      ...(waits === undefined ? {} : { waitUntil: waits.waitUntil }),
    });
  } finally {
    waits?.close();
  }
  if (request.globals.dryRun)
    return { project: name, data: { plan: planToData(plan) }, text: renderPlan(plan) };
  const elapsedMs = performance.now() - startedMs;
  const containers = plan.steps.map((step) => step.name);
  const headline =
    containers.length === 0
      ? `Nothing to do: ${command.idle}.`
      : `${countOf(containers.length, "container")} ${command.done} in ${formatDuration(elapsedMs)}.`;
  return {
    project: name,
    data: { containers, elapsedMs: Math.round(elapsedMs) },
    text: [headline, `Next:  ${command.next}`],
  };
}

function without(observed: Observed, services: readonly string[]): Observed {
  return {
    ...observed,
    containers: observed.containers.filter(({ service }) => !services.includes(service)),
  };
}

/** Names are those of the files and of the containers; a known service without a container is told as such. */
function checkServices({ name, project }: FoundProject, observed: Observed, asked: readonly string[]): void {
  const existing = new Set(observed.containers.map((container) => container.service));
  const known = [...existing, ...serviceNamesOf(project)];
  checkServiceNames(asked, known);
  const absent = asked.find((service) => !existing.has(service));
  if (absent === undefined && existing.size > 0) return;
  throw new MybrokerError({
    code: "project.no-container",
    message: absent === undefined ? `${name} has no containers` : `${absent} has no container`,
    hint: `Make ${absent === undefined ? "them" : "it"}:  {mybroker} up${absent === undefined ? "" : ` ${absent}`}`,
    exitCode: exitCodes.no,
    details: { project: name, service: absent ?? null },
  });
}
