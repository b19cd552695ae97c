import { createLoadRequest } from "../../compose/load-request.js";
import { findMatchingBackup } from "../../env/matching-backup.js";
import { createRecoveryLoader } from "../../env/recovery-loader.js";
import { compareVolumeSecrets, type VolumeMismatch } from "../../env/volume-fingerprints.js";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** A server keeps the password that its volume was made with; .env has changed since, or came from elsewhere. */
export async function checkVolumePasswords(facts: DoctorFacts): Promise<readonly Finding[]> {
  const { ground, state, project, secretKeys } = facts;
  if (ground.runtime !== "docker") return [];
  const mismatches = await compareVolumeSecrets({ engine: ground.engine, state, project, secretKeys });
  if (mismatches.length === 0) return [fine("env.volume-password", ".env", "no volume has another password")];
  const backup = await findBackup(facts, ground);
  return describeMismatches(mismatches, backup);
}

/** One finding a volume: a server may keep two passwords in it, a user's and its administrator's. */
export function describeMismatches(
  mismatches: readonly VolumeMismatch[],
  backup: string | undefined,
): Finding[] {
  const keysOf = (volume: string) =>
    mismatches.filter((mismatch) => mismatch.volume === volume).flatMap(({ keys }) => keys);
  const first = new Map([...mismatches].reverse().map((mismatch) => [mismatch.volume, mismatch]));
  return [...first.values()].reverse().map(({ volume, service }) => {
    const names = [...new Set(keysOf(volume))].join(", ");
    return {
      id: "env.volume-password",
      subject: service,
      level: "error",
      message: `${volume} was made with another password than .env has now${names === "" ? "" : ` (${names})`}`,
      evidence: backup === undefined ? ["no copy of an earlier .env fits"] : [`a copy that fits: ${backup}`],
      fix: backup === undefined ? "{mybroker} down --volumes" : `cp ${quoteForShell(backup)} .env`,
    };
  });
}

async function findBackup(
  { state, project, request, envExample }: DoctorFacts,
  { engine }: Extract<DoctorFacts["ground"], { runtime: "docker" }>,
): Promise<string | undefined> {
  const found = await findMatchingBackup({
    engine,
    state,
    projectName: project.name,
    exampleText: (await envExample())?.text ?? "",
    shell: request.context.env,
    loadProject: createRecoveryLoader(createLoadRequest(request.context, request.globals)),
  });
  return found?.path;
}
