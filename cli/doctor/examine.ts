import type { Check, DoctorFacts, Finding, Ground } from "./check.js";
import type { Choice } from "./choose-checks.js";
import { findReason, readIgnores } from "./ignores.js";
import { type Examined, runChecks, sortByLevel, usualLimits } from "./run-checks.js";

/** A finding as it is told: with the check that gave it, and why it is ignored, if it is. */
export interface ToldFinding extends Finding {
  readonly check: Check;
  readonly ignored: string | undefined;
}

export interface Examination {
  /** Where it was looked at: a repair may have started it. */
  readonly ground: Ground;
  readonly examined: readonly Examined[];
  readonly findings: readonly ToldFinding[];
}

export interface Counts {
  readonly errors: number;
  readonly warnings: number;
  readonly unknown: number;
  readonly ok: number;
  readonly ignored: number;
}

/**
 * Runs what was chosen, and marks what the compose file tells to ignore.
 * @param untilMs of performance.now(): when everything is to be told
 */
export async function examine(
  facts: DoctorFacts,
  { checks, tells }: Choice,
  untilMs: number,
): Promise<Examination> {
  await gather(facts, untilMs - performance.now() - usualLimits.checkMs);
  // Who waited long for the engine still gets to know what the checks can say in their own time.
  const totalMs = Math.max(usualLimits.checkMs, untilMs - performance.now());
  const examined = await runChecks(checks, facts, { ...usualLimits, totalMs });
  const ignores = readIgnores(facts.project);
  const findings = examined.flatMap(({ check, findings: found }) =>
    found
      .filter((finding) => tells(check, finding))
      .map((finding) => ({ ...finding, check, ignored: findReason(ignores, finding) })),
  );
  return { ground: facts.ground, examined, findings };
}

export function countFindings(findings: readonly ToldFinding[]): Counts {
  const count = (level: Finding["level"]) =>
    findings.filter((finding) => finding.level === level && finding.ignored === undefined).length;
  return {
    errors: count("error"),
    warnings: count("warning"),
    unknown: count("unknown"),
    ok: count("ok"),
    ignored: findings.filter(({ ignored }) => ignored !== undefined).length,
  };
}

/** What is not as it should be and not ignored, the worst first. */
export function problemsOf(findings: readonly ToldFinding[]): ToldFinding[] {
  return sortByLevel(findings.filter(({ level, ignored }) => level !== "ok" && ignored === undefined));
}

/** No check is charged for what all of them need, as far as that leaves them time. */
async function gather(facts: DoctorFacts, leftMs: number): Promise<void> {
  const needed = [facts.containers(), facts.targets(), facts.envFile(), facts.envExample(), facts.replaced()];
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, Math.min(gatherMs, leftMs)));
  });
  await Promise.race([Promise.allSettled(needed), limit]);
  clearTimeout(timer);
}

const gatherMs = 1_000;
