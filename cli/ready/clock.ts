/** Time as the waiting code sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds that only grow; no date. */
  nowMs(): number;
  /** Unix milliseconds, to compare with the engine's timestamps. */
  dateMs(): number;
  /** Resolves after ms, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What setTimeout takes; more would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  dateMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, longestTimerMs));
      signal?.addEventListener("abort", end, { once: true });
    }),
};
