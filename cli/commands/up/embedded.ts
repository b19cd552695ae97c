import type { RuntimeStatus, ServiceSetting } from "../../../contracts/embedded-control.js";
import { provideDemoInvestor } from "../../brokerage/demo-investor.js";
import type { Project } from "../../compose/model.js";
import { makeFolder } from "../../env/make-folder.js";
import { exitCodes, type MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../../kernel/command.js";
import { askStatus } from "../../runtime/control-client.js";
import type { Launch } from "../../runtime/launch.js";
import { connectIfThere } from "../../runtime/open-embedded.js";
import { findPlace, type Place } from "../../runtime/place.js";
import { planRuntime, type RuntimePlan } from "../../runtime/plan-runtime.js";
import { type Proof, proveServices, waitUntilHealthy } from "../../runtime/probe-services.js";
import { explainPlaceError } from "../../runtime/problem-text.js";
import { describeServices } from "../../runtime/runtime-settings.js";
import { openProject } from "../../stack/open-stack.js";
import { whileLocked } from "../../stack/while-locked.js";
import { checkServicesThere } from "./check-services.js";
import { carryOut } from "./embedded-carry-out.js";
import { type EmbeddedSetting, readEmbeddedSetting } from "./embedded-options.js";
import { describeEmbeddedPlan, introduce, renderEmbedded, showReady } from "./embedded-screen.js";
import { followForeground } from "./follow-foreground.js";
import { leaveReplaced } from "./leave-replaced.js";
import { profilesOf } from "./options.js";
import { prepareEnv } from "./prepare-env.js";

export interface EmbeddedStart {
  /** performance.now() at the command's begin. */
  readonly startedMs: number;
  /** Why a first run has no Docker. */
  readonly because?: MybrokerError;
}

/** All that one `up` of the embedded runtime knows. */
export interface EmbeddedRun extends EmbeddedStart {
  readonly request: CommandRequest;
  /** No engine answers, so nothing of the project runs on it. */
  readonly engineAway: boolean;
  readonly project: Project;
  readonly place: Place;
  readonly setting: EmbeddedSetting;
  readonly settings: readonly ServiceSetting[];
}

/** `up` without Docker: one background process that runs the brokers and has the stores. */
export async function bringUpEmbedded(given: CommandRequest, start: EmbeddedStart): Promise<CommandResult> {
  introduce(given, start.because);
  // An engine that did not answer a moment ago is not waited for again.
  const engineAway = start.because?.code.startsWith("engine.") === true;
  const valuesKnown = await prepareEnv(given, async () => (engineAway ? undefined : connectIfThere(given)));
  const { project } = await openProject(given, {
    missingVariables: valuesKnown ? "error" : "empty",
    services: given.args,
    moreProfiles: profilesOf(given.options),
  });
  checkServicesThere(project);
  const request = await leaveReplaced(given, project);
  const setting = readEmbeddedSetting(request, project);
  const { name, workingDir: folder } = project;
  const place = await findPlace(request.context, { name, folder });
  const settings = describeServices(project, setting.wanted, place);
  const run = { ...start, engineAway, request, project, place, setting, settings };
  if (request.globals.dryRun) return showPlan(run);
  makePlace(place);
  const outcome = await whileLocked(request, { name, folder }, () => bring(run));
  const result = summarize(run, outcome);
  if (!setting.foreground) return result;
  if (outcome.launch === undefined) {
    const { invocation } = request.context;
    request.output.note(`It runs already, so this does not stay; to follow it:  ${invocation} logs -f`);
    return result;
  }
  return followForeground(run, outcome.launch, result);
}

/** Before the lock, which does without a folder that cannot be made: the runtime cannot. */
function makePlace(place: Place): void {
  try {
    makeFolder(place.folder, 0o700);
  } catch (error) {
    throw explainPlaceError(error, place);
  }
}

function planFor(
  { request, setting, settings }: EmbeddedRun,
  running: RuntimeStatus | undefined,
): RuntimePlan {
  const { version } = request.context;
  const { wanted, forceRestart } = setting;
  return planRuntime({ settings, version, wanted, running, forceRestart });
}

async function showPlan(run: EmbeddedRun): Promise<CommandResult> {
  const plan = planFor(run, await askStatus(run.place));
  const { data, text } = describeEmbeddedPlan(plan, run.project.name);
  const changed = plan.action !== "nothing";
  return {
    project: run.project.name,
    data: { changed, plan: data },
    text: [...text, `Next:  {mybroker} ${changed ? ["up", ...run.request.args].join(" ") : "ps"}`],
    exitCode: run.setting.exitCode && changed ? exitCodes.no : exitCodes.done,
  };
}

interface Outcome {
  readonly plan: RuntimePlan;
  readonly status: RuntimeStatus;
  readonly proofs: readonly Proof[];
  readonly launch: Launch | undefined;
}

async function bring(run: EmbeddedRun): Promise<Outcome> {
  const { request, project, place, setting } = run;
  const running = await askStatus(place);
  const plan = planFor(run, running);
  for (const cause of plan.causes) request.output.note(`Restarting: ${cause}.`);
  const carried = await carryOut(run, plan, running);
  const { launch } = carried;
  const status = setting.wait
    ? await waitUntilHealthy(place, carried.status, {
        wanted: setting.wanted,
        limitMs: setting.waitTimeoutMs,
      })
    : carried.status;
  const services = status.services.filter(({ name, state }) => setting.wanted.has(name) && state === "ready");
  const asks = setting.wait && (plan.action !== "nothing" || setting.verify);
  const proofs = asks
    ? await proveServices(project, place, { services, checkStores: setting.verify })
    : services.map(({ name }): Proof => ({ service: name, by: "process", detail: "ready" }));
  if (plan.action !== "nothing") {
    showReady(request, services);
    const names = services.map(({ name }) => name);
    await provideDemoInvestor(request, { project, host: "127.0.0.1", services: names });
  }
  return { plan, status, proofs, launch };
}

function summarize(run: EmbeddedRun, { plan, status, proofs }: Outcome): CommandResult {
  const { request, project, startedMs, because } = run;
  const elapsedMs = performance.now() - startedMs;
  const changed = plan.action !== "nothing";
  const find = (name: string) => status.services.find((service) => service.name === name);
  return {
    project: project.name,
    data: {
      changed,
      elapsedMs: Math.round(elapsedMs),
      pullMs: 0,
      services: proofs.map(({ service, by, detail }) => ({
        service,
        ready: true,
        by,
        detail,
        address: find(service)?.address ?? null,
        elapsedMs: find(service)?.readyMs ?? 0,
      })),
      missingTopics: [],
      process: { pid: status.pid, version: status.version, startedAt: status.startedAt },
      because: because === undefined ? null : { code: because.code, message: because.message },
    },
    text: renderEmbedded({ ready: proofs, status, changed, elapsedMs, project }, request.output.style),
  };
}
