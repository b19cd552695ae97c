import { domainProfile } from "../../compose/profiles.js";
import type { Check, DoctorFacts, Finding, Ground } from "../../doctor/check.js";
import { checks } from "../../doctor/checks.js";
import { connectEngine } from "../../engine/connect.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import { findNearest } from "../../errors/nearest.js";
import type { CommandHandler, CommandRequest } from "../../kernel/command.js";
import type { Style } from "../../output/output.js";
import { countOf, formatDuration } from "../../output/units.js";
import { findEmbeddedPlace, findUntouchedPlace } from "../../runtime/by-runtime.js";
import { askStatus } from "../../runtime/control-client.js";
import { containerLabels } from "../../stack/container-state.js";
import { openProject } from "../../stack/open-stack.js";

interface Examined {
  readonly check: Check;
  readonly findings: readonly Finding[];
  readonly elapsedMs: number;
}

/** `doctor`: 0 also with warnings, 1 with errors, 3 where the engine of a project of Docker's cannot be asked. */
export const examine: CommandHandler = async (request) => {
  const startedMs = performance.now();
  const chosen = chooseChecks(request);
  const { project } = await openProject(request, {
    missingVariables: "empty",
    moreProfiles: [domainProfile],
  });
  const ground = await findGround(request, project.name);
  try {
    const facts: DoctorFacts = { request, project, ground };
    const examined = await Promise.all(chosen.map((check) => runCheck(check, facts)));
    const count = (level: Finding["level"]) =>
      examined.flatMap(({ findings }) => findings).filter((finding) => finding.level === level).length;
    const counts = { errors: count("error"), warnings: count("warning"), ok: count("ok") };
    const bad = counts.errors > 0 || (request.options.strict === true && counts.warnings > 0);
    const elapsedMs = performance.now() - startedMs;
    return {
      project: project.name,
      data: {
        ...counts,
        elapsedMs: Math.round(elapsedMs),
        checks: examined.map(({ check: { id, title }, findings, elapsedMs: tookMs }) => {
          return { id, title, elapsedMs: Math.round(tookMs), findings };
        }),
      },
      text: render({ ground, examined, counts, elapsedMs }, request.output.style),
      exitCode: bad ? exitCodes.no : exitCodes.done,
    };
  } finally {
    if (ground.runtime === "docker") ground.engine.close();
  }
};

async function findGround(request: CommandRequest, project: string): Promise<Ground> {
  const place = await findEmbeddedPlace(request);
  if (place !== undefined) return { runtime: "embedded", place, status: await askStatus(place) };
  const engine = await connectEngine(request.context).catch(async (error: unknown) => ({
    untouched: await findUntouchedPlace(request, error),
  }));
  if ("untouched" in engine) return { runtime: "embedded", place: engine.untouched, status: undefined };
  request.output.useRuntime("docker");
  const containers = await engine.listContainers({ labels: containerLabels(project), all: true });
  return { runtime: "docker", engine, containers };
}

async function runCheck(check: Check, facts: DoctorFacts): Promise<Examined> {
  const startedMs = performance.now();
  const findings = await check.run(facts);
  return { check, findings, elapsedMs: performance.now() - startedMs };
}

/** @throws MybrokerError usage.unknown-check, exit 2 */
function chooseChecks({ options }: CommandRequest): Check[] {
  const only = (options.only as string[] | undefined) ?? [];
  const exclude = (options.exclude as string[] | undefined) ?? [];
  const ids = checks.map(({ id }) => id);
  const unknown = [...only, ...exclude].find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    const nearest = findNearest(unknown, ids);
    throw new MybrokerError({
      code: "usage.unknown-check",
      message: `unknown check ${unknown}`,
      hint: nearest === undefined ? `There are:  ${ids.join("  ")}` : `Did you mean:  ${nearest}`,
      exitCode: exitCodes.usage,
    });
  }
  return checks.filter(({ id }) => (only.length === 0 || only.includes(id)) && !exclude.includes(id));
}

interface Report {
  readonly ground: Ground;
  readonly examined: readonly Examined[];
  readonly counts: { readonly errors: number; readonly warnings: number; readonly ok: number };
  readonly elapsedMs: number;
}

function render({ ground, examined, counts, elapsedMs }: Report, style: Style): string[] {
  const { errors, warnings, ok } = counts;
  const told = examined.flatMap(({ check, findings }) =>
    findings.filter(({ level }) => level !== "ok").map((finding) => ({ id: check.id, ...finding })),
  );
  const lines = told.flatMap(({ id, level, message, fix }) => [
    `${level === "error" ? style.red("✖") : style.yellow("⚠")} ${id}  ${message}`,
    ...(fix === null ? [] : [`    fix  ${fix}`]),
  ]);
  const summary = `${countOf(errors, "error")}, ${countOf(warnings, "warning")}, ${ok} ok in ${formatDuration(elapsedMs)}.`;
  const next = told.find(({ level }) => level === "error") ?? told[0];
  return [
    `${describeGround(ground)}, ${countOf(errors + warnings + ok, "check")}`,
    ...lines,
    style.bold(summary),
    `Next:  ${next?.fix ?? "{mybroker} ps"}`,
  ];
}

function describeGround(ground: Ground): string {
  if (ground.runtime === "docker") {
    return `Docker ${ground.engine.facts.version}, ${countOf(ground.containers.length, "container")}`;
  }
  const { status } = ground;
  return status === undefined
    ? "Embedded, not running"
    : `Embedded, one process, pid ${status.pid}, ${countOf(status.services.length, "service")}`;
}
