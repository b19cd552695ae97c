export interface RateSettings {
  readonly perSecond: number;
  /** How many may come at once. */
  readonly burst: number;
}

export interface RateLimit {
  /** Seconds to wait where `key` has used up what is its own, else 0, and one less is left. */
  take(key: string, nowMs: number): number;
}

interface Bucket {
  left: number;
  filledMs: number;
}

/** Keys remembered at most; those that are forgotten begin anew, and full ones are forgotten first. */
const keysMost = 10_000;

/** A bucket for each key, that fills at a steady rate. */
export function createRateLimit({ perSecond, burst }: RateSettings): RateLimit {
  const buckets = new Map<string, Bucket>();
  const fill = (bucket: Bucket, nowMs: number) => {
    const passedMs = Math.max(0, nowMs - bucket.filledMs);
    bucket.left = Math.min(burst, bucket.left + (passedMs * perSecond) / 1_000);
    bucket.filledMs = nowMs;
  };
  const forget = (nowMs: number) => {
    for (const [key, bucket] of buckets) {
      fill(bucket, nowMs);
      if (bucket.left >= burst) buckets.delete(key);
    }
    if (buckets.size >= keysMost) buckets.clear();
  };
  return {
    take(key, nowMs) {
      const known = buckets.get(key);
      if (known === undefined && buckets.size >= keysMost) forget(nowMs);
      const bucket = known ?? { left: burst, filledMs: nowMs };
      if (known === undefined) buckets.set(key, bucket);
      fill(bucket, nowMs);
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) / perSecond);
      bucket.left -= 1;
      return 0;
    },
  };
}
