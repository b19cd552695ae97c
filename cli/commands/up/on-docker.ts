import { provideDemoInvestor } from "../../brokerage/demo-investor.js";
import { connectEngine } from "../../engine/connect.js";
import type { Engine } from "../../engine/engine.js";
import { observeProject } from "../../engine/observe.js";
import { openProjectState, type ProjectState } from "../../env/state-folder.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../../kernel/command.js";
import type { OtherVersion } from "../../preflight/data-check.js";
import { isUnreachable } from "../../preflight/images.js";
import { checkOwnership } from "../../preflight/ownership.js";
import type { Observed } from "../../reconcile/observed.js";
import type { Plan } from "../../reconcile/plan.js";
import { planUp } from "../../reconcile/plan-up.js";
import { planToData, renderPlan } from "../../reconcile/render-plan.js";
import type { RuntimeFacts } from "../../runtime/choose-runtime.js";
import { refuseBesideEmbedded } from "../../runtime/open-embedded.js";
import { findPlace } from "../../runtime/place.js";
import { recordRuntime } from "../../runtime/runtime-record.js";
import { embeddableServices } from "../../runtime/runtime-settings.js";
import { openProject, type Stack } from "../../stack/open-stack.js";
import { whileLocked } from "../../stack/while-locked.js";
import { agreeToConvert, checkData } from "./check-data.js";
import { checkMounts } from "./check-mounts.js";
import { checkServicesThere } from "./check-services.js";
import { fetchImages } from "./fetch-images.js";
import { leaveReplaced } from "./leave-replaced.js";
import { excludeProfiled, profilesOf, readUpSetting, type UpSetting } from "./options.js";
import { runPreflight, startingServices } from "./preflight.js";
import { prepareEnv } from "./prepare-env.js";
import { failureError, refusalError } from "./report-failure.js";
import { renderUp } from "./screen.js";
import { type StartOutcome, startServices } from "./start.js";

export interface DockerStart {
  readonly engine: Engine;
  /** performance.now() at the command's begin. */
  readonly startedMs: number;
  /** Asked where images are missing and their registries cannot be reached: throws, unless it runs elsewhere then. */
  readonly onUnreachableImages: (
    error: MybrokerError,
    facts: Pick<RuntimeFacts, "dockerData" | "embeddable">,
  ) => void;
}

/**
 * Observe, plan, check, carry out, wait until everything answers. Closes the engine.
 * @returns undefined where nothing was created because it is to run elsewhere
 */
export async function bringUpOnDocker(
  given: CommandRequest,
  start: DockerStart,
): Promise<CommandResult | undefined> {
  const { engine, startedMs, onUnreachableImages } = start;
  try {
    refuseForeground(given);
    const valuesKnown = await prepareEnv(given, () => connectEngine(given.context));
    const loaded = await openProject(given, {
      missingVariables: valuesKnown ? "error" : "empty",
      services: given.args,
      moreProfiles: profilesOf(given.options),
    });
    const request = await leaveReplaced(given, loaded.project);
    const stack = { ...loaded, engine };
    const { endpoint, facts } = engine;
    request.output.note(`Docker ${facts.version} (${endpoint.source}).`);
    const read = readUpSetting(request.options, request.args, stack.secretKeys);
    const setting = request.options.infra === true ? excludeProfiled(read, stack.project) : read;
    checkServicesThere(stack.project);
    if (request.globals.dryRun) return await showPlan(stack, setting, request);
    const state = await openProjectState(request.context, stack.project.workingDir);
    const { name, workingDir: folder } = stack.project;
    await refuseBesideEmbedded(request, await findPlace(request.context, { name, folder }));
    const run = { stack, setting, request, state, startedMs, onUnreachableImages };
    return await whileLocked(request, { name, folder }, () => bring(run));
  } finally {
    engine.close();
  }
}

function refuseForeground({ options }: CommandRequest): void {
  if (options.foreground !== true) return;
  throw new MybrokerError({
    code: "usage.foreground",
    message: "--foreground is for the embedded runtime; on Docker the engine runs the containers",
    hint: "To follow them:  {mybroker} logs -f",
    exitCode: exitCodes.usage,
  });
}

async function showPlan(
  { engine, project }: Stack,
  setting: UpSetting,
  { args, output }: CommandRequest,
): Promise<CommandResult> {
  const observed = await observeProject(engine, project);
  if (!setting.adopt) checkOwnership(project, observed.containers);
  const plan = planUp(project, observed, setting.plan);
  for (const warning of plan.warnings) output.warn(warning);
  const asked = setting.exitCode && plan.steps.length > 0;
  const next = plan.steps.length > 0 ? ["up", ...args].join(" ") : "ps";
  return {
    project: project.name,
    data: { changed: plan.steps.length > 0, plan: planToData(plan) },
    text: [...renderPlan(plan), `Next:  {mybroker} ${next}`],
    exitCode: asked ? exitCodes.no : exitCodes.done,
  };
}

