import { parseEnvFile } from "../../env/parse-env-file.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** The environment of the shell wins over .env, and a value from another project or day is easily forgotten there. */
export async function checkShell({ envFile, project, request }: DoctorFacts): Promise<readonly Finding[]> {
  const current = await envFile();
  if (current === undefined) return [];
  const { env } = request.context;
  const values = parseEnvFile(current.text, { file: ".env", lookup: (name) => env[name] });
  const findings = compareWithShell(values, { env, used: Object.keys(project.variables) });
  return findings.length > 0 ? findings : [fine("env.shell-override", ".env", "not overridden")];
}

export function compareWithShell(
  values: ReadonlyMap<string, string>,
  shell: { readonly env: Readonly<Record<string, string | undefined>>; readonly used: readonly string[] },
): Finding[] {
  const overridden = [...values].filter(([key, value]) => (shell.env[key] ?? value) !== value);
  return overridden
    .filter(([key]) => shell.used.includes(key))
    .map(([key]) => ({
      id: "env.shell-override",
      subject: key,
      level: "warning",
      message: `${key} has another value in this shell than in .env, and the shell's counts`,
      fix: `unset ${key}`,
    }));
}
