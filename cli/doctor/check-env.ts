import { join } from "node:path";
import { findEnvNeeds } from "../env/plan-env-file.js";
import { readTextFile } from "../env/read-env-file.js";
import { type DoctorFacts, type Finding, fine } from "./check.js";

/** Names only: keys that .env lacks, and secrets without a value. */
export async function checkEnvFile({ project, request }: DoctorFacts): Promise<readonly Finding[]> {
  // With --env-file the user has a file of his own, of which the example says nothing.
  if (request.globals.envFile.length > 0) return [];
  const [example, current] = await Promise.all(
    [".env.example", ".env"].map((name) => readTextFile(join(project.workingDir, name))),
  );
  if (example === undefined) return [];
  const { missing, secrets } = findEnvNeeds(example.text, current?.text);
  const fix = "{mybroker} init";
  if (current === undefined) return [{ subject: ".env", level: "error", message: "there is no .env", fix }];
  const findings: Finding[] = [
    ...secrets.map(
      (key): Finding => ({ subject: key, level: "error", message: `${key} has no value in .env`, fix }),
    ),
    ...missing
      .filter((key) => !secrets.includes(key))
      .map(
        (key): Finding => ({
          subject: key,
          level: "warning",
          message: `${key} is in .env.example and not in .env`,
          fix,
        }),
      ),
  ];
  return findings.length > 0 ? findings : [fine(".env", "complete")];
}
