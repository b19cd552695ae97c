import { loadProject } from "../compose/load-project.js";
import type { LoadRequest } from "../compose/load-request.js";
import type { Project } from "../compose/model.js";

/**
 * Loads the project for a look at where secrets go: every profile, because a service that is switched off today
 * may have a volume, and nothing said about variables that have no value, because that is why one looks.
 */
export function createRecoveryLoader(
  load: LoadRequest,
): (environment: Readonly<Record<string, string | undefined>>) => Promise<Project> {
  return (env) => {
    const { warn: _, services: __, ...quiet } = load;
    return loadProject({ ...quiet, env, profiles: ["*"], missingVariables: "empty" });
  };
}
