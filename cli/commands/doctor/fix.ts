import { askAgain } from "../../doctor/ask-again.js";
import type { Check, DoctorFacts } from "../../doctor/check.js";
import { type Choice, knownWords, requireKnown } from "../../doctor/choose-checks.js";
import { type Examination, examine, problemsOf, type ToldFinding } from "../../doctor/examine.js";
import { carryOutFixes, type FixOutcome, type FixPlan, planFixes } from "../../doctor/fix/plan-fixes.js";
import { leaveGround } from "../../doctor/ground.js";
import { areaOf, usualLimits } from "../../doctor/run-checks.js";
import type { CommandRequest } from "../../kernel/command.js";
import { countOf } from "../../output/units.js";
import { systemClock } from "../../ready/clock.js";

/** What --fix was about and came to. */
export interface Fixing {
  readonly plan: FixPlan;
  /** undefined: only shown (--dry-run), or declined. */
  readonly outcomes: readonly FixOutcome[] | undefined;
  /** How things are now. */
  readonly after: Examination;
}

/** Ids of --fix; empty: all. undefined: it was not asked for. @throws MybrokerError usage.unknown-check, exit 2 */
export function chooseFixes({ options }: CommandRequest, checks: readonly Check[]): string[] | undefined {
  if (options.fix === undefined) return undefined;
  const ids = Array.isArray(options.fix) ? (options.fix as string[]) : [];
  requireKnown(ids, knownWords(checks));
  return ids;
}

interface FixRequest {
  readonly facts: DoctorFacts;
  readonly choice: Choice;
  readonly seen: Examination;
  readonly fixes: readonly string[];
  /** Facts as they are now. */
  readonly look: () => Promise<DoctorFacts>;
}

/**
 * Plans, asks, repairs and looks again.
 * @throws MybrokerError usage.question, exit 2, outside a terminal without --yes
 */
export async function fix(given: FixRequest): Promise<Fixing> {
  const { facts, choice, look, fixes } = given;
  const seen = await askAgain(given.seen, choice, look);
  const { output, globals } = facts.request;
  const meant = ({ id, check }: ToldFinding) =>
    fixes.length === 0 || [id, areaOf(id), check.id].some((word) => fixes.includes(word));
  const plan = planFixes(problemsOf(seen.findings).filter(meant));
  if (globals.dryRun || plan.steps.length === 0) return { plan, outcomes: undefined, after: seen };
  for (const line of describePlan(plan))
    output.note(line.replaceAll("{mybroker}", facts.request.context.invocation));
  const agreed = await output.confirm(`Carry out ${countOf(plan.steps.length, "step")}?`, "--yes");
  if (!agreed) return { plan, outcomes: undefined, after: seen };
  const outcomes = await carryOutFixes(plan, {
    facts,
    stillWrong: async (findings) => {
      const keys = new Set(findings.map(keyOf));
      const now = await lookUntil(given, settleMs, (finding) => keys.has(keyOf(finding)));
      const wrong = new Set(problemsOf(now.findings).map(keyOf));
      return findings.filter((finding) => wrong.has(keyOf(finding)));
    },
    tell: ({ repair }, status) => {
      const label = repair.command.replaceAll("{mybroker}", facts.request.context.invocation);
      output.progress({ id: `fix/${label}`, label, status, text: status });
    },
  });
  const isPending = judgePending(seen, outcomes);
  return { plan, outcomes, after: await lookUntil(given, recoveryMs, isPending) };
}

/**
 * Whether it is worth waiting until a finding is gone: what was repaired, and what only came of a repair, as a server
 * that has just started and whoever waits for it. Not what --fix failed at, under whatever name it is found now.
 */
export function judgePending(
  seen: Pick<Examination, "findings">,
  outcomes: readonly FixOutcome[],
): (finding: ToldFinding) => boolean {
  const findingsOf = (status: FixOutcome["status"]) =>
    outcomes.flatMap((outcome) => (outcome.status === status ? outcome.step.findings : []));
  const repaired = new Set(findingsOf("done").map(keyOf));
  const failed = new Set(findingsOf("failed").map(({ subject }) => subject));
  const before = new Set(problemsOf(seen.findings).map(keyOf));
  return (finding) =>
    repaired.has(keyOf(finding)) ||
    (repaired.size > 0 && !before.has(keyOf(finding)) && !failed.has(finding.subject));
}

function keyOf({ id, subject }: Pick<ToldFinding, "id" | "subject">): string {
  return `${id} ${subject}`;
}

/** "  mybroker start kafka    container.stopped kafka" */
export function describePlan({ steps }: FixPlan): string[] {
  return [
    "To repair:",
    ...steps.flatMap(({ repair, findings }) => [
      `  ${repair.command}`,
      ...findings.map(({ id, subject }) => `      ${id}  ${subject}`),
    ]),
  ];
}

/** From one look to the next, while what was started comes up. */
const againMs = 500;
/** Within it whoever waited for what was just started has found it. */
const settleMs = 15_000;
const recoveryMs = 60_000;

/** Looks until nothing is pending, or the time is over. */
async function lookUntil(
  { choice, look }: FixRequest,
  limitMs: number,
  isPending: (finding: ToldFinding) => boolean,
): Promise<Examination> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const facts = await look();
    try {
      const first = await examine(facts, choice, performance.now() + usualLimits.totalMs);
      const now = await askAgain(first, choice, look);
      const pending = problemsOf(now.findings).filter(isPending);
      if (pending.length === 0 || performance.now() > untilMs) return now;
      facts.request.output.debug(`not yet well: ${pending.map(keyOf).join(", ")}`);
      await systemClock.sleep(againMs, facts.request.context.signal);
    } finally {
      leaveGround(facts.ground);
    }
  }
}

export function fixToData({ plan, outcomes }: Fixing, spell: (text: string) => string) {
  return {
    carriedOut: outcomes !== undefined,
    steps: plan.steps.map((step) => {
      const outcome = outcomes?.find((candidate) => candidate.step === step);
      return {
        command: spell(step.repair.command),
        findings: step.findings.map(({ id, subject }) => ({ id, subject })),
        status: outcome?.status ?? "planned",
        problem: outcome?.problem ?? null,
      };
    }),
    manual: plan.manual.map(({ id, subject, fix: line }) => ({
      id,
      subject,
      fix: line === null ? null : spell(line),
    })),
  };
}
