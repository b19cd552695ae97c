import type { DoctorFacts, Repair } from "../check.js";
import type { ToldFinding } from "../examine.js";
import { repairWith } from "./repair-with.js";

export interface FixStep {
  readonly repair: Repair;
  /** What it repairs. */
  readonly findings: readonly ToldFinding[];
}

export interface FixPlan {
  readonly steps: readonly FixStep[];
  /** What only a person can mend: each says what to type. */
  readonly manual: readonly ToldFinding[];
}

const stages: readonly Repair["stage"][] = ["files", "containers", "servers"];

/** One step for what one command mends, in the order in which they need each other. */
export function planFixes(problems: readonly ToldFinding[]): FixPlan {
  const steps = new Map<string, FixStep>();
  for (const problem of problems) {
    if (problem.repair === undefined) continue;
    const { command, words } = problem.repair;
    const key = words?.[0] ?? command;
    const known = steps.get(key);
    const repair = known === undefined ? problem.repair : join(known.repair, problem.repair);
    steps.set(key, { repair, findings: [...(known?.findings ?? []), problem] });
  }
  return {
    steps: [...steps.values()].sort((left, right) => stageOf(left) - stageOf(right)),
    manual: problems.filter(({ repair }) => repair === undefined),
  };
}

function stageOf({ repair }: FixStep): number {
  return stages.indexOf(repair.stage);
}

/** `start kafka` and `start rabbitmq` are one command; `up` of everything has both. */
function join(one: Repair, other: Repair): Repair {
  const [verb, ...services] = one.words ?? [];
  const [, ...more] = other.words ?? [];
  if (verb === undefined || services.length === 0) return one;
  if (more.length === 0) return other;
  return repairWith(verb as "start", ...new Set([...services, ...more]));
}

export interface FixOutcome {
  readonly step: FixStep;
  /** null: done. */
  readonly problem: string | null;
}

/** One after the other; what fails does not keep the rest from being tried. */
export async function carryOutFixes(
  { steps }: FixPlan,
  facts: DoctorFacts,
  tell: (step: FixStep, status: "working" | "done" | "failed") => void,
): Promise<FixOutcome[]> {
  const outcomes: FixOutcome[] = [];
  for (const step of steps) {
    facts.request.context.signal.throwIfAborted();
    tell(step, "working");
    const problem = await step.repair.run(facts).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    tell(step, problem === null ? "done" : "failed");
    outcomes.push({ step, problem });
  }
  return outcomes;
}
