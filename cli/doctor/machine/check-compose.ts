import { execFile } from "node:child_process";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** The first that reads `content:` of a config, which the shipped file uses. */
const oldest = [2, 23, 1] as const;

/** Whoever has no Compose needs none: mybroker reads the file itself. */
export async function checkComposeVersion(
  { ground, request }: DoctorFacts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (ground.runtime !== "docker") return [];
  const version = await askVersion(request.context.env, signal);
  return version === undefined ? [] : [judgeComposeVersion(version)];
}

export function judgeComposeVersion(version: string): Finding {
  const id = "machine.compose-old";
  const message = `Docker Compose ${version}`;
  const parts = version.split(/[.+-]/).map(Number);
  const difference = oldest.map((wanted, index) => (parts[index] ?? 0) - wanted).find((part) => part !== 0);
  if ((difference ?? 0) >= 0) return fine(id, "compose", message);
  const wanted = `${message} cannot read the compose file, which needs ${oldest.join(".")} or later`;
  return { id, subject: "compose", level: "warning", message: wanted, fix: "docker compose version" };
}

function askVersion(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("docker", ["compose", "version", "--short"], { env, signal }, (error, stdout) => {
      const version = /^v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
      resolve(error === null ? version : undefined);
    });
  });
}
