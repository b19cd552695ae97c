import { arch, cpus, platform, release, totalmem } from "node:os";
import { formatMemory } from "../../output/units.js";
import type { DoctorFacts } from "../check.js";
import type { ToldFinding } from "../examine.js";
import { describeGround } from "../ground.js";

/** An answer of a command, under its own words. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

interface ReportParts {
  readonly facts: DoctorFacts;
  readonly findings: readonly ToldFinding[];
  readonly sections: readonly Section[];
}

/** Together below 200 kB, headings and fences included. */
const findingsBytes = 40_000;
const sectionsBytes = 150_000;
const largestSectionBytes = 40_000;

/** Markdown, at most 200 kB: of each part that is too long the middle is left out. */
export function renderReport({ facts, findings, sections }: ReportParts): string {
  const bad = findings.filter(({ level }) => level !== "ok");
  const fine = findings.filter(({ level }) => level === "ok");
  const sectionBytes = Math.min(
    largestSectionBytes,
    Math.floor(sectionsBytes / Math.max(1, sections.length)),
  );
  const told = [
    "## Findings",
    "",
    ...(bad.length === 0 ? ["None."] : bad.flatMap(describeFinding)),
    "",
    "## Well",
    "",
    ...fine.map(({ check, subject, message }) => `- ${check.id} ${subject}: ${message}`),
  ];
  const text = [
    `# mybroker report of ${facts.project.name}`,
    "",
    ...describeMachine(facts).map((line) => `- ${line}`),
    "",
    shorten(told.join("\n"), findingsBytes),
    "",
    ...sections.flatMap(({ title, text: body }) => [
      `## ${title}`,
      "",
      "````",
      shorten(body.replaceAll("````", "'```"), sectionBytes),
      "````",
      "",
    ]),
  ].join("\n");
  return text.replaceAll("{mybroker}", "mybroker");
}

function describeMachine({ request: { context }, ground }: DoctorFacts): string[] {
  const engine =
    ground.runtime === "docker"
      ? `Engine ${ground.engine.facts.version}, API ${ground.engine.facts.apiVersion}, ${ground.engine.facts.operatingSystem}, ` +
        `${formatMemory(ground.engine.facts.memoryBytes)}, ${ground.engine.facts.cpus} CPUs`
      : "No Docker engine was asked";
  return [
    `made ${new Date(context.now()).toISOString()}`,
    `mybroker ${context.version}, Node.js ${process.versions.node}`,
    `${platform()} ${release()} ${arch()}, ${cpus().length} CPUs, ${formatMemory(totalmem())}`,
    describeGround(ground),
    engine,
  ];
}

function describeFinding(finding: ToldFinding): string[] {
  const { id, level, message, fix, evidence = [], ignored } = finding;
  return [
    `- **${id}** (${level}${ignored === undefined ? "" : `, ignored: ${ignored}`}) ${message}`,
    ...evidence.flatMap((text) => text.split("\n").map((line) => `  - \`${line.replaceAll("`", "'")}\``)),
    ...(fix === null ? [] : [`  - fix: \`${fix}\``]),
  ];
}

/** Keeps the beginning and the end, cut at lines. */
export function shorten(text: string, limitBytes: number): string {
  if (Buffer.byteLength(text) <= limitBytes) return text;
  const lines = text.split("\n");
  const half = Math.floor((limitBytes - 100) / 2);
  const head = takeWhile(lines, half);
  const tail = takeWhile([...lines].reverse(), half).reverse();
  const left = lines.length - head.length - tail.length;
  return [...head, `… ${left} lines left out …`, ...tail].join("\n");
}

function takeWhile(lines: readonly string[], limitBytes: number): string[] {
  let used = 0;
  const end = lines.findIndex((line) => {
    used += Buffer.byteLength(line) + 1;
    return used > limitBytes;
  });
  return lines.slice(0, end === -1 ? lines.length : end);
}
