import { setMaxListeners } from "node:events";
import { executePlan } from "../../engine/execute.js";
import type { ExecutionEvent } from "../../engine/execution.js";
import type { ProjectState } from "../../env/state-folder.js";
import { fingerprintVolumes } from "../../env/volume-fingerprints.js";
import type { CommandRequest } from "../../kernel/command.js";
import { formatDuration } from "../../output/units.js";
import { noteData } from "../../preflight/data-record.js";
import { checkTopics } from "../../ready/check-topics.js";
import type { FailureFacts, ReadyFacts, ReadyOutcome } from "../../ready/outcome.js";
import { createReadiness } from "../../ready/wait-until-ready.js";
import type { Plan, Step } from "../../reconcile/plan.js";
import type { Stack } from "../../stack/open-stack.js";
import { awaitTopics } from "./await-topics.js";
import type { UpSetting } from "./options.js";

export interface Start {
  readonly stack: Stack;
  readonly plan: Plan;
  readonly setting: UpSetting;
  readonly request: CommandRequest;
  readonly state: ProjectState;
}

export interface StartOutcome {
  readonly ready: readonly ReadyFacts[];
  /** Declared ones that the brokers do not have yet. */
  readonly missingTopics: readonly string[];
  /** The first service that cannot become ready. */
  readonly failure?: FailureFacts;
  /** A step that the engine refused. */
  readonly refusal?: { readonly step: Step; readonly error: unknown };
}

/** Carries the plan out and waits, each service from the moment its container is started. */
export async function startServices(start: Start): Promise<StartOutcome> {
  const { stack, plan, setting, request } = start;
  const { context, output } = request;
  const giveUp = new AbortController();
  const signal = AbortSignal.any([context.signal, giveUp.signal]);
  // Every service and every step listens.
  setMaxListeners(0, signal);
  const changing = new Set(plan.steps.flatMap((step) => step.service ?? []));
  const readiness = createReadiness({
    engine: stack.engine,
    project: stack.project,
    timeoutMs: setting.waitTimeoutMs,
    signal,
    trustHealthy: !setting.verify,
    onProgress: ({ service, text, elapsedMs }) => {
      if (!changing.has(service) && elapsedMs < unchangedSilenceMs) return;
      changing.add(service);
      output.progress({
        ...rowOf(service),
        status: "working",
        text: `starting  ${text.replace(/^starting: /, "")}`,
      });
    },
  });
  const outcomes = gatherOutcomes(start, { changing, signal, giveUp: () => giveUp.abort() });
  const waits: Promise<void>[] = [];
  const awaitReady = (service: string): void => {
    if (setting.wait) waits.push(readiness.waitUntil(service, "ready").then(outcomes.note));
  };
  try {
    await readiness.open();
    const pending = new Set(plan.steps.flatMap((step) => (isStart(step) ? [step.service ?? ""] : [])));
    for (const service of plan.services) if (!pending.has(service)) awaitReady(service);
    const result = await executePlan(plan, {
      engine: stack.engine,
      signal,
      waitUntil: async (service, condition) => {
        const outcome = await readiness.waitUntil(service, condition);
        if (outcome.state === "ready") return;
        outcomes.note(outcome);
        throw new Error(`${service} ${outcome.what}`);
      },
      onEvent: (event) => {
        showEvent(event, request);
        if (event.kind === "done" && isStart(event.step)) awaitReady(event.step.service ?? "");
      },
    });
    // While the servers start, so that nothing is left to compute when the last one is ready.
    const keepNotes = plan.steps.length > 0 ? noteVolumes(start) : undefined;
    // What the engine refused is told at once, not after the last of the others.
    if (result.failure !== undefined) giveUp.abort();
    await Promise.all(waits);
    const gathered = await outcomes.gathered();
    if (gathered.failure !== undefined) return gathered;
    if (result.failure !== undefined) return { ...gathered, refusal: result.failure };
    if (setting.wait && !signal.aborted) await keepNotes?.then((keep) => keep());
    return gathered;
  } finally {
    readiness.close();
    output.progressDone();
  }
}

interface Gathering {
  /** Services whose rows are shown. */
  readonly changing: ReadonlySet<string>;
  readonly signal: AbortSignal;
  giveUp(): void;
}

/** Collects what becomes of each service. The first failure gives the others up: they would only add to the noise. */
function gatherOutcomes({ stack, plan, setting, request }: Start, { changing, signal, giveUp }: Gathering) {
  const { output } = request;
  const ready: ReadyFacts[] = [];
  const topics: Promise<string[]>[] = [];
  const asksTopics = plan.steps.length > 0 || setting.verify;
  let failure: FailureFacts | undefined;
  return {
    note(outcome: ReadyOutcome): void {
      const { service } = outcome;
      if (outcome.state === "ready") {
        ready.push(outcome);
        if (asksTopics) topics.push(checkTopics(stack, [service]));
        if (changing.has(service)) output.progress(describeReady(outcome));
      } else if (failure === undefined && !signal.aborted) {
        failure = outcome;
        output.progress({ ...rowOf(service), status: "failed", text: outcome.what });
        giveUp();
      }
    },
    async gathered(): Promise<StartOutcome> {
      const missing = (await Promise.all(topics)).flat();
      const names = ready.map(({ service }) => service);
      const hasProducers = names.some(
        (name) => stack.project.services[name]?.["x-mybroker"]?.kind === "service",
      );
      const missingTopics =
        missing.length === 0
          ? []
          : await awaitTopics({ find: () => checkTopics(stack, names), hasProducers });
      return { ready, missingTopics, ...(failure === undefined ? {} : { failure }) };
    },
  };
}

function rowOf(service: string): { id: string; label: string } {
  return { id: `service/${service}`, label: service };
}

/** What is remembered only makes a later message better: a folder that cannot be written is no failure here. */
async function noteVolumes({ stack, plan, state }: Start): Promise<() => Promise<void>> {
  const { engine, project, secretKeys } = stack;
  const looks = [
    fingerprintVolumes({ engine, project, secretKeys, state }),
    noteData({ engine, project, services: plan.services, state }),
  ];
  const notes = await Promise.all(looks.map((look) => look.catch(() => async () => {})));
  return async () => {
    for (const keep of notes) await keep().catch(() => {});
  };
}

/** A service that was left as it is shows up only when it is not ready after this long. */
const unchangedSilenceMs = 2_000;

/** After these a container runs. */
function isStart(step: Step): boolean {
  return step.action === "start-container" || step.action === "restart-container";
}

function describeReady({ service, detail, address, elapsedMs }: ReadyFacts) {
  const text = `ready  ${formatDuration(elapsedMs).padStart(7)}  ${address ?? detail}`;
  return { ...rowOf(service), status: "done" as const, text };
}

const verbs: Partial<Record<Step["action"], string>> = {
  "create-container": "creating",
  "recreate-container": "recreating",
  "start-container": "starting",
  "restart-container": "restarting",
  "stop-container": "stopping",
};

function showEvent(event: ExecutionEvent, { output }: CommandRequest): void {
  const { step } = event;
  const verb = verbs[step.action];
  if (event.kind === "warning") output.warn(`${step.name}: ${event.text}`);
  if (step.service === undefined || verb === undefined) return;
  const row = rowOf(step.service);
  if (event.kind === "started") output.progress({ ...row, status: "working", text: verb });
  if (event.kind === "waiting") {
    output.progress({ ...row, status: "waiting", text: `waits for ${event.waitFor.service}` });
  }
  if (event.kind === "failed") output.progress({ ...row, status: "failed", text: `not started (${verb})` });
}
