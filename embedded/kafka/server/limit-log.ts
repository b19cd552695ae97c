export type Log = (level: "info" | "warn" | "error", text: string) => void;

const intervalMs = 1000;

/** Lines that clients can cause: of each kind one a second, with how many were left out, so that none fills a disk. */
export function limitLog(log: Log, level: "warn" | "error"): (kind: string, text: string) => void {
  const kinds = new Map<string, { nextMs: number; leftOut: number }>();
  return (kind, text) => {
    const state = kinds.get(kind) ?? { nextMs: 0, leftOut: 0 };
    kinds.set(kind, state);
    const nowMs = performance.now();
    if (nowMs < state.nextMs) {
      state.leftOut += 1;
      return;
    }
    log(level, state.leftOut === 0 ? text : `${text} (and ${state.leftOut} more of this kind)`);
    state.nextMs = nowMs + intervalMs;
    state.leftOut = 0;
  };
}
