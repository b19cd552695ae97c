import type { CommandHandler } from "../../kernel/command.js";
import { planRestart } from "../../reconcile/plan-start-again.js";
import { runServicePlan } from "../../stack/run-service-plan.js";
import { stopTimeoutOf } from "../../stack/stop-timeout.js";

/** `restart`: dependencies before those that depend on them. */
export const restartServices: CommandHandler = (request) =>
  runServicePlan(request, {
    done: "restarted",
    idle: "there is no container to restart",
    next: "{mybroker} ps      {mybroker} logs -f",
    plan: (observed) => planRestart(observed, { services: request.args, ...stopTimeoutOf(request.options) }),
  });
