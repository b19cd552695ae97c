import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CannotRun } from "./judge.mjs";
import { runCommand } from "./run-command.mjs";

const endInOrder = fileURLToPath(new URL("end-in-order.mjs", import.meta.url));

/**
 * Test files as evidence.
 * @param {object} context of the claim
 * @param {object} request
 * @param {string} request.project vitest's
 * @param {string[]} request.files
 * @param {string[]} [request.exclude] globs
 * @param {string} [request.only] a regular expression: the tests whose whole name it fits, and no other
 * @param {Record<string, string>} [request.env]
 * @param {string[]} [request.through] a command that runs the command after it
 * @returns {Promise<Report>}
 * @throws CannotRun where all of them were skipped; Error where there is none, or no report
 */
export async function runTests(context, { project, files, exclude = [], only, env = {}, through = [] }) {
  const folder = mkdtempSync(join(tmpdir(), "mybroker-prove-"));
  const file = join(folder, "report.json");
  const command = [
    ...through,
    ...[process.execPath, join(context.root, "node_modules/vitest/vitest.mjs"), "run", "--project", project],
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${file}`, `--reporter=${endInOrder}`],
    ...(only === undefined ? [] : ["-t", only]),
    ...exclude.flatMap((glob) => ["--exclude", glob]),
    ...files,
  ];
  try {
    const ending = { endBy: "SIGUSR2", endWithinMs: 180_000 };
    const { all } = await runCommand(context, { command, env, mayFail: true, ...ending });
    return readReport(readText(file) ?? fail(`the tests left no report:\n${lastLines(all)}`), only);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * @typedef {{ name: string, titles: string[], status: "passed" | "failed" | "skipped", figures: object, message: string }} Test
 * @typedef {{ tests: Test[], passed: number, failed: number, skipped: number, figures: object, failures: string[] }} Report
 *   `figures` are those of all tests together (test/support/tell-figures.ts)
 * @param {string} text of vitest's JSON reporter
 * @param {string} [only] as given to vitest, which reports the others as skipped
 * @returns {Report}
 */
export function readReport(text, only = "") {
  const files = JSON.parse(text).testResults;
  const tests = files
    .flatMap(({ assertionResults }) => assertionResults.map(readTest))
    .filter(({ name }) => new RegExp(only).test(name));
  // A file that could not be loaded, or whose hooks failed, has no failed test.
  const broken = files
    .filter(({ status, assertionResults }) => status === "failed" && !assertionResults.some(isFailed))
    .map(({ message }) => firstLine(message));
  const count = (status) => tests.filter((test) => test.status === status).length;
  const failed = tests.filter(({ status }) => status === "failed");
  if (tests.length === 0 && broken.length === 0) fail(`no test fits "${only}"`);
  if (failed.length + broken.length === 0 && count("passed") === 0)
    throw new CannotRun(`skipped: ${tests.map(({ name }) => name)[0]}`);
  return {
    tests,
    passed: count("passed"),
    failed: failed.length + broken.length,
    skipped: count("skipped"),
    figures: Object.assign({}, ...tests.map(({ figures }) => figures)),
    failures: [...failed.map(({ name, message }) => `failed: ${name}: ${message}`), ...broken],
  };
}

const isFailed = ({ status }) => status === "failed";

function readTest({ fullName, ancestorTitles, status, meta, failureMessages }) {
  return {
    name: fullName,
    titles: ancestorTitles,
    status: status === "passed" || status === "failed" ? status : "skipped",
    figures: meta?.figures ?? {},
    message: firstLine(failureMessages?.[0]),
  };
}

/** What was seen where all went well, else what did not. */
export const evidenceOf = ({ failed, failures }, lines) => (failed === 0 ? lines : failures);

/** Enough to know it by; all of it is in the run's log. */
const firstLine = (text = "") => (text.split("\n").find((line) => line.trim() !== "") ?? "").slice(0, 300);
const lastLines = (text) => text.trim().split("\n").slice(-15).join("\n");

function fail(message) {
  throw new Error(message);
}
