import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import type { ExecuteOptions } from "../engine/execution.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { createReadiness } from "../ready/wait-until-ready.js";
import type { Plan } from "../reconcile/plan.js";

/** As long as `up` gives a whole stack. */
const timeoutMs = 300_000;

export interface Waits {
  readonly waitUntil: NonNullable<ExecuteOptions["waitUntil"]>;
  close(): void;
}

/** Waits for depends_on conditions; undefined where the plan has none, or no file says what its services are. */
export async function openWaits(facts: {
  engine: Engine;
  plan: Plan;
  request: CommandRequest;
  project?: Project;
}): Promise<Waits | undefined> {
  const { engine, plan, request, project } = facts;
  const waiting = plan.steps.some((step) => "waitFor" in step && (step.waitFor?.length ?? 0) > 0);
  if (!waiting || project === undefined || request.globals.dryRun) return undefined;
  const readiness = createReadiness({
    engine,
    project,
    timeoutMs,
    signal: request.context.signal,
    trustHealthy: true,
  });
  await readiness.open();
  return {
    waitUntil: async (service, condition) => {
      // A service that left the file has nothing that could be waited for.
      if (project.services[service] === undefined && project.disabledServices[service] === undefined) return;
      const outcome = await readiness.waitUntil(service, condition);
      if (outcome.state === "ready") return;
      throw new MybrokerError({
        code: "service.not-ready",
        message: `${service} did not become ready: it ${outcome.what}`,
        hint: `see why:  {mybroker} logs ${service}`,
        exitCode: exitCodes.no,
        details: { service, what: outcome.what },
      });
    },
    close: () => readiness.close(),
  };
}
