import { showPath } from "../../compose/load-text.js";
import type { Project } from "../../compose/model.js";
import { scanAssignments } from "../../env/env-lines.js";
import { findNearest } from "../../errors/nearest.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { editCommand } from "../edit-command.js";

/** Compose files and .env against each other: names only. */
export async function checkVariables(facts: DoctorFacts): Promise<readonly Finding[]> {
  const [example, current] = await Promise.all([facts.envExample(), facts.envFile()]);
  const request = {
    project: facts.project,
    exampleKeys: keysOf(example?.text),
    envKeys: keysOf(current?.text),
    cwd: facts.request.context.cwd,
  };
  const findings = [...findUnset(request), ...findUnread(request)];
  return findings.length > 0 ? findings : [fine("env.unset-variable", ".env", "every variable has a value")];
}

export interface VariableRequest {
  readonly project: Pick<Project, "variables" | "environment">;
  readonly exampleKeys: readonly string[];
  readonly envKeys: readonly string[];
  readonly cwd: string;
}

/** Those of the example are told as missing keys. */
export function findUnset({ project, exampleKeys, cwd }: VariableRequest): Finding[] {
  return Object.entries(project.variables).flatMap(
    ([name, { required, defaultValue, places }]): Finding[] => {
      const value = project.environment[name];
      const given = value !== undefined && (value !== "" || !required);
      if (given || exampleKeys.includes(name) || (!required && defaultValue !== undefined)) return [];
      const shown = places.map(({ file, line }) => `${showPath(file, cwd)}:${line}`);
      return [
        {
          id: "env.unset-variable",
          subject: name,
          level: required ? "error" : "warning",
          message: `${name} has no value, and ${shown[0] ?? "a compose file"} uses it`,
          evidence: shown,
          fix: editCommand(".env:1"),
        },
      ];
    },
  );
}

/** Read by Docker, Compose or mybroker itself. */
const foreignKey = /^(COMPOSE|DOCKER|MYBROKER|BUILDKIT)_/;

/** A key that nothing reads is the user's own affair, unless it looks like one that is missed. */
export function findUnread({ project, exampleKeys, envKeys }: VariableRequest): Finding[] {
  const known = [...new Set([...exampleKeys, ...Object.keys(project.variables)])];
  const missed = known.filter((key) => !envKeys.includes(key));
  return envKeys.flatMap((key): Finding[] => {
    const meant = known.includes(key) || foreignKey.test(key) ? undefined : findNearest(key, missed);
    if (meant === undefined) return [];
    const message = `${key} in .env is read by nothing; ${meant} is, and has no value there`;
    return [
      {
        id: "env.unknown-key",
        subject: key,
        level: "warning",
        message,
        fix: `sed -i.bak 's/^${key}=/${meant}=/' .env`,
      },
    ];
  });
}

function keysOf(text: string | undefined): string[] {
  return [...new Set(scanAssignments(text ?? "").map(({ key }) => key))];
}
