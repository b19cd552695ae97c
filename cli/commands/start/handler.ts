import type { CommandHandler } from "../../kernel/command.js";
import { planStartAgain } from "../../reconcile/plan-start-again.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { runServicePlan } from "../../stack/run-service-plan.js";

/** `start`: existing containers, each once the conditions hold that it was made with. */
const startContainers: CommandHandler = (request) =>
  runServicePlan(request, {
    done: "started",
    idle: "everything asked for is running",
    next: "{mybroker} ps      {mybroker} logs -f",
    plan: (observed) => planStartAgain(observed, { services: request.args }),
  });

export const startServices = byRuntime(startContainers, async () => {
  const { changeServices } = await import("../../runtime/change-services.js");
  return changeServices("start");
});
