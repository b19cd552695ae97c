import type { Project } from "../../compose/model.js";
import { joinWords } from "../../reconcile/describe-cause.js";
import type { Observed } from "../../reconcile/observed.js";
import type { Step } from "../../reconcile/plan.js";
import { planUp } from "../../reconcile/plan-up.js";
import { renderChange } from "../../reconcile/render-plan.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** Containers that `up` would make anew. */
export async function checkDrift(facts: DoctorFacts): Promise<readonly Finding[]> {
  const [observed, replaced] = await Promise.all([facts.observed(), facts.replaced()]);
  if (observed === undefined || observed.containers.length === 0) return [];
  const { project, secretKeys } = facts;
  return findDrift({ project, observed, secretKeys }).filter(({ subject }) => !replaced.has(subject));
}

interface DriftRequest {
  readonly project: Project;
  readonly observed: Observed;
  readonly secretKeys: ReadonlySet<string>;
}

function findDrift({ project, observed, secretKeys }: DriftRequest): Finding[] {
  const services = [...new Set(observed.containers.map(({ service }) => service))].filter(
    (name) => project.services[name] !== undefined,
  );
  if (services.length === 0) return [];
  const plan = planUp(project, observed, {
    services,
    noDeps: true,
    // Nothing is pulled here: an image that the engine does not have is one that the container cannot be made of.
    pull: "missing",
    secretNames: [...secretKeys],
  });
  const findings = plan.steps.flatMap((step) =>
    step.action === "recreate-container" ? describeDrift(step, step.service) : [],
  );
  const drifted = new Set(findings.map(({ subject }) => subject));
  const others = services.filter((name) => !drifted.has(name));
  return [...findings, ...others.map((name) => fine("container.config-drift", name, "as the files say"))];
}

/** A container is told once for its image, once for its environment and once for everything else. */
function describeDrift({ changes }: Pick<Step, "changes">, service: string): Finding[] {
  const kinds = [
    {
      id: "container.image-drift",
      level: "warning",
      said: "runs another image than the files say",
      has: /^image$/,
    },
    {
      id: "env.stale-container",
      level: "warning",
      said: "has another environment than the files say",
      has: /^environment\./,
    },
    {
      id: "container.config-drift",
      level: "warning",
      said: "is not as the files say",
      has: /^(?!image$|environment\.)/,
    },
  ] as const;
  return kinds.flatMap(({ id, level, said, has }): Finding[] => {
    const own = changes.filter((change) => has.test(change.key) && !isDetached(change));
    if (own.length === 0) return [];
    const keys = own.map(({ key }) => key.replace(/^environment\./, ""));
    const shown = keys.length > 3 ? [...keys.slice(0, 3), `${keys.length - 3} more`] : keys;
    const what = id === "container.image-drift" ? "" : `: ${joinWords(shown)}`;
    // Names only of what may come out of .env.
    const evidence = id === "env.stale-container" ? keys : own.map(renderChange);
    const message = `${service} ${said}${what}`;
    return [{ id, subject: service, level, message, evidence, fix: `{mybroker} up ${service}` }];
  });
}

/** Told by container.off-network, which can be mended without making the container anew. */
function isDetached({ key, before }: Step["changes"][number]): boolean {
  return key.startsWith("networks.") && before === undefined;
}
