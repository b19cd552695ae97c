/** The value at or below which `percent` of the samples lie (nearest rank: always one of the samples). */
export function percentile(samples, percent) {
  if (samples.length === 0) throw new Error("no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** The middle sample, or the mean of the two in the middle. */
export function median(samples) {
  if (samples.length === 0) throw new Error("no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Rounds of the peers in the order A B, B A, A B, ...: whatever changes on the machine meanwhile (caches, heat,
 * other work) falls on both alike.
 */
export function interleave(peers, rounds) {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? [...peers] : [...peers].reverse()));
}
