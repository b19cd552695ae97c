import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { locateStateFolder } from "../env/state-folder.js";
import { formatBytes } from "../output/units.js";
import { type DoctorFacts, type Finding, fine } from "./check.js";

/** Below this a broker soon refuses what is published to it; below the other one nothing can be relied on. */
const scarceBytes = 1_000_000_000;
const fullBytes = 200_000_000;

/** The file systems of the project and of the state folder; where Docker keeps its data only Docker knows. */
export async function checkDiskSpace({ project, ground, request }: DoctorFacts): Promise<readonly Finding[]> {
  const own = ground.runtime === "embedded" ? ground.place.dataFolder : locateStateFolder(request.context);
  const folders = new Set([project.workingDir, own].map(nearestExisting));
  return Promise.all([...folders].map(judge));
}

async function judge(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${formatBytes(free)} free for ${folder}`;
  if (free >= scarceBytes) return fine(folder, message);
  return { subject: folder, level: free < fullBytes ? "error" : "warning", message, fix: `df -h ${folder}` };
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}
