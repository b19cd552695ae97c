import { statfs } from "node:fs/promises";
import type { Log } from "../server/limit-log.js";

const floorBytes = 64 * 1024 * 1024;
const cachedForMs = 1000;

/**
 * @returns a function that tells whether the disk of the folder is so full that nothing more is taken; it asks the
 * file system once a second at most, and logs when that changes
 */
export function watchDiskSpace(folder: string, log: Log): () => Promise<boolean> {
  let isLow = false;
  let askedMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - askedMs < cachedForMs) return isLow;
    askedMs = performance.now();
    const { bavail, bsize } = await statfs(folder);
    const wasLow = isLow;
    isLow = bavail * bsize < floorBytes;
    if (isLow !== wasLow) {
      log(
        "warn",
        `kafka: ${isLow ? "the disk is almost full: records are refused" : "there is room on the disk again"}`,
      );
    }
    return isLow;
  };
}
