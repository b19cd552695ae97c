import type { Plan, Step } from "../reconcile/plan.js";
import type { ExecuteOptions, Execution, ExecutionResult } from "./execution.js";
import { performStep } from "./perform-step.js";
import { createSlots } from "./slots.js";

const defaultConcurrency = 16;

/**
 * Runs a plan: every step as soon as those that it depends on are done. It decides nothing. The first failure or
 * the signal keeps further steps from beginning; steps that run come to their end, so that nothing is left half
 * done. Never throws for a failing step: the result has it.
 */
export async function executePlan(plan: Plan, options: ExecuteOptions): Promise<ExecutionResult> {
  const now = options.now ?? (() => performance.now());
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  if (options.signal?.aborted) interrupt();
  options.signal?.addEventListener("abort", interrupt, { once: true });
  const execution: Execution = {
    engine: options.engine,
    emit: options.onEvent ?? (() => {}),
    stop: stop.signal,
    containerIds: new Map(),
    idsByService: new Map(),
  };
  const ended = rejectOnAbort(stop.signal);
  // It may well be that nobody waits when the run ends early.
  ended.catch(() => {});
  const takeSlot = createSlots(options.concurrency ?? defaultConcurrency);
  const completed: string[] = [];
  let failure: ExecutionResult["failure"];

  const runs = new Map<string, Promise<boolean>>();
  const run = async (step: Step): Promise<boolean> => {
    const dependencies = await Promise.all(step.dependsOn.map((id) => runs.get(id) ?? true));
    if (dependencies.includes(false)) return false;
    let startedMs = now();
    try {
      await waitForServices(step, { execution, options, ended });
      const release = await takeSlot();
      try {
        if (stop.signal.aborted) return false;
        startedMs = now();
        execution.emit({ kind: "started", step });
        await performStep(step, execution);
      } finally {
        release();
      }
    } catch (error) {
      // What a wait says when the run is already ending is no failure of its own.
      if (error === endedEarly) return false;
      failure ??= { step, error };
      stop.abort();
      execution.emit({ kind: "failed", step, elapsedMs: now() - startedMs, error });
      return false;
    }
    completed.push(step.id);
    execution.emit({ kind: "done", step, elapsedMs: now() - startedMs });
    return true;
  };
  // Steps stand after their dependencies, so every promise looked up above is already there.
  for (const step of plan.steps) runs.set(step.id, run(step));
  await Promise.all(runs.values());
  options.signal?.removeEventListener("abort", interrupt);

  const notRun = plan.steps
    .map((step) => step.id)
    .filter((id) => !completed.includes(id) && id !== failure?.step.id);
  return {
    completed,
    ...(failure === undefined ? {} : { failure }),
    notRun,
    interrupted: failure === undefined && notRun.length > 0,
    containerIds: execution.containerIds,
  };
}

const endedEarly = Symbol("the run ended while a step was waiting");

async function waitForServices(
  step: Step,
  run: { execution: Execution; options: ExecuteOptions; ended: Promise<never> },
): Promise<void> {
  const { stop, emit } = run.execution;
  const waits = "waitFor" in step ? (step.waitFor ?? []) : [];
  const { waitUntil } = run.options;
  if (waitUntil === undefined) return;
  await Promise.all(
    waits.map(async (waitFor) => {
      emit({ kind: "waiting", step, waitFor });
      try {
        await Promise.race([waitUntil(waitFor.service, waitFor.condition, stop), run.ended]);
      } catch (error) {
        if (stop.aborted) throw endedEarly;
        if (waitFor.required) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        emit({ kind: "warning", step, text: `goes on without ${waitFor.service}: ${reason}` });
      }
    }),
  );
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(endedEarly);
    else signal.addEventListener("abort", () => reject(endedEarly), { once: true });
  });
}
