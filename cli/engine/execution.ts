import type { Dependency } from "../compose/model.js";
import type { Step, WaitFor } from "../reconcile/plan.js";
import type { Engine } from "./engine.js";
import type { PullProgress } from "./images.js";

export interface ExecuteOptions {
  readonly engine: Engine;
  /** Aborted: nothing more begins, what runs comes to its end. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ExecutionEvent) => void;
  /**
   * Resolves when the service fulfils the condition, rejects when it cannot any more. Absent: nothing is waited for.
   * The signal is aborted when the run ends early.
   */
  readonly waitUntil?: (
    service: string,
    condition: Dependency["condition"],
    signal: AbortSignal,
  ) => Promise<void>;
  /** Engine calls at once; waiting does not count. */
  readonly concurrency?: number;
  /** Milliseconds; only differences are used. */
  readonly now?: () => number;
}

export type ExecutionEvent =
  | { readonly kind: "started"; readonly step: Step }
  | { readonly kind: "waiting"; readonly step: Step; readonly waitFor: WaitFor }
  | { readonly kind: "done"; readonly step: Step; readonly elapsedMs: number }
  | { readonly kind: "failed"; readonly step: Step; readonly elapsedMs: number; readonly error: unknown }
  | { readonly kind: "pull"; readonly step: Step; readonly progress: PullProgress }
  | { readonly kind: "build"; readonly step: Step; readonly text: string }
  | { readonly kind: "warning"; readonly step: Step; readonly text: string };

export interface ExecutionResult {
  /** Ids of the steps that were done, in order of their end. */
  readonly completed: readonly string[];
  /** The first failure; later ones are only events. */
  readonly failure?: { readonly step: Step; readonly error: unknown };
  readonly notRun: readonly string[];
  /** The signal ended the run before all was done. */
  readonly interrupted: boolean;
  /** Name -> id of the containers that were made. */
  readonly containerIds: ReadonlyMap<string, string>;
}

/** What running steps share. */
export interface Execution {
  readonly engine: Engine;
  readonly emit: (event: ExecutionEvent) => void;
  /** Aborted by the user or by the first failure. */
  readonly stop: AbortSignal;
  /** Containers made by name, and by service for shared namespaces. */
  readonly containerIds: Map<string, string>;
  readonly idsByService: Map<string, string>;
}
