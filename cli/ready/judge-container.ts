import type { Service } from "../compose/model.js";
import type { ContainerDetails } from "../engine/engine.js";
import type { FailureKind, ReadyCondition, ReadyFacts } from "./outcome.js";

/** A container and what happened to it since it is watched. */
export interface WatchedContainer {
  readonly details: ContainerDetails;
  /** How often it ended since it is watched. */
  readonly deaths: number;
  readonly lastExitCode?: number;
  /** The kernel killed something in it for want of memory. */
  readonly outOfMemory: boolean;
  /** Clock time at which it was first seen running since its last start. */
  readonly runningSinceMs?: number;
}

export type Verdict =
  | { readonly verdict: "ready"; readonly by: ReadyFacts["by"]; readonly detail: string }
  | { readonly verdict: "failed"; readonly kind: FailureKind; readonly what: string }
  /** recheckInMs: no event will come, look again then. */
  | { readonly verdict: "wait"; readonly text: string; readonly recheckInMs?: number };

export interface JudgeInput {
  readonly container: WatchedContainer;
  readonly service: Service;
  readonly condition: ReadyCondition;
  /** The server is asked from here, and its answer is the truth. */
  readonly probed: boolean;
  /** Another service waits for it to complete. */
  readonly awaitedToComplete: boolean;
  readonly nowMs: number;
  readonly dateMs: number;
}

/** Ends in one wait after which a restart policy is not given another chance. */
const deathsOfALoop = 3;
/** Exit codes that the next attempt only repeats: not executable, not found, SIGILL (no such CPU instruction). */
const hopelessExitCodes = new Set([126, 127, 132]);
/** A service without any check has to live this long to count as running. */
const settleMs = 1000;
const settledAgeMs = 2000;
/** Where no start_period is stated, `unhealthy` comes before a slow server, or one that needs such, had its chance. */
const unhealthyGraceMs = 60_000;

/** What a container's state means for a condition. Pure: the clock's readings are given. */
export function judgeContainer(input: JudgeInput): Verdict {
  const { container, condition } = input;
  const { State } = container.details;
  if (condition === "service_started" && wasStarted(container)) {
    return { verdict: "ready", by: "running", detail: State.Status };
  }
  if (State.Status === "created") return judgeCreated(container);
  if (State.Running && State.Status !== "restarting") return judgeRunning(input);
  return judgeEnded(input);
}

function wasStarted({ details }: WatchedContainer): boolean {
  return (
    details.State.Running || (details.State.StartedAt !== "" && !details.State.StartedAt.startsWith("0001-"))
  );
}

function judgeCreated({ details }: WatchedContainer): Verdict {
  if (details.State.Error !== "") {
    return { verdict: "failed", kind: "start-error", what: `could not be started: ${details.State.Error}` };
  }
  return { verdict: "wait", text: "created" };
}

function judgeRunning(input: JudgeInput): Verdict {
  const { container, condition } = input;
  if (condition === "service_completed_successfully" || isAwaitedOneShot(input)) {
    return loopVerdict(input) ?? { verdict: "wait", text: "running" };
  }
  const health = container.details.State.Health;
  if (health === undefined || health.Status === "none") {
    return (
      loopVerdict(input) ?? (input.probed ? { verdict: "wait", text: "initialising" } : judgeUnchecked(input))
    );
  }
  if (health.Status === "healthy" && !input.probed) {
    return { verdict: "ready", by: "health", detail: "healthy" };
  }
  if (health.Status === "unhealthy" && isUnhealthyForGood(input)) {
    return { verdict: "failed", kind: "unhealthy", what: "is unhealthy: its healthcheck keeps failing" };
  }
  return loopVerdict(input) ?? { verdict: "wait", text: input.probed ? "initialising" : "healthcheck" };
}

function isAwaitedOneShot({ condition, awaitedToComplete }: JudgeInput): boolean {
  return condition === "ready" && awaitedToComplete;
}

function judgeUnchecked({ container, condition, nowMs, dateMs }: JudgeInput): Verdict {
  const running: Verdict = { verdict: "ready", by: "running", detail: "running, no healthcheck" };
  const ageMs = dateMs - Date.parse(container.details.State.StartedAt);
  if (condition !== "ready" || ageMs > settledAgeMs) return running;
  const leftMs = settleMs - (nowMs - (container.runningSinceMs ?? nowMs));
  return leftMs <= 0 ? running : { verdict: "wait", text: "started", recheckInMs: leftMs };
}

function isUnhealthyForGood({ container, service, nowMs }: JudgeInput): boolean {
  const period = service.healthcheck?.start_period;
  // A domain service is as healthy as the servers that it needs, and those may be starting just now.
  const followsOthers = service["x-mybroker"]?.kind === "service";
  if (!followsOthers && period !== undefined && !/^0+[a-z]*$/.test(period)) return true;
  return nowMs - (container.runningSinceMs ?? nowMs) >= unhealthyGraceMs;
}

function loopVerdict({ container }: JudgeInput): Verdict | undefined {
  if (container.deaths === 0) return undefined;
  return container.deaths >= deathsOfALoop || container.outOfMemory ? endedFor(container, true) : undefined;
}

function judgeEnded(input: JudgeInput): Verdict {
  const { container, condition } = input;
  const { State } = container.details;
  const exitCode = container.lastExitCode ?? State.ExitCode;
  const returns = State.Status === "restarting";
  if (State.Status === "removing") return { verdict: "wait", text: "being removed" };
  if (exitCode === 0 && !container.outOfMemory) return judgeCleanExit(input, returns);
  const finished = condition === "service_completed_successfully" && !returns;
  const hopeless = hopelessExitCodes.has(exitCode) || container.outOfMemory || State.OOMKilled;
  if (!returns || finished || hopeless || container.deaths >= deathsOfALoop) {
    return endedFor(container, returns && container.deaths >= deathsOfALoop);
  }
  return { verdict: "wait", text: `exited with ${exitCode}, restarting` };
}

function judgeCleanExit({ container, service, condition }: JudgeInput, returns: boolean): Verdict {
  const completed: Verdict = { verdict: "ready", by: "completed", detail: "exited with 0" };
  if (condition === "service_completed_successfully" && !returns) return completed;
  const oneShot = condition === "ready" && service["x-mybroker"] === undefined && !restarts(service);
  if (oneShot) return completed;
  if (returns && container.deaths < deathsOfALoop) {
    return { verdict: "wait", text: "exited with 0, restarting" };
  }
  return endedFor(container, returns);
}

function restarts(service: Service): boolean {
  const policy = service.restart ?? "no";
  return policy !== "no" && policy !== "";
}

function endedFor(container: WatchedContainer, again: boolean): Verdict {
  const { State } = container.details;
  const exitCode = container.lastExitCode ?? State.ExitCode;
  if (container.outOfMemory || State.OOMKilled) {
    return {
      verdict: "failed",
      kind: "out-of-memory",
      what: `ran out of memory and was killed (exit ${exitCode})`,
    };
  }
  if (State.Error !== "" && !State.Running && container.deaths === 0) {
    return { verdict: "failed", kind: "start-error", what: `could not be started: ${State.Error}` };
  }
  const livedMs = Date.parse(State.FinishedAt) - Date.parse(State.StartedAt);
  const lived = livedMs >= 0 && livedMs < 86_400_000 ? ` after ${(livedMs / 1000).toFixed(1)} s` : "";
  return again
    ? { verdict: "failed", kind: "restarting", what: `exited with ${exitCode} ${container.deaths} times` }
    : { verdict: "failed", kind: "exited", what: `exited with ${exitCode}${lived}` };
}
