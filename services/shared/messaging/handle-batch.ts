import { InvalidMessage, pause } from "./messages.js";

export interface BatchRules<T extends object> {
  handle(batch: T[]): Promise<void>;
  /** What handle refused as InvalidMessage. */
  putAside(message: T, reason: string): Promise<void>;
  /** Rejects while what handle depends on is down. */
  probe(): Promise<void>;
  /** The messages after one that failed must wait for it. */
  readonly inOrder: boolean;
}

export interface BatchOutcome<T> {
  /** Handled or put aside. */
  readonly done: readonly T[];
  /** Failed alone, though the probe answered. */
  readonly failed: readonly { readonly message: T; readonly error: unknown }[];
  /** What the probe said; the rest of the batch has not been handled. */
  readonly down?: unknown;
}

/** Hands a batch over whole; when that fails and nothing is down, one message at a time. */
export async function handleBatch<T extends object>(
  batch: readonly T[],
  rules: BatchRules<T>,
): Promise<BatchOutcome<T>> {
  const done: T[] = [];
  const failed: { message: T; error: unknown }[] = [];
  const steps: T[][] = [[...batch]];
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    try {
      const invalid = await handOver(step, rules);
      done.push(...invalid, ...step.filter((message) => !invalid.includes(message)));
    } catch (error) {
      const down = await rules.probe().then(
        () => undefined,
        (reason: unknown) => reason ?? error,
      );
      if (down !== undefined) return { done, failed, down };
      if (step.length > 1) steps.unshift(...step.map((message) => [message]));
      else failed.push(...step.map((message) => ({ message, error })));
      if (failed.length > 0 && rules.inOrder) break;
    }
  }
  return { done, failed };
}

/** Until handle takes what is left; returns what was put aside. */
async function handOver<T extends object>(step: readonly T[], rules: BatchRules<T>): Promise<T[]> {
  const invalid: T[] = [];
  for (;;) {
    const rest = step.filter((message) => !invalid.includes(message));
    if (rest.length === 0) return invalid;
    try {
      await rules.handle(rest);
      return invalid;
    } catch (error) {
      const refused = rest.find((message) => error instanceof InvalidMessage && error.invalid === message);
      if (refused === undefined) throw error;
      await rules.putAside(refused, (error as Error).message);
      invalid.push(refused);
    }
  }
}

const probeIntervalMs = 1_000;

/** Asks every second; `beat` is called each time. */
export async function waitUntilUp(
  probe: () => Promise<void>,
  signal: AbortSignal,
  beat: () => Promise<void> = async () => {},
): Promise<void> {
  while (!signal.aborted) {
    await pause(probeIntervalMs, signal);
    await beat();
    const up = await probe().then(
      () => true,
      () => false,
    );
    if (up) return;
  }
}
