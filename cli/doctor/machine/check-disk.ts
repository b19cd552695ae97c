import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import { formatBytes } from "../../output/units.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** Below this a broker soon refuses what is published to it; below the other one nothing can be relied on. */
const scarceBytes = 1_000_000_000;
const fullBytes = 200_000_000;

/** The file systems of the project, of what mybroker keeps, and of Docker's data where that is on this machine. */
export async function checkDiskSpace({ project, ground, state }: DoctorFacts): Promise<readonly Finding[]> {
  const own = ground.runtime === "embedded" ? ground.place.dataFolder : state.folder;
  const folders = new Set([project.workingDir, own].map(nearestExisting));
  const dataRoot = ground.runtime === "docker" ? localDataRoot(ground) : undefined;
  if (dataRoot !== undefined) folders.add(dataRoot);
  return Promise.all(
    [...folders].map(async (folder) => {
      const { bavail, bsize } = await statfs(folder);
      return judgeSpace(folder, bavail * bsize);
    }),
  );
}

export function judgeSpace(folder: string, freeBytes: number): Finding {
  const message = `${formatBytes(freeBytes)} free for ${folder}`;
  if (freeBytes >= scarceBytes) return fine("machine.disk-low", folder, message);
  const full = freeBytes < fullBytes;
  return {
    id: full ? "machine.disk-full" : "machine.disk-low",
    subject: folder,
    level: full ? "error" : "warning",
    message,
    fix: `df -h ${quoteForShell(folder)}`,
  };
}

/** A folder of that name on this machine says nothing of an engine elsewhere. */
function localDataRoot({ engine }: { engine: { endpoint: { url: string }; facts: { dataRoot?: string } } }) {
  const { dataRoot } = engine.facts;
  const local = engine.endpoint.url.startsWith("unix:");
  return local && dataRoot !== undefined && existsSync(dataRoot) ? dataRoot : undefined;
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}
