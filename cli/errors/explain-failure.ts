import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import type { FailureFacts } from "../ready/outcome.js";
import { readLogLines } from "../stack/log-lines.js";
import { type CauseNames, type FailureEvidence, type MatchedCause, matchKnownCause } from "./known-causes.js";

/** A service that the engine itself refused to create or start, or whose image it could not get. */
export interface EngineRefusal {
  readonly state: "refused";
  readonly service: string;
  readonly error: unknown;
}

export interface ExplainRequest {
  readonly engine: Pick<Engine, "logs">;
  readonly project: Project;
  readonly failure: FailureFacts | EngineRefusal;
}

/** All that one screen and the JSON document say about a service that did not come up. */
export interface FailureReport {
  readonly service: string;
  /** "kafka did not become ready: it exited with 1 after 0.4 s." */
  readonly headline: string;
  readonly cause?: MatchedCause;
  /** What to type where no cause is known. */
  readonly advice: string;
  /** What the server answered last, where it was asked. */
  readonly answer?: string;
  readonly exitCode?: number;
  readonly outOfMemory: boolean;
  /** Of the last healthcheck. */
  readonly healthOutput?: string;
  /** The end of the log, oldest first, without empty lines. */
  readonly log: readonly string[];
}

/** Enough to find the first sign of trouble behind the stack traces that follow it. */
const logLinesRead = 300;
const logTimeoutMs = 2000;
const longestLine = 2000;

/**
 * Collects what is known about a failed service; reads from the engine only, and never rejects. What servers wrote
 * stands in it as it is, secrets too: take them out before a line of it is cut.
 */
export async function explainFailure(request: ExplainRequest): Promise<FailureReport> {
  const { failure, project } = request;
  const { service } = failure;
  const container = failure.state === "failed" ? failure.container : undefined;
  const log = container === undefined ? [] : await readLog(request, container.Id);
  const kind = project.services[service]?.["x-mybroker"]?.kind;
  const answer = failure.state === "failed" ? failure.lastAnswer : undefined;
  const engineError = engineErrorOf(failure);
  const healthOutput = container?.State.Health?.Log?.at(-1)?.Output.trim();
  const exitCode = failure.state === "failed" ? failure.exitCode : undefined;
  const outOfMemory = failure.state === "failed" && failure.kind === "out-of-memory";
  const evidence: FailureEvidence = {
    service,
    outOfMemory,
    log,
    ...(kind === undefined ? {} : { kind }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(engineError === undefined ? {} : { engineError }),
    ...(answer === undefined ? {} : { answer }),
    ...(healthOutput === undefined || healthOutput === "" ? {} : { healthOutput }),
  };
  const cause = matchKnownCause(evidence, namesOf(project, service, container?.Name));
  return {
    service,
    headline: headlineOf(failure),
    advice: adviceOn(failure),
    outOfMemory,
    log,
    ...(cause === undefined ? {} : { cause }),
    ...(answer === undefined ? {} : { answer: `${answer.reason}: ${answer.detail}` }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(evidence.healthOutput === undefined ? {} : { healthOutput: evidence.healthOutput }),
  };
}

function headlineOf(failure: FailureFacts | EngineRefusal): string {
  return failure.state === "refused"
    ? `${failure.service} could not be started: ${messageOf(failure.error)}`
    : `${failure.service} did not become ready: it ${failure.what}.`;
}

function adviceOn(failure: FailureFacts | EngineRefusal): string {
  const again = "then {mybroker} up";
  if (failure.state === "refused") return `correct ${failure.service} in the compose file, ${again}`;
  if (failure.kind === "deadline") return "wait longer: {mybroker} up --wait-timeout SECONDS";
  if (failure.kind === "engine-lost") return `see whether the engine still runs, ${again}`;
  if (failure.kind === "unhealthy") return `mend what its healthcheck says, ${again}`;
  return `mend what its log says, ${again}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function engineErrorOf(failure: FailureFacts | EngineRefusal): string | undefined {
  if (failure.state === "refused") return messageOf(failure.error);
  const error = failure.container?.State.Error;
  return error === undefined || error === "" ? undefined : error;
}

function namesOf(project: Project, service: string, containerName: string | undefined): CauseNames {
  const definition = project.services[service];
  const source = definition?.volumes?.find(({ type }) => type === "volume")?.source;
  const volume = source === undefined ? undefined : project.volumes[source]?.name;
  const imageKey = `${service.toUpperCase().replaceAll("-", "_")}_IMAGE`;
  return {
    container: containerName?.replace(/^\//, "") ?? `${project.name}-${service}-1`,
    ...(volume === undefined ? {} : { volume }),
    ...(project.variables[imageKey] === undefined ? {} : { imageKey }),
    ...(definition?.image === undefined ? {} : { image: definition.image }),
  };
}

/** The last lines of a container's log; none where the engine does not give them in time. */
async function readLog({ engine }: ExplainRequest, id: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    const signal = AbortSignal.timeout(logTimeoutMs);
    const chunks = engine.logs(id, { tail: logLinesRead, timestamps: true, signal });
    for await (const { text } of readLogLines(chunks)) {
      if (text.trim() !== "") lines.push(text.slice(0, longestLine));
    }
  } catch {
    // An explanation without a log is better than none.
  }
  return lines;
}
