import { findEnvNeeds } from "../../env/plan-env-file.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";

/** Names only. `init` adds what is missing and leaves what is there. */
const mending = { fix: "{mybroker} init", repair: repairWith("init") } as const;

export async function checkAgainstExample(facts: DoctorFacts): Promise<readonly Finding[]> {
  // With --env-file the user has a file of his own, of which the example says nothing.
  if (facts.request.globals.envFile.length > 0) return [];
  const [example, current] = await Promise.all([facts.envExample(), facts.envFile()]);
  if (example === undefined) return [];
  if (current === undefined) {
    return [{ id: "env.no-file", subject: ".env", level: "error", message: "there is no .env", ...mending }];
  }
  return compareWithExample(example.text, current.text);
}

export function compareWithExample(example: string, current: string): Finding[] {
  const { missing, secrets } = findEnvNeeds(example, current);
  const findings = [
    ...secrets.map(
      (key): Finding => ({
        id: "env.empty-secret",
        subject: key,
        level: "error",
        message: `${key} has no value in .env`,
        ...mending,
      }),
    ),
    ...missing
      .filter((key) => !secrets.includes(key))
      .map(
        (key): Finding => ({
          id: "env.missing-key",
          subject: key,
          level: "warning",
          message: `${key} is in .env.example and not in .env`,
          ...mending,
        }),
      ),
  ];
  return findings.length > 0 ? findings : [fine("env.missing-key", ".env", "complete")];
}
