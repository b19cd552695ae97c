import type { CommandHandler } from "../../kernel/command.js";
import { planStop } from "../../reconcile/plan-stop.js";
import { runServicePlan } from "../../stack/run-service-plan.js";
import { stopTimeoutOf } from "../../stack/stop-timeout.js";

/** `stop`: dependents before what they depend on. */
export const stopServices: CommandHandler = (request) =>
  runServicePlan(request, {
    done: "stopped",
    idle: "everything asked for is stopped",
    next: "{mybroker} start      {mybroker} down",
    plan: (observed) => planStop(observed, { services: request.args, ...stopTimeoutOf(request.options) }),
  });
