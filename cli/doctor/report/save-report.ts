import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { explainFileError } from "../../env/file-errors.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import type { DoctorFacts } from "../check.js";
import type { ToldFinding } from "../examine.js";
import { spawnOwnCommand } from "../fix/run-own-command.js";
import { formsOfSecret } from "./forms-of-secret.js";
import { renderReport, type Section } from "./render-report.js";

/**
 * Writes what somebody else needs to see, without secrets, and answers the path.
 * @throws MybrokerError report.exists, exit 2; what the file system says, exit 3
 */
export async function saveReport(
  facts: DoctorFacts,
  findings: readonly ToldFinding[],
  asked: string | undefined,
): Promise<string> {
  const { request, project, secretKeys } = facts;
  const { context, output } = request;
  const stamp = new Date(context.now())
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  const path = resolve(context.cwd, asked ?? `mybroker-report-${stamp}.md`);
  for (const key of secretKeys) {
    for (const form of formsOfSecret(project.environment[key] ?? "")) output.redact(form);
  }
  const text = output.withoutSecrets(
    renderReport({ facts, findings, sections: await gatherSections(facts, findings) }),
  );
  try {
    // Secrets are masked; what a network looks like is nobody else's matter all the same.
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw taken(path);
    throw explainFileError(error, `Cannot write ${path}`, join(path, ".."));
  }
  return path;
}

/** Whole answers of our own commands, as whoever reads the report would ask for them. */
async function gatherSections(facts: DoctorFacts, findings: readonly ToldFinding[]): Promise<Section[]> {
  const unwell = new Set(
    findings.filter(({ level }) => level === "error" || level === "unknown").map(({ subject }) => subject),
  );
  const services = Object.keys(facts.project.services).filter((name) => unwell.has(name));
  const commands = [
    ["up", "--dry-run"],
    ["ps", "-a"],
    ...services.slice(0, 12).map((name) => ["logs", "-n", "40", "--no-log-prefix", name]),
    ["config"],
  ];
  // One after the other: each is a process of its own, and the machine may be the patient.
  const sections: Section[] = [];
  for (const words of commands) {
    const { stdout, stderr } = await spawnOwnCommand(facts.request, [...words, "--color", "never"]);
    sections.push({ title: `mybroker ${words.join(" ")}`, text: [stdout, stderr].join("\n").trim() });
  }
  return sections;
}

function taken(path: string): MybrokerError {
  return new MybrokerError({
    code: "report.exists",
    message: `${path} exists already, and a report replaces nothing`,
    hint: `name another one, or  rm ${quoteForShell(path)}`,
    exitCode: exitCodes.usage,
    details: { path },
  });
}
