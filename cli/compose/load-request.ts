import type { GlobalOptions } from "../kernel/command.js";
import type { Context } from "../kernel/context.js";

/** Where to look for a project and what the user said about it. */
export interface LoadRequest {
  /** Absolute folder in which the command was typed. */
  readonly cwd: string;
  /** For paths that begin with ~. */
  readonly homeDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** -f; relative to cwd. Empty: COMPOSE_FILE, then the files found upwards from cwd. */
  readonly files: readonly string[];
  /** --env-file; empty: COMPOSE_ENV_FILES, then .env of the project's folder. */
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
  /** Switched on beside those, or beside COMPOSE_PROFILES where there are none. */
  readonly moreProfiles?: readonly string[];
  readonly projectDirectory?: string;
  readonly projectName?: string;
  /** Services that the user named: the profiles that they are in are switched on. */
  readonly services?: readonly string[];
  /** "empty" for commands that work on labels (ps, logs, down): nothing that variables decide stops them. */
  readonly missingVariables?: "error" | "empty";
  /** Takes what Compose would warn of: variables that are not set, obsolete keys. */
  readonly warn?: (text: string) => void;
}

/** The request that the global options make. */
export function createLoadRequest(
  context: Pick<Context, "cwd" | "homeDir" | "env">,
  globals: Pick<GlobalOptions, "file" | "envFile" | "profile" | "projectDirectory" | "projectName">,
  more: Pick<LoadRequest, "services" | "missingVariables" | "warn" | "moreProfiles"> = {},
): LoadRequest {
  return {
    cwd: context.cwd,
    homeDir: context.homeDir,
    env: context.env,
    files: globals.file,
    envFiles: globals.envFile,
    profiles: globals.profile,
    ...(globals.projectDirectory === undefined ? {} : { projectDirectory: globals.projectDirectory }),
    ...(globals.projectName === undefined ? {} : { projectName: globals.projectName }),
    ...more,
  };
}
