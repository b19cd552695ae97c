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
    steps: [...steps.values()].sort((left, right) => roundOf(left) - roundOf(right)),
    manual: problems.filter(({ repair }) => repair === undefined),
  };
}

/**
 * Files first; then what is missing or stands still; then what is restarted, which often only waits for something of
 * the round before; then what lies inside servers.
 */
export function roundOf({ repair: { stage, words } }: FixStep): number {
  if (stage === "files") return 0;
  if (stage === "servers") return 3;
  return words?.[0] === "restart" ? 2 : 1;
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
  /** "unneeded": an earlier step mended it as well. */
  readonly status: "done" | "failed" | "unneeded";
  /** Of one that failed. */
  readonly problem: string | null;
}

export interface FixRun {
  readonly facts: DoctorFacts;
  /** Which of these findings still stand, once what was just done has had its effect. */
  stillWrong(findings: readonly ToldFinding[]): Promise<readonly ToldFinding[]>;
  tell(step: FixStep, status: "working" | "done" | "failed"): void;
}

/** Round by round; what fails does not keep the rest from being tried. */
export async function carryOutFixes({ steps }: FixPlan, run: FixRun): Promise<FixOutcome[]> {
  const outcomes: FixOutcome[] = [];
  for (const round of new Set(steps.map(roundOf))) {
    const own = steps.filter((step) => roundOf(step) === round);
    const acted = outcomes.some(({ step, status }) => roundOf(step) > 0 && status === "done");
    const findings = own.flatMap((step) => step.findings);
    const wrong = new Set(acted ? await run.stillWrong(findings) : findings);
    for (const step of own) {
      const left = step.findings.filter((finding) => wrong.has(finding));
      outcomes.push(
        left.length === 0 ? { step, status: "unneeded", problem: null } : await carryOut(step, left, run),
      );
    }
  }
  return outcomes;
}

async function carryOut(
  step: FixStep,
  left: readonly ToldFinding[],
  { facts, tell }: FixRun,
): Promise<FixOutcome> {
  facts.request.context.signal.throwIfAborted();
  tell(step, "working");
  const [{ repair } = step] = planFixes(left).steps;
  try {
    await repair.run(facts);
    tell(step, "done");
    return { step, status: "done", problem: null };
  } catch (error) {
    tell(step, "failed");
    return { step, status: "failed", problem: error instanceof Error ? error.message : String(error) };
  }
}
