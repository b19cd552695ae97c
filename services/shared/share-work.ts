import { setImmediate } from "node:timers/promises";
import { isOutage } from "../../kit/outage.js";

/** Of one input: what became of it, or why it was refused. */
export type Outcome<Out> = { readonly value: Out } | { readonly error: unknown };

export interface SharedWorkOptions<In, Out> {
  /** Inputs at once, by their size (default 1 each); a larger one goes alone. */
  readonly limit: number;
  readonly sizeOf?: (input: In) => number;
  /**
   * Outcomes in the order of the inputs. Rejected: nothing was done; unless it is an outage each half of them is tried
   * again, so that what cannot be done fails alone.
   */
  readonly work: (inputs: readonly In[]) => Promise<readonly Outcome<Out>[]>;
}

export interface SharedWork<In, Out> {
  run(input: In): Promise<Out>;
  /** Resolves when what was asked for is done. */
  close(): Promise<void>;
}

interface Job<In, Out> {
  readonly input: In;
  readonly resolve: (value: Out) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One piece of work at a time, in the order of asking: whoever asks meanwhile shares the next one. A busy service
 * commits less often so.
 */
export function shareWork<In, Out>(options: SharedWorkOptions<In, Out>): SharedWork<In, Out> {
  const waiting: Job<In, Out>[] = [];
  let running: Promise<void> | undefined;
  const runAll = async () => {
    do {
      // What comes within this turn of the event loop goes along: on SQLite nothing can come during a transaction.
      await setImmediate();
      await runJobs(options, takeJobs(options, waiting));
    } while (waiting.length > 0);
    running = undefined;
  };
  return {
    run: (input) =>
      new Promise((resolve, reject) => {
        waiting.push({ input, resolve, reject });
        running ??= runAll();
      }),
    close: async () => running,
  };
}

function takeJobs<In, Out>(
  { limit, sizeOf = () => 1 }: SharedWorkOptions<In, Out>,
  waiting: Job<In, Out>[],
): Job<In, Out>[] {
  let size = 0;
  const end = waiting.findIndex(({ input }) => {
    size += sizeOf(input);
    return size > limit;
  });
  return waiting.splice(0, end === -1 ? waiting.length : Math.max(1, end));
}

/** Never rejects. */
async function runJobs<In, Out>(
  options: SharedWorkOptions<In, Out>,
  jobs: readonly Job<In, Out>[],
): Promise<void> {
  try {
    const outcomes = await options.work(jobs.map(({ input }) => input));
    for (const [index, { resolve, reject }] of jobs.entries()) {
      const outcome = outcomes[index] as Outcome<Out>;
      if ("error" in outcome) reject(outcome.error);
      else resolve(outcome.value);
    }
  } catch (error) {
    if (jobs.length === 1 || isOutage(error)) {
      for (const { reject } of jobs) reject(error);
      return;
    }
    const half = jobs.length >> 1;
    await runJobs(options, jobs.slice(0, half));
    await runJobs(options, jobs.slice(half));
  }
}
