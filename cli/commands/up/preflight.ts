import { join } from "node:path";
import { createLoadRequest } from "../../compose/load-request.js";
import { findMatchingBackup } from "../../env/matching-backup.js";
import { readTextFile } from "../../env/read-env-file.js";
import { createRecoveryLoader } from "../../env/recovery-loader.js";
import type { ProjectState } from "../../env/state-folder.js";
import { compareVolumeSecrets, type VolumeMismatch } from "../../env/volume-fingerprints.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { Context } from "../../kernel/context.js";
import { checkMissingImages, isUnreachable } from "../../preflight/images.js";
import { forecastMemory } from "../../preflight/memory.js";
import { portConflictError } from "../../preflight/port-text.js";
import { findPortConflicts, plannedBindings } from "../../preflight/ports.js";
import type { Observed } from "../../reconcile/observed.js";
import type { Plan } from "../../reconcile/plan.js";
import { nameRuntimes } from "../../runtime/find-runtimes.js";
import type { Stack } from "../../stack/open-stack.js";
import { checkMounts } from "./check-mounts.js";

interface Preflight {
  readonly stack: Stack;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly state: ProjectState;
  readonly request: CommandRequest;
}

/** Services whose container will be made or started. */
export function startingServices(plan: Plan): string[] {
  const acts = ["create-container", "recreate-container", "start-container", "restart-container"];
  return [
    ...new Set(
      plan.steps.flatMap((step) => (acts.includes(step.action) && step.service ? [step.service] : [])),
    ),
  ];
}

/**
 * What can be known to go wrong before anything is created. All checks run at once; of several failures the one
 * that is told is the one whose repair comes first.
 * @throws MybrokerError ports.taken, volume.other-password, mounts.missing, mounts.unreadable, images.unavailable
 */
export async function runPreflight({ stack, observed, plan, state, request }: Preflight): Promise<void> {
  const { engine, project } = stack;
  const startedMs = performance.now();
  const services = startingServices(plan);
  const definitions = services.flatMap((name) => project.services[name] ?? []);
  const memory = forecastMemory(definitions, engine.facts.memoryBytes);
  if (memory !== undefined) request.output.warn(memory.replaceAll("{mybroker}", request.context.invocation));
  const outcomes = await Promise.allSettled([
    checkPorts({ stack, services, context: request.context }),
    checkVolumes(stack, state, request),
    checkMounts({ stack, observed, services, request }),
    checkMissingImages(engine, missingImages(plan)),
  ]);
  request.output.debug(`pre-flight took ${Math.round(performance.now() - startedMs)} ms`);
  const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  // Without images no port has to be freed: what then runs elsewhere needs others.
  const first = reasons.find(isUnreachable) ?? reasons[0];
  if (first !== undefined) throw first;
}

function missingImages(plan: Plan): string[] {
  return plan.steps.flatMap((step) => (step.action === "pull-image" ? [step.name] : []));
}

interface PortQuestion {
  readonly stack: Stack;
  readonly services: readonly string[];
  readonly context: Context;
}

async function checkPorts({ stack, services, context }: PortQuestion): Promise<void> {
  const { engine, project } = stack;
  const bindings = plannedBindings(project, services);
  if (bindings.length === 0) return;
  const conflicts = await findPortConflicts({
    bindings,
    containers: await engine.listContainers({ all: false }),
    projectName: project.name,
    platform: context.platform,
    local: engine.endpoint.hostAddress === "127.0.0.1",
  });
  if (conflicts.length > 0) throw portConflictError(nameRuntimes(conflicts, context));
}

async function checkVolumes(
  { engine, project, secretKeys }: Stack,
  state: ProjectState,
  { context, globals }: CommandRequest,
): Promise<void> {
  const mismatches = await compareVolumeSecrets({ engine, state, project, secretKeys });
  const [mismatch, ...others] = mergeByVolume(mismatches);
  if (mismatch === undefined) return;
  const example = await readTextFile(join(project.workingDir, ".env.example"));
  const backup = await findMatchingBackup({
    engine,
    state,
    projectName: project.name,
    exampleText: example?.text ?? "",
    shell: context.env,
    loadProject: createRecoveryLoader(createLoadRequest(context, globals)),
  });
  const keys = mismatch.keys.length > 0 ? ` (${mismatch.keys.join(", ")})` : "";
  throw new MybrokerError({
    code: "volume.other-password",
    message: `The volume ${mismatch.volume} was made with another password than .env has now${keys}`,
    lines: others.map(({ volume, keys: names }) => `${volume} too (${names.join(", ")})`),
    hint:
      `put the earlier value back${backup === undefined ? "" : ` (a copy: ${backup.path})`}, ` +
      "or begin with empty data:  {mybroker} down --volumes",
    exitCode: exitCodes.machine,
    details: { volumes: [mismatch, ...others] },
  });
}

/** A server with two passwords in one volume (a user's and root's) is told once. */
function mergeByVolume(mismatches: readonly VolumeMismatch[]): VolumeMismatch[] {
  const merged = new Map<string, VolumeMismatch>();
  for (const mismatch of mismatches) {
    const keys = [...(merged.get(mismatch.volume)?.keys ?? []), ...mismatch.keys];
    merged.set(mismatch.volume, { ...mismatch, keys: [...new Set(keys)] });
  }
  return [...merged.values()];
}
