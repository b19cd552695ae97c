import { EngineError } from "../../engine/engine-error.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { Step } from "../../reconcile/plan.js";

/** The engine refused a step: what it said, about which container. */
export function reportRefusal({ step, error }: { readonly step: Step; readonly error: unknown }): unknown {
  if (!(error instanceof EngineError)) return error;
  return new MybrokerError({
    code: `engine.${error.kind}`,
    message: `${step.service ?? step.name}: the engine refused to ${step.action.replace("-", " ")}: ${error.message}`,
    hint: "mend it and repeat:  {mybroker} up      what is running stays",
    exitCode: exitCodes.machine,
    details: { step: step.id, service: step.service ?? null },
    cause: error,
  });
}
