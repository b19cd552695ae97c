import type { PullProgress } from "./images.js";

/** One line of POST /images/create. */
export interface PullLine {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

const phases: Readonly<Record<string, PullProgress["phase"]>> = {
  "Pulling fs layer": "waiting",
  Waiting: "waiting",
  Downloading: "downloading",
  "Verifying Checksum": "downloading",
  "Download complete": "downloading",
  Extracting: "extracting",
  "Pull complete": "done",
  "Already exists": "present",
};
const order: readonly PullProgress["phase"][] = ["waiting", "downloading", "extracting", "done", "present"];

/**
 * Follows a pull's layers. The bytes are those of the download; a layer never goes back, neither in phase nor in
 * bytes, although the engine does both when it retries a download and counts again while it extracts.
 */
export class PullTracker {
  readonly #layers = new Map<string, PullProgress>();

  /** The layer's new state, or undefined where the line changes nothing to be seen. */
  follow(line: PullLine): PullProgress | undefined {
    const phase = phases[line.status ?? ""];
    if (phase === undefined || line.id === undefined) return undefined;
    const before = this.#layers.get(line.id) ?? { layer: line.id, phase: "waiting" as const };
    const next = advance(before, phase, line);
    const unchanged =
      this.#layers.has(line.id) &&
      next.phase === before.phase &&
      next.currentBytes === before.currentBytes &&
      next.totalBytes === before.totalBytes;
    this.#layers.set(line.id, next);
    return unchanged ? undefined : next;
  }
}

function advance(before: PullProgress, phase: PullProgress["phase"], line: PullLine): PullProgress {
  const downloading = line.status === "Downloading";
  // Registries that stream without a length give 0 or -1.
  const total = downloading && (line.progressDetail?.total ?? 0) > 0 ? line.progressDetail?.total : undefined;
  const totalBytes = larger(before.totalBytes, total);
  const complete = line.status === "Download complete" || phase === "extracting" || phase === "done";
  const seen = complete ? totalBytes : downloading ? line.progressDetail?.current : undefined;
  const currentBytes = larger(before.currentBytes, seen);
  return {
    layer: before.layer,
    phase: order.indexOf(phase) > order.indexOf(before.phase) ? phase : before.phase,
    ...(currentBytes !== undefined && { currentBytes }),
    ...(totalBytes !== undefined && { totalBytes: Math.max(totalBytes, currentBytes ?? 0) }),
  };
}

function larger(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return Math.max(left, right);
}
