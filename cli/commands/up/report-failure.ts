import { composeLabels } from "../../compose/label-names.js";
import type { Engine } from "../../engine/engine.js";
import { EngineError } from "../../engine/engine-error.js";
import { type EngineRefusal, explainFailure, type FailureReport } from "../../errors/explain-failure.js";
import { renderFailures } from "../../errors/failure-screen.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { FailureFacts } from "../../ready/outcome.js";
import type { Step } from "../../reconcile/plan.js";
import { containerLabels } from "../../stack/container-state.js";
import type { Stack } from "../../stack/open-stack.js";

/** The error of an `up` that ended at a service: its screen, or for JSON the same as data. */
export async function failureError(
  stack: Stack,
  failure: FailureFacts | EngineRefusal,
  { context, output }: CommandRequest,
): Promise<MybrokerError> {
  const { engine, project } = stack;
  const explained = await explainFailure({ engine, project, failure: await refresh(engine, failure) });
  // Before the screen cuts lines: a secret that has lost its end is no longer recognised where all text is written.
  const report = output.withoutSecrets(explained);
  const running = await engine.listContainers({
    labels: containerLabels(project.name),
    all: false,
  });
  const others = running.filter(({ labels }) => labels[composeLabels.service] !== failure.service);
  const [headline = "", ...lines] = renderFailures({
    reports: [report],
    othersRunning: others.length,
    columns: context.columns,
  });
  return new MybrokerError({
    code: report.cause?.id ?? codeOf(failure),
    message: headline,
    lines: lines.map((line) => line.replace(/^ {2}/, "")),
    hint: report.cause?.fix ?? report.advice,
    exitCode: isMachine(failure) ? exitCodes.machine : exitCodes.no,
    details: describeForJson(report, others.length),
  });
}

/** A healthcheck that fails during the start period changes no state, so that its output is not known yet. */
async function refresh(
  engine: Engine,
  failure: FailureFacts | EngineRefusal,
): Promise<FailureFacts | EngineRefusal> {
  if (failure.state === "refused" || failure.container === undefined) return failure;
  const container = await engine.inspectContainer(failure.container.Id).catch(() => undefined);
  return container === undefined ? failure : { ...failure, container };
}

/** What the engine refused: of one service it is told like any other failure, of a network or volume as it is. */
export async function refusalError(
  stack: Stack,
  refusal: { readonly step: Step; readonly error: unknown },
  request: CommandRequest,
): Promise<unknown> {
  const { step, error } = refusal;
  if (!(error instanceof EngineError)) return error;
  if (step.service !== undefined) {
    return failureError(stack, { state: "refused", service: step.service, error }, request);
  }
  return new MybrokerError({
    code: `engine.${error.kind}`,
    message: `The engine refused to ${step.action.replace("-", " ")} ${step.name}: ${error.message}`,
    hint: "{mybroker} up --dry-run    shows what is still to be done",
    exitCode: exitCodes.machine,
    details: { step: step.id },
    cause: error,
  });
}

function codeOf(failure: FailureFacts | EngineRefusal): string {
  return failure.state === "refused" ? "service.refused" : `service.${failure.kind}`;
}

function isMachine(failure: FailureFacts | EngineRefusal): boolean {
  return failure.state === "refused" || failure.kind === "engine-lost" || failure.kind === "start-error";
}

function describeForJson(report: FailureReport, othersRunning: number): unknown {
  return {
    service: report.service,
    cause: report.cause ?? null,
    answer: report.answer ?? null,
    exitCode: report.exitCode ?? null,
    outOfMemory: report.outOfMemory,
    healthOutput: report.healthOutput ?? null,
    log: report.log.slice(-20),
    othersRunning,
  };
}
