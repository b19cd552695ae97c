import { domainProfile } from "../../compose/profiles.js";
import { askAgain } from "../../doctor/ask-again.js";
import type { DoctorFacts } from "../../doctor/check.js";
import { checks } from "../../doctor/checks.js";
import { type Choice, chooseChecks } from "../../doctor/choose-checks.js";
import { type Counts, countFindings, type Examination, examine, problemsOf } from "../../doctor/examine.js";
import { createFacts } from "../../doctor/facts.js";
import { findGround, leaveGround } from "../../doctor/ground.js";
import { usualLimits } from "../../doctor/run-checks.js";
import { exitCodes } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { openProject } from "../../stack/open-stack.js";
import { findingToData } from "./finding-data.js";
import { chooseFixes, type Fixing, fix, fixToData } from "./fix.js";
import { renderDoctor } from "./screen.js";

/** `doctor`: 0 also with warnings, 1 with errors, 3 where something could not be found out. */
export const diagnose: CommandHandler = async (request) => {
  const startedMs = performance.now();
  const choice = chooseChecks(checks, {
    only: (request.options.only as string[] | undefined) ?? [],
    exclude: (request.options.exclude as string[] | undefined) ?? [],
    deep: request.options.deep === true,
  });
  const fixes = chooseFixes(request, checks);
  const reportPath = await findReportPath(request);
  const facts = await look(request);
  try {
    const first = await examine(facts, choice, startedMs + usualLimits.totalMs);
    // Whoever reads a report cannot ask again; its sections take seconds anyway.
    const seen = reportPath === undefined ? first : await askAgain(first, choice, () => look(request));
    const fixing =
      fixes === undefined ? undefined : await fix({ facts, choice, seen, fixes, look: () => look(request) });
    const elapsedMs = performance.now() - startedMs;
    if (reportPath !== undefined) await writeReport(facts, fixing?.after ?? seen, reportPath);
    return summarize(facts, { choice, seen, fixing, report: reportPath, elapsedMs });
  } finally {
    leaveGround(facts.ground);
  }
};

async function look(request: CommandRequest): Promise<DoctorFacts> {
  const loaded = await openProject(request, { missingVariables: "empty", moreProfiles: [domainProfile] });
  const ground = await findGround(request, loaded.project.name);
  return createFacts({ ...loaded, request, ground });
}

async function findReportPath({ context, options }: CommandRequest): Promise<string | undefined> {
  if (options.report === undefined) return undefined;
  const { placeReport } = await import("../../doctor/report/save-report.js");
  return placeReport(context, typeof options.report === "string" ? options.report : undefined);
}

async function writeReport(facts: DoctorFacts, { findings }: Examination, path: string): Promise<void> {
  const { saveReport } = await import("../../doctor/report/save-report.js");
  await saveReport(facts, findings, path);
}

interface Ending {
  readonly choice: Choice;
  readonly seen: Examination;
  readonly fixing: Fixing | undefined;
  readonly report: string | undefined;
  readonly elapsedMs: number;
}

function summarize(facts: DoctorFacts, ending: Ending): CommandResult {
  const { request, project } = facts;
  const { fixing, report, elapsedMs } = ending;
  const { ground, examined, findings } = fixing?.after ?? ending.seen;
  const counts = countFindings(findings);
  const blind = ground.runtime === "unknown";
  const exitCode = chooseExitCode(counts, { blind, strict: request.options.strict === true });
  const spelled = (text: string) => text.replaceAll("{mybroker}", request.context.invocation);
  return {
    project: project.name,
    data: {
      ...counts,
      elapsedMs: Math.round(elapsedMs),
      checks: examined.map(({ check, elapsedMs: tookMs }) => ({
        id: check.id,
        title: check.title,
        elapsedMs: Math.round(tookMs),
        findings: findings
          .filter((finding) => finding.check === check)
          .map((finding) => findingToData(finding, spelled)),
      })),
      fix: fixing === undefined ? null : fixToData(fixing, spelled),
      report: report ?? null,
    },
    text: renderDoctor({
      ground,
      examined,
      findings,
      problems: problemsOf(findings),
      counts,
      elapsedMs,
      all: request.globals.debug,
      style: request.output.style,
      fixing,
      report,
    }),
    exitCode,
    ...(blind
      ? { error: { code: ground.failure.code, message: ground.failure.message, ...hintOf(ground.failure) } }
      : {}),
  };
}

/** What was not found out matters less than what is known to be wrong, unless nothing could be. */
export function chooseExitCode(
  { errors, warnings, unknown }: Counts,
  { blind, strict }: { readonly blind: boolean; readonly strict: boolean },
): number {
  if (blind) return exitCodes.machine;
  if (errors > 0 || (strict && warnings > 0)) return exitCodes.no;
  return unknown > 0 ? exitCodes.machine : exitCodes.done;
}

function hintOf({ hint }: { readonly hint?: string | undefined }): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
