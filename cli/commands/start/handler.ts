import type { CommandHandler } from "../../kernel/command.js";
import { planStartAgain } from "../../reconcile/plan-start-again.js";
import { runServicePlan } from "../../stack/run-service-plan.js";

/** `start`: existing containers, each once the conditions hold that it was made with. */
export const startServices: CommandHandler = (request) =>
  runServicePlan(request, {
    done: "started",
    idle: "everything asked for is running",
    next: "{mybroker} ps      {mybroker} logs -f",
    plan: (observed) => planStartAgain(observed, { services: request.args }),
  });
