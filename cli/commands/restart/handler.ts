import type { CommandHandler } from "../../kernel/command.js";
import { planRestart } from "../../reconcile/plan-start-again.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { runServicePlan } from "../../stack/run-service-plan.js";
import { stopTimeoutOf } from "../../stack/stop-timeout.js";

/** `restart`: dependencies before those that depend on them. */
const restartContainers: CommandHandler = (request) =>
  runServicePlan(request, {
    done: "restarted",
    idle: "there is no container to restart",
    next: "{mybroker} ps      {mybroker} logs -f",
    plan: (observed) => planRestart(observed, { services: request.args, ...stopTimeoutOf(request.options) }),
  });

export const restartServices = byRuntime(restartContainers, async () => {
  const { changeServices } = await import("../../runtime/change-services.js");
  return changeServices("restart");
});
