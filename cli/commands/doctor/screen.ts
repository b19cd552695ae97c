import type { Ground } from "../../doctor/check.js";
import type { Counts, Examination, ToldFinding } from "../../doctor/examine.js";
import { describeGround } from "../../doctor/ground.js";
import { areaOf } from "../../doctor/run-checks.js";
import type { Style } from "../../output/output.js";
import { countOf, formatDuration, wrap } from "../../output/units.js";
import { joinWords } from "../../reconcile/describe-cause.js";
import { docsOf } from "./finding-data.js";
import { describePlan, type Fixing } from "./fix.js";

export interface DoctorScreen {
  readonly ground: Ground;
  readonly examined: Examination["examined"];
  readonly findings: readonly ToldFinding[];
  /** In the order in which they are to be told. */
  readonly problems: readonly ToldFinding[];
  readonly counts: Counts;
  readonly elapsedMs: number;
  /** --debug: also what is well, with what was seen. */
  readonly all: boolean;
  readonly style: Style;
  readonly fixing: Fixing | undefined;
  /** Path of the file. */
  readonly report: string | undefined;
}

/** So many of one kind are shown: a stack of twenty that all say the same is one matter. */
const shownOfOne = 3;

export function renderDoctor(screen: DoctorScreen): string[] {
  const { ground, findings, problems, counts, all, style, report } = screen;
  const total = counts.errors + counts.warnings + counts.unknown + counts.ok;
  const told = all ? [...problems, ...findings.filter((finding) => !problems.includes(finding))] : problems;
  return [
    `${describeGround(ground)}, ${countOf(total, "check")}`,
    ...(findings.length === 0 ? explainNothing(screen) : []),
    ...renderFixing(screen),
    ...(all ? told.flatMap((finding) => renderFully(finding, style)) : renderProblems(told, style)),
    style.bold(summaryOf(screen)),
    ...(counts.unknown === 0 ? [] : ["Unknown: could not be found out this time; it may be well or not."]),
    ...(report === undefined ? [] : [`Report: ${report}`]),
    `Next:  ${nextOf(screen)}`,
  ];
}

/** No finding at all, not even that something is well. */
function explainNothing({ examined }: DoctorScreen): string[] {
  if (examined.length === 0) return ["No check was chosen."];
  const found = examined.filter(({ findings }) => findings.length > 0).map(({ check }) => check.id);
  return found.length > 0
    ? wrap(`What was chosen was not found: ${joinWords(found)} would tell it.`)
    : examined.flatMap(({ check }) => wrap(`Nothing to look at here for ${check.id}: ${check.title}.`));
}

/** A busy machine keeps a dozen checks waiting: one matter too. */
function gatherSilent(problems: readonly ToldFinding[]): readonly ToldFinding[] {
  const silent = problems.filter(({ id }) => id.endsWith(".no-answer"));
  return silent.length > shownOfOne ? silent : [];
}

/** Asks those again alone. */
function askAgainLine(silent: readonly ToldFinding[]): string {
  const areas = [...new Set(silent.map(({ id }) => `--only ${areaOf(id)}`))];
  const words = silent.some(({ check }) => check.deepOnly) ? ["--deep", ...areas] : areas;
  return `{mybroker} doctor ${words.join(" ")}`;
}

function renderProblems(problems: readonly ToldFinding[], style: Style): string[] {
  const gathered = gatherSilent(problems);
  const ids = [
    ...new Set(problems.map((problem) => (gathered.includes(problem) ? "no-answer" : problem.id))),
  ];
  return ids.flatMap((id) => {
    if (id === "no-answer") return renderSilence(gathered, style);
    const own = problems.filter((problem) => problem.id === id);
    const more = own.length - shownOfOne;
    const shown = own.slice(0, shownOfOne);
    return [
      // What mends all of them stands below the last.
      ...shown.flatMap((problem, index) => {
        const fix = shown[index + 1]?.fix === problem.fix ? null : problem.fix;
        return renderProblem({ ...problem, fix }, style);
      }),
      ...(more > 0 ? [`    and ${more} more:  {mybroker} doctor --only ${id} --debug`] : []),
    ];
  });
}

