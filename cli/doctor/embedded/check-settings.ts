import type { RuntimeStatus } from "../../../contracts/embedded-control.js";
import { planRuntime } from "../../runtime/plan-runtime.js";
import { describeServices } from "../../runtime/runtime-settings.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** What `up` would restart the process for. */
export async function checkSettings({ ground, project, request }: DoctorFacts): Promise<readonly Finding[]> {
  if (ground.runtime !== "embedded" || ground.status === undefined) return [];
  const { place, status } = ground;
  const settings = describeServices(project, new Set(), place);
  const { causes } = planRuntime({
    settings,
    version: status.version,
    wanted: new Set(),
    running: status,
    forceRestart: false,
  });
  return [judgeVersion(status, request.context.version), ...describeCauses(causes, project.name)];
}

export function judgeVersion({ version }: Pick<RuntimeStatus, "version">, own: string): Finding {
  const id = "embedded.other-version";
  if (version === own) return fine(id, "process", `mybroker ${own}`);
  const message = `the process runs mybroker ${version}, and this is ${own}`;
  return { id, subject: "process", level: "warning", message, fix: "{mybroker} up" };
}

/** "rabbitmq: password changed": names of settings, never their values. */
export function describeCauses(causes: readonly string[], project: string): Finding[] {
  const id = "embedded.config-drift";
  if (causes.length === 0) return [fine(id, project, "as the files say")];
  return causes.map((cause) => ({
    id,
    subject: /^([\w.-]+):/.exec(cause)?.[1] ?? project,
    level: "warning",
    message: `the process runs with other settings: ${cause}`,
    fix: "{mybroker} up",
  }));
}
