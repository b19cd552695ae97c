import type { Dependency } from "../compose/model.js";
import type { ContainerDetails } from "../engine/engine.js";
import type { ProbeAnswer } from "./probe.js";

/** depends_on's conditions, and "ready": what `up` waits for (a server answers, a one-shot is done). */
export type ReadyCondition = Dependency["condition"] | "ready";

export type FailureKind =
  /** It ended and will not come back by itself. */
  | "exited"
  | "out-of-memory"
  /** It ended again and again. */
  | "restarting"
  /** The engine could not start it. */
  | "start-error"
  /** The server refuses the login of .env. */
  | "denied"
  | "unhealthy"
  | "deadline"
  | "engine-lost"
  | "interrupted";

export interface ReadyFacts {
  readonly state: "ready";
  readonly service: string;
  /** Who said so. */
  readonly by: "probe" | "health" | "running" | "completed";
  readonly detail: string;
  /** "127.0.0.1:9092", where a port is published. */
  readonly address?: string;
  /** Since waitUntil was called. */
  readonly elapsedMs: number;
}

export interface FailureFacts {
  readonly state: "failed";
  readonly service: string;
  readonly kind: FailureKind;
  /** What it did, to follow "it": "exited with 132 after 0.4 s". */
  readonly what: string;
  /** What the last attempt to reach it saw. */
  readonly lastAnswer?: Extract<ProbeAnswer, { ready: false }>;
  /** As the engine last showed it. */
  readonly container?: ContainerDetails;
  /** Of the last end, also where the container is running again. */
  readonly exitCode?: number;
  readonly elapsedMs: number;
}

export type ReadyOutcome = ReadyFacts | FailureFacts;

/** Tells what is going on; at most once a second a service, and at each change. */
export interface ReadyProgress {
  readonly service: string;
  /** "waits for its container", "initialising, 6 s", "logging in", "healthcheck, 2 s". */
  readonly text: string;
  readonly elapsedMs: number;
}
