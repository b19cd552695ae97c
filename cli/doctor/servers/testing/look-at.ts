import type { Service } from "../../../compose/model.js";
import type { ProbeTarget } from "../../../ready/probe.js";
import type { Check, Finding } from "../../check.js";
import { makeFacts, makeProject } from "../../testing/make-facts.js";

/** Runs a check on servers of this process, as if the compose file had nothing but them. */
export function lookAt(
  check: Check,
  targets: readonly ProbeTarget[],
  services: Readonly<Record<string, Service>> = {},
): Promise<readonly Finding[]> {
  const own = targets.map(({ service, extension }): [string, Service] => [
    service,
    { command: null, entrypoint: null, "x-mybroker": extension },
  ]);
  const facts = makeFacts({
    project: makeProject({ services: { ...Object.fromEntries(own), ...services } }),
    targets: async () => new Map(targets.map((target) => [target.service, target])),
  });
  return check.run(facts, AbortSignal.timeout(limitMs));
}

/** So long a check may take here; on a busy machine more than it has. */
const limitMs = 2_000;

export function describeTarget(
  extension: ProbeTarget["extension"],
  facts: Partial<ProbeTarget> & Pick<ProbeTarget, "service" | "port">,
): ProbeTarget {
  return { extension, host: "127.0.0.1", ...facts };
}