function renderSilence(silent: readonly ToldFinding[], style: Style): string[] {
  const counts = new Map<string, number>();
  for (const { id } of silent) counts.set(areaOf(id), (counts.get(areaOf(id)) ?? 0) + 1);
  const shown = [...counts].map(([area, count]) => (count === 1 ? area : `${area} (${count})`));
  const [first = "", ...others] = wrap(
    `no answer in time from ${joinWords(shown)}; is this machine busy?`,
    76,
  );
  return [
    `${markOf("unknown", style)} ${first}`,
    ...others.map((line) => `    ${line}`),
    `    fix  ${askAgainLine(silent)}`,
  ];
}

function renderProblem({ id, level, message, fix }: ToldFinding, style: Style): string[] {
  const [first = "", ...others] = wrap(`${id}  ${message}`, 76);
  return [
    `${markOf(level, style)} ${first}`,
    ...others.map((line) => `    ${line}`),
    ...(fix === null ? [] : [`    fix  ${fix}`]),
  ];
}

function renderFully(finding: ToldFinding, style: Style): string[] {
  const { id, level, subject, message, evidence = [], ignored, check } = finding;
  // Its id says what would be wrong.
  if (level === "ok") return [`${markOf(level, style)} ${check.id}  ${subject}: ${message}`];
  return [
    ...renderProblem(finding, style),
    ...(ignored === undefined ? [] : [`    ignored: ${ignored}`]),
    ...evidence.flatMap((text) => text.split("\n").map((line) => `    | ${line}`)),
    `    docs ${docsOf(id)}`,
  ];
}

function markOf(level: ToldFinding["level"], style: Style): string {
  const marks = {
    error: style.red("✖"),
    warning: style.yellow("⚠"),
    unknown: style.yellow("?"),
    ok: style.green("✔"),
  };
  return marks[level];
}

function renderFixing({ fixing, style }: DoctorScreen): string[] {
  if (fixing === undefined) return [];
  const { plan, outcomes } = fixing;
  if (plan.steps.length === 0) {
    return [
      plan.manual.length === 0
        ? "Nothing to repair."
        : "Nothing that --fix repairs: that is for you to type.",
    ];
  }
  if (outcomes === undefined) return [...describePlan(plan), "Nothing was changed."];
  return outcomes.map(({ step: { repair }, status, problem }) => {
    const said = { done: "", failed: `: ${problem}`, unneeded: ": no longer needed" }[status];
    return `${markOf(status === "failed" ? "error" : "ok", style)} ${repair.command}${said}`;
  });
}

/** "1 error, 1 warning, 59 ok, 2 ignored in 0.8 s." */
function summaryOf({ counts, elapsedMs }: DoctorScreen): string {
  const parts = [
    countOf(counts.errors, "error"),
    countOf(counts.warnings, "warning"),
    ...(counts.unknown === 0 ? [] : [`${counts.unknown} unknown`]),
    `${counts.ok} ok`,
    ...(counts.ignored === 0 ? [] : [`${counts.ignored} ignored`]),
  ];
  return `${parts.join(", ")} in ${formatDuration(elapsedMs)}.`;
}

/** What can be repaired comes first: others often only wait for it. What --fix has just failed at is left to a person. */
function nextOf({ problems, fixing }: DoctorScreen): string {
  const repairs = fixing?.outcomes === undefined ? problems.flatMap(({ repair }) => repair ?? []) : [];
  if (new Set(repairs.map(({ command }) => command)).size > 1) return "{mybroker} doctor --fix";
  const next =
    problems.find(({ repair }) => repairs.some((each) => each === repair)) ??
    problems.find(({ fix }) => fix !== null);
  const silent = gatherSilent(problems);
  if (next !== undefined && silent.includes(next)) return askAgainLine(silent);
  return next?.fix ?? "{mybroker} ps";
}
