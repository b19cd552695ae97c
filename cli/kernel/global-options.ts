import type { GlobalOptions, OptionDefinition } from "./command.js";

/** Adds a repeated option's value to those before it. */
export function collect(value: string, previous: unknown): string[] {
  return [...(Array.isArray(previous) ? (previous as string[]) : []), value];
}

/** Taken before the command; all but --file also after it. */
export const globalOptionDefinitions: readonly OptionDefinition[] = [
  { flags: "-f, --file <file>", description: "compose file; repeat it to merge several", parse: collect },
  { flags: "-p, --project-name <name>", description: "project name" },
  { flags: "--project-directory <folder>", description: "folder that relative paths start from" },
  {
    flags: "--env-file <file>",
    description: "file with variables in place of .env; repeatable",
    parse: collect,
  },
  { flags: "--profile <name>", description: "switch a compose profile on; repeatable", parse: collect },
  { flags: "--runtime <runtime>", description: "where the system runs", choices: ["docker", "embedded"] },
  { flags: "-o, --output <format>", description: "how results are written", choices: ["text", "json"] },
  { flags: "--json", description: "the same as --output json" },
  {
    flags: "--progress <kind>",
    description: "how progress is shown on stderr",
    choices: ["auto", "tty", "plain", "json", "quiet"],
  },
  { flags: "--color <when>", description: "colours", choices: ["auto", "always", "never"] },
  { flags: "-y, --yes", description: "answer every question with yes" },
  { flags: "--dry-run", description: "print what would be done and do nothing" },
  { flags: "--debug", description: "more about what happens, on stderr" },
];

/** Values of the command over those before it, then defaults; MYBROKER_* variables stand between the two. */
export function resolveGlobalOptions(
  values: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): GlobalOptions {
  const runtime = values.runtime ?? (env.MYBROKER_RUNTIME || undefined);
  return {
    file: (values.file as string[] | undefined) ?? [],
    ...optional("projectName", values.projectName),
    ...optional("projectDirectory", values.projectDirectory),
    envFile: (values.envFile as string[] | undefined) ?? [],
    profile: (values.profile as string[] | undefined) ?? [],
    ...optional("runtime", runtime),
    output: values.json === true ? "json" : ((values.output as GlobalOptions["output"]) ?? "text"),
    progress: (values.progress as GlobalOptions["progress"]) ?? "auto",
    color: (values.color as GlobalOptions["color"]) ?? "auto",
    yes: values.yes === true,
    dryRun: values.dryRun === true,
    debug: values.debug === true || env.MYBROKER_DEBUG === "1",
  };
}

function optional<Key extends string>(key: Key, value: unknown): Record<Key, never> | object {
  return value === undefined ? {} : { [key]: value };
}