interface Run extends Pick<DockerStart, "startedMs" | "onUnreachableImages"> {
  readonly stack: Stack;
  readonly setting: UpSetting;
  readonly request: CommandRequest;
  readonly state: ProjectState;
}

async function bring(run: Run): Promise<CommandResult | undefined> {
  const { stack, setting, request, state } = run;
  const { engine, project } = stack;
  const before = await observeProject(engine, project);
  if (!setting.adopt) checkOwnership(project, before.containers);
  const first = planUp(project, before, setting.plan);
  const observed = withoutOutdatedImages(before, first);
  const converted = await checkData({ ...run, observed, services: startingServices(first) });
  if (first.steps.length > 0) {
    try {
      await runPreflight({ stack, observed: before, plan: first, state, request });
      await agreeToConvert(converted, request);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      run.onUnreachableImages(error, {
        dockerData: before.containers.length + before.volumes.length > 0,
        embeddable: embeddableServices(project).length > 0,
      });
      return undefined;
    }
  }
  const pullStartedMs = performance.now();
  const fetched = await fetchImages({ stack, observed: before, setting, request });
  const pullMs = fetched ? performance.now() - pullStartedMs : 0;
  // Only with its image at hand can a container be judged.
  const plan = fetched ? await planWithImages(run, converted) : first;
  for (const warning of plan.warnings) request.output.warn(warning);
  await recordRuntime(state, project.name, "docker");
  const outcome = await startServices({ stack, plan, setting, request, state });
  request.context.signal.throwIfAborted();
  if (outcome.failure !== undefined) throw await failureError(stack, outcome.failure, request);
  if (outcome.refusal !== undefined) throw await refusalError(stack, outcome.refusal, request);
  if (plan.steps.length > 0) {
    const ready = outcome.ready.map(({ service }) => service);
    const { hostAddress: host } = engine.endpoint;
    await provideDemoInvestor(request, { project, host, services: ready });
  }
  return summarize(run, {
    outcome,
    changed: plan.steps.length > 0 || fetched,
    services: plan.services,
    pullMs,
  });
}

/** Of an image that is going to be fetched or built only its name says something yet. */
function withoutOutdatedImages(observed: Observed, { steps }: Plan): Observed {
  const fetched = steps.flatMap(({ action, name }) => (/^(pull|build)-image$/.test(action) ? [name] : []));
  const images = [...observed.images].filter(([reference]) => !fetched.includes(reference));
  return { ...observed, images: new Map(images) };
}

/** The plan once all images are here; only now is it known of each what it runs as. */
async function planWithImages(run: Run, agreed: readonly OtherVersion[]): Promise<Plan> {
  const { stack, setting, request } = run;
  const observed = await observeProject(stack.engine, stack.project);
  const plan = planUp(stack.project, observed, { ...setting.plan, pull: "missing", build: false });
  const services = startingServices(plan);
  await checkMounts({ stack, observed, services, request });
  // An image may say another version than its name did.
  const converted = await checkData({ ...run, observed, services });
  const known = new Set(agreed.map(({ volume }) => volume));
  await agreeToConvert(
    converted.filter(({ volume }) => !known.has(volume)),
    request,
  );
  return plan;
}

interface Ending {
  readonly outcome: StartOutcome;
  readonly changed: boolean;
  readonly services: readonly string[];
  readonly pullMs: number;
}

async function summarize({ stack, request, startedMs }: Run, ending: Ending): Promise<CommandResult> {
  const { project } = stack;
  const { outcome, services } = ending;
  const { missingTopics } = outcome;
  const page = services.findLast((name) => {
    const extension = project.services[name]?.["x-mybroker"];
    return (
      extension?.uiPort !== undefined && extension.credentials !== undefined && extension.kind === "http"
    );
  });
  const profiles = [...new Set(services.flatMap((name) => project.services[name]?.profiles ?? []))];
  const elapsedMs = performance.now() - startedMs;
  const composeHint = `docker compose ${profiles.map((profile) => `--profile ${profile} `).join("")}ps`;
  return {
    project: project.name,
    data: {
      changed: ending.changed,
      elapsedMs: Math.round(elapsedMs),
      pullMs: Math.round(ending.pullMs),
      services: outcome.ready.map(({ service, by, address, detail, elapsedMs: readyMs }) => ({
        service,
        ready: true,
        by,
        detail,
        address: address ?? null,
        elapsedMs: Math.round(readyMs),
      })),
      missingTopics,
    },
    text: renderUp(
      {
        ready: outcome.ready,
        started: services.length,
        changed: ending.changed,
        elapsedMs,
        pullMs: ending.pullMs,
        missingTopics,
        composeHint,
        ...(page === undefined ? {} : { page }),
      },
      request.output.style,
    ),
  };
}
