/** Failed logins of one account, counted from the first of them. */
export interface Failures {
  readonly count: number;
  /** Unix time in ms. */
  readonly beganMs: number;
}

export const failuresAllowed = 10;
/** How long failures count; after that the account begins anew. */
export const windowMs = 15 * 60_000;

/** Seconds until the account may try again; 0: now. */
export function secondsToWait(failures: Failures | undefined, nowMs: number): number {
  if (failures === undefined || failures.count < failuresAllowed) return 0;
  return Math.max(0, Math.ceil((failures.beganMs + windowMs - nowMs) / 1_000));
}

/** One more, which begins a new count where the time of the one before is over. */
export function addFailure(failures: Failures | undefined, nowMs: number): Failures {
  const isOver = failures === undefined || nowMs >= failures.beganMs + windowMs;
  return isOver ? { count: 1, beganMs: nowMs } : { count: failures.count + 1, beganMs: failures.beganMs };
}
