import { loadEnvironment } from "../../compose/load-environment.js";
import { createLoadRequest } from "../../compose/load-request.js";
import type { Engine } from "../../engine/engine.js";
import { describeEnvResult } from "../../env/describe-env.js";
import { ensureEnv } from "../../env/ensure-env.js";
import { createRecoveryLoader } from "../../env/recovery-loader.js";
import type { CommandRequest } from "../../kernel/command.js";

/**
 * What `init` would do first: .env is made or completed. Nothing where --env-file says that the user has his own.
 * @returns whether the values are there; after a dry run without a .env they are not
 */
export async function prepareEnv(
  request: CommandRequest,
  connect: () => Promise<Engine | undefined>,
): Promise<boolean> {
  const { context, globals, output } = request;
  const load = createLoadRequest(context, globals, {});
  if (globals.envFile.length > 0 || context.env.COMPOSE_ENV_FILES || context.env.COMPOSE_DISABLE_ENV_FILE)
    return true;
  const { workingDir } = await loadEnvironment(load);
  const result = await ensureEnv({
    context,
    folder: workingDir,
    ports: "auto",
    dryRun: globals.dryRun,
    connect,
    loadProject: createRecoveryLoader(load),
    redact: (secret) => output.redact(secret),
  });
  for (const line of describeEnvResult(result)) output.note(globals.dryRun ? `would be: ${line}` : line);
  for (const warning of result.warnings) output.warn(warning);
  return !globals.dryRun || result.state === "unchanged" || result.state === "absent";
}
