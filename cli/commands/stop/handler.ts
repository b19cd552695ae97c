import type { CommandHandler } from "../../kernel/command.js";
import { planStop } from "../../reconcile/plan-stop.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { runServicePlan } from "../../stack/run-service-plan.js";
import { stopTimeoutOf } from "../../stack/stop-timeout.js";

/** `stop`: dependents before what they depend on. */
const stopContainers: CommandHandler = (request) =>
  runServicePlan(request, {
    done: "stopped",
    idle: "everything asked for is stopped",
    next: "{mybroker} start      {mybroker} down",
    plan: (observed) => planStop(observed, { services: request.args, ...stopTimeoutOf(request.options) }),
  });

export const stopServices = byRuntime(stopContainers, async () => {
  const { changeServices } = await import("../../runtime/change-services.js");
  return changeServices("stop");
});
