import { createDryRunEngine } from "../engine/dry-run.js";
import type { Engine } from "../engine/engine.js";
import { EngineError } from "../engine/engine-error.js";
import { executePlan } from "../engine/execute.js";
import type { ExecuteOptions, ExecutionEvent, ExecutionResult } from "../engine/execution.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import type { Output } from "../output/output.js";
import { formatDuration } from "../output/units.js";
import type { Plan, Step } from "../reconcile/plan.js";

interface CarryOut {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly request: CommandRequest;
  readonly waitUntil?: ExecuteOptions["waitUntil"];
}

/**
 * Runs a plan with a row of progress a container; with --dry-run against an engine that changes nothing.
 * @throws MybrokerError of the first step that failed, or engine.interrupted
 */
export async function carryOutPlan({ plan, engine, request, waitUntil }: CarryOut): Promise<ExecutionResult> {
  const { output, context, globals } = request;
  const target = globals.dryRun ? createDryRunEngine(engine).engine : engine;
  const result = await executePlan(plan, {
    engine: target,
    signal: context.signal,
    ...(globals.dryRun ? {} : { onEvent: (event) => showEvent(event, output) }),
    ...(waitUntil === undefined ? {} : { waitUntil }),
  });
  output.progressDone();
  if (result.failure !== undefined) throw explainFailure(result.failure);
  context.signal.throwIfAborted();
  return result;
}

function explainFailure({ step, error }: NonNullable<ExecutionResult["failure"]>): unknown {
  if (!(error instanceof EngineError)) return error;
  return new MybrokerError({
    code: `engine.${error.kind}`,
    message: `${step.name}: the engine refused to ${step.action.replace("-", " ")}: ${error.message}`,
    hint: "mend it and repeat the command; what is done stays done",
    exitCode: exitCodes.machine,
    details: { step: step.id, service: step.service ?? null },
    cause: error,
  });
}

const doing: Partial<Record<Step["action"], string>> = {
  "start-container": "starting",
  "stop-container": "stopping",
  "restart-container": "restarting",
  "remove-container": "removing",
  "remove-network": "removing",
  "remove-volume": "removing",
  "remove-image": "removing",
};

const done: Partial<Record<Step["action"], string>> = {
  "start-container": "started",
  "stop-container": "stopped",
  "restart-container": "restarted",
  "remove-container": "removed",
  "remove-network": "removed",
  "remove-volume": "removed",
  "remove-image": "removed",
};

function showEvent(event: ExecutionEvent, output: Output): void {
  const { step } = event;
  const kind = step.action.split("-").at(-1) ?? "";
  const row = { id: `${kind}/${step.name}`, label: step.name };
  if (event.kind === "warning") output.warn(`${step.name}: ${event.text}`);
  if (event.kind === "started") {
    output.progress({ ...row, status: "working", text: doing[step.action] ?? step.action });
  }
  if (event.kind === "waiting") {
    output.progress({ ...row, status: "waiting", text: `waits for ${event.waitFor.service}` });
  }
  if (event.kind === "done") {
    const text = `${done[step.action] ?? "done"} ${formatDuration(event.elapsedMs)}`;
    output.progress({ ...row, status: "done", text });
  }
  if (event.kind === "failed") output.progress({ ...row, status: "failed", text: "failed" });
}
