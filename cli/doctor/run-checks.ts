import { setMaxListeners } from "node:events";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { Check, DoctorFacts, Finding, Level } from "./check.js";

export interface Limits {
  /** For one check, of time in which this process was not busy with something else. */
  readonly checkMs: number;
  /** For all together, by the clock. */
  readonly totalMs: number;
  /** After its signal a check may still hand back what it has. */
  readonly graceMs: number;
}

export const usualLimits: Limits = { checkMs: 1_000, totalMs: 3_000, graceMs: 150 };

export interface Examined {
  readonly check: Check;
  readonly findings: readonly Finding[];
  readonly elapsedMs: number;
}

/** Runs the checks at once; one that does not end in time gives `area.no-answer`, and the others what they found. */
export async function runChecks(
  checks: readonly Check[],
  facts: DoctorFacts,
  limits: Limits,
): Promise<Examined[]> {
  const total = AbortSignal.timeout(Math.max(1, Math.round(limits.totalMs - limits.graceMs)));
  const examined = await Promise.all(checks.map((check) => runCheck(check, facts, { total, limits })));
  return examined;
}

export function areaOf(id: string): string {
  return id.split(".")[0] ?? id;
}

/** Given in the place of a check's findings; every area may have it. */
export function noAnswerId(check: Pick<Check, "id">): string {
  return `${areaOf(check.id)}.no-answer`;
}

const levels: readonly Level[] = ["error", "unknown", "warning", "ok"];

/** What is worst comes first; otherwise in the order of the checks. */
export function sortByLevel<Item extends { readonly level: Level }>(findings: readonly Item[]): Item[] {
  return [...findings].sort((left, right) => levels.indexOf(left.level) - levels.indexOf(right.level));
}

interface Frame {
  readonly total: AbortSignal;
  readonly limits: Limits;
}

async function runCheck(check: Check, facts: DoctorFacts, { total, limits }: Frame): Promise<Examined> {
  const startedMs = performance.now();
  const budget = startBudget(limits.checkMs);
  const signal = AbortSignal.any([total, budget.signal, facts.request.context.signal]);
  // A check asks as many servers as there are, and each question ends with it.
  setMaxListeners(0, signal);
  const elapsed = () => performance.now() - startedMs;
  const findings = await Promise.race([
    check.run(facts, signal).catch((error: unknown) => [describeFailure(check, error, signal)]),
    giveUp(signal, limits.graceMs).then(() => [tellSilence(check, elapsed())]),
  ]).finally(budget.stop);
  return { check, findings, elapsedMs: elapsed() };
}

const tickMs = 25;

/**
 * Aborts when so much time has gone by in which this process could have dealt with an answer: while it loads a client
 * library no timer fires, and a server that answered meanwhile is not silent.
 */
function startBudget(budgetMs: number): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  let leftTicks = Math.ceil(budgetMs / tickMs);
  const timer = setInterval(() => {
    leftTicks -= 1;
    if (leftTicks <= 0) controller.abort();
  }, tickMs);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

function giveUp(signal: AbortSignal, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const wait = (): void => void setTimeout(resolve, graceMs).unref();
    if (signal.aborted) wait();
    else signal.addEventListener("abort", wait, { once: true });
  });
}

function tellSilence(check: Check, elapsedMs: number): Finding {
  const message = `no answer within ${(elapsedMs / 1000).toFixed(1)} s: ${check.title}`;
  return unknown(check, message);
}

function describeFailure(check: Check, error: unknown, signal: AbortSignal): Finding {
  if (signal.aborted) return unknown(check, `no answer in time: ${check.title}`);
  const reason = error instanceof Error ? error.message : String(error);
  const finding = unknown(check, `could not be found out: ${check.title}: ${reason}`);
  return error instanceof MybrokerError || !(error instanceof Error)
    ? finding
    : { ...finding, evidence: [error.stack ?? reason] };
}

function unknown(check: Check, message: string): Finding {
  return {
    id: noAnswerId(check),
    subject: check.id,
    level: "unknown",
    message,
    fix: `{mybroker} doctor ${check.deepOnly ? "--deep " : ""}--only ${check.id} --debug`,
  };
}
