import { ofProject } from "../../compose/label-names.js";
import { imageName } from "../../compose/labels.js";
import type { Project } from "../../compose/model.js";
import type { Engine, VolumeDetails } from "../../engine/engine.js";
import { observeLabelled } from "../../engine/observe.js";
import { readRecipe } from "../../engine/read-recipe.js";
import { openProjectState } from "../../env/state-folder.js";
import { forgetVolumeSecrets } from "../../env/volume-fingerprints.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { countOf, formatBytes, formatDuration } from "../../output/units.js";
import { forgetData } from "../../preflight/data-record.js";
import { checkMeant } from "../../preflight/ownership.js";
import type { Observed } from "../../reconcile/observed.js";
import type { Plan } from "../../reconcile/plan.js";
import { planDown } from "../../reconcile/plan-down.js";
import { planToData, renderPlan } from "../../reconcile/render-plan.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { forgetProject, hasDataElsewhere } from "../../runtime/forget-project.js";
import { carryOutPlan } from "../../stack/carry-out-plan.js";
import { type FoundProject, findProject } from "../../stack/find-project.js";
import { stopTimeoutOf } from "../../stack/stop-timeout.js";
import { whileLocked } from "../../stack/while-locked.js";

/** `down`: by labels, so that it also works where the files do not. */
const takeDownContainers: CommandHandler = async (request) => {
  const found = await findProject(request);
  try {
    return await whileLocked(request, found, () => takeDownFound(found, request));
  } finally {
    found.engine.close();
  }
};

export const takeDown = byRuntime(
  takeDownContainers,
  async () => (await import("./embedded.js")).takeDownEmbedded,
);

async function takeDownFound(found: FoundProject, request: CommandRequest): Promise<CommandResult> {
  const { engine, name, project } = found;
  const { options, output, globals } = request;
  const startedMs = performance.now();
  const observed = await observeLabelled(engine, name);
  checkMeant(found, observed.containers, request);
  const plan = planDown(observed, {
    volumes: options.volumes === true,
    images: await findImages(found, observed, options.rmi),
    removeOrphans: options.removeOrphans === true,
    ...stopTimeoutOf(options),
    ...(project === undefined ? {} : { project }),
  });
  for (const warning of plan.warnings) output.warn(warning);
  const confirmed = globals.dryRun || options.volumes !== true;
  if (!confirmed && !(await confirmVolumes(engine, observed.volumes, request))) {
    return { project: name, data: { removed: null }, text: ["Nothing was removed."], exitCode: 1 };
  }
  const result = await carryOutPlan({ plan, engine, request });
  if (globals.dryRun) return { project: name, data: { plan: planToData(plan) }, text: renderPlan(plan) };
  const elsewhere = options.volumes === true && (await forgetVolumes(found, request));
  return summarize({
    plan,
    observed,
    completed: new Set(result.completed),
    elapsedMs: performance.now() - startedMs,
    elsewhere,
  });
}

/**
 * Nobody is to be kept from starting anew by data that is gone.
 * @returns whether the project also has data of the embedded runtime, which stays
 */
async function forgetVolumes(
  { name, folder }: FoundProject,
  { context, options }: CommandRequest,
): Promise<boolean> {
  try {
    const state = await openProjectState(context, folder);
    await forgetVolumeSecrets(state, { name });
    await forgetData(state, { name });
    if (options.rmi === "all") await forgetProject(state, name);
    return await hasDataElsewhere(context, { name, folder }, "docker");
  } catch {
    // Notes only make later messages better.
    return false;
  }
}

/** "local": images built for the project; "all": also those that its services use. */
async function findImages(found: FoundProject, observed: Observed, which: unknown): Promise<string[]> {
  if (which !== "local" && which !== "all") return [];
  const built = await found.engine.listImages([ofProject(found.name)]);
  const references = built.flatMap((image) => (image.tags.length > 0 ? image.tags : [image.id]));
  if (which === "all") {
    references.push(...observed.containers.map((container) => container.details.Config.Image));
    if (found.project !== undefined) references.push(...(await referencesOf(found.project)));
  }
  return [...new Set(references.map(withTag))];
}

/** The engine's list says "web:latest" of what a compose file calls "web". */
function withTag(reference: string): string {
  return /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
}

/** With the images that others are built on: `up` pulled those, too. */
async function referencesOf(project: Project): Promise<string[]> {
  const services = Object.entries({ ...project.disabledServices, ...project.services });
  const recipes = await Promise.all(
    services.map(([, { build }]) => (build === undefined ? undefined : readRecipe(build))),
  );
  return [
    ...services.map(([name, service]) => imageName(project, name, service)),
    ...recipes.flatMap((recipe) => recipe?.bases ?? []),
  ];
}

async function confirmVolumes(
  engine: Engine,
  volumes: readonly VolumeDetails[],
  { output }: CommandRequest,
): Promise<boolean> {
  if (volumes.length === 0) return true;
  const sizes = await engine.volumeSizes();
  const width = Math.max(...volumes.map((volume) => volume.name.length));
  output.note("These volumes and all data in them are removed:");
  for (const { name } of [...volumes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const size = sizes.get(name);
    output.note(`  ${name.padEnd(width)}  ${size === undefined ? "size unknown" : formatBytes(size)}`);
  }
  return output.confirm(`Remove ${count(volumes.length, "volume")} for good?`, "--yes");
}

interface Ending {
  readonly plan: Plan;
  readonly observed: Observed;
  readonly completed: ReadonlySet<string>;
  readonly elapsedMs: number;
  /** Data of the embedded runtime stays. */
  readonly elsewhere: boolean;
}

function summarize({ plan, observed, completed, elapsedMs, elsewhere }: Ending): CommandResult {
  const removed = (kind: string) =>
    plan.steps
      .filter((step) => step.action === `remove-${kind}` && completed.has(step.id))
      .map((step) => step.name);
  const data = {
    containers: removed("container"),
    networks: removed("network"),
    volumes: removed("volume"),
    images: removed("image"),
    keptVolumes: observed.volumes
      .map((volume) => volume.name)
      .filter((name) => !removed("volume").includes(name)),
  };
  const counted = [
    count(data.containers.length, "container"),
    count(data.networks.length, "network"),
    count(data.volumes.length, "volume"),
    count(data.images.length, "image"),
  ].filter((text) => text !== "");
  const headline =
    counted.length === 0
      ? `Nothing to remove: ${plan.project} is down.`
      : `Removed ${counted.join(", ")} in ${formatDuration(elapsedMs)}.`;
  const kept = data.keptVolumes.length;
  return {
    project: plan.project,
    data: { removed: data, elapsedMs: Math.round(elapsedMs) },
    text: [
      headline,
      ...(kept === 0
        ? []
        : [`Data stays in ${count(kept, "volume")}; to remove it:  {mybroker} down --volumes`]),
      ...(elsewhere
        ? ["Data of the embedded runtime stays:  {mybroker} --runtime embedded down --volumes"]
        : []),
      "Next:  {mybroker} up",
    ],
  };
}

/** "1 network", "14 containers", "" for none. */
function count(number: number, noun: string): string {
  return number === 0 ? "" : countOf(number, noun);
}
