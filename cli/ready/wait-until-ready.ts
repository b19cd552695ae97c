import { setMaxListeners } from "node:events";
import type { Project, ServerKind } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import { type Clock, systemClock } from "./clock.js";
import { ContainerWatch } from "./container-watch.js";
import type { ReadyCondition, ReadyOutcome, ReadyProgress } from "./outcome.js";
import { serverProbes } from "./servers/registry.js";
import type { ServerProbe } from "./servers/server-probe.js";
import { ServiceWait } from "./service-wait.js";

export interface ReadinessSettings {
  readonly engine: Pick<Engine, "listContainers" | "inspectContainer" | "events" | "endpoint">;
  readonly project: Project;
  /** From `open` on, for all waits together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /**
   * A container that the engine already calls healthy at the first look is ready without a login; off with
   * --verify. Containers that were just started are never healthy at the first look.
   */
  readonly trustHealthy: boolean;
  readonly onProgress?: (progress: ReadyProgress) => void;
  readonly clock?: Clock;
  readonly probes?: Readonly<Record<ServerKind, ServerProbe>>;
}

export interface Readiness {
  /** Subscribes to the engine's events and starts the time limit; to be awaited before the first wait. */
  open(): Promise<void>;
  /**
   * Waits for a service whose containers have been started (or are found running). Never rejects: a failure, the
   * time limit and an interruption are outcomes. Asked twice for the same, it waits once.
   */
  waitUntil(service: string, condition: ReadyCondition): Promise<ReadyOutcome>;
  close(): void;
}

/** Decides when services are ready, from the engine's events and the servers' own answers, whichever is first. */
export function createReadiness(settings: ReadinessSettings): Readiness {
  const clock = settings.clock ?? systemClock;
  const ended = new AbortController();
  const signal = AbortSignal.any([settings.signal, ended.signal]);
  // Every service listens; the default bound of ten is for leaks.
  setMaxListeners(0, signal);
  const waits = new Map<string, { wait: ServiceWait; outcome: Promise<ReadyOutcome> }>();
  const probing = new Set<string>();
  let deadlineMs = clock.nowMs() + settings.timeoutMs;
  const watch = new ContainerWatch({
    engine: settings.engine,
    projectName: settings.project.name,
    clock,
    signal,
    onChange: (service) => {
      for (const { wait } of waits.values()) if (wait.service === service) wait.wake();
    },
    onLost: (error) => {
      for (const { wait } of waits.values()) wait.loseEngine(error);
    },
  });

  function waitUntil(service: string, asked: ReadyCondition): Promise<ReadyOutcome> {
    // Of a server both ask the same; one wait, so that it is not asked twice as often.
    const isServer = settings.project.services[service]?.["x-mybroker"] !== undefined;
    const condition = asked === "service_healthy" && isServer ? "ready" : asked;
    const key = `${condition} ${service}`;
    const known = waits.get(key);
    if (known !== undefined) return known.outcome;
    const wait = new ServiceWait({
      service,
      condition,
      project: settings.project,
      hostAddress: settings.engine.endpoint.hostAddress,
      trustHealthy: settings.trustHealthy,
      probes: settings.probes ?? serverProbes,
      watch,
      clock,
      signal,
      deadlineMs,
      timeoutMs: settings.timeoutMs,
      probing,
      ...(settings.onProgress === undefined ? {} : { onProgress: settings.onProgress }),
    });
    const outcome = wait.run();
    waits.set(key, { wait, outcome });
    return outcome;
  }

  return {
    open: async () => {
      await watch.open();
      deadlineMs = clock.nowMs() + settings.timeoutMs;
    },
    waitUntil,
    close: () => ended.abort(),
  };
}
