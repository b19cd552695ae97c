// Adds up the test reports of a CI run and prints its last line. Arguments: the folder of vitest's JSON reports,
// then the names of steps that failed. Exit 0 only when nothing failed and something passed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, ...failedSteps] = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };
let engineSkipped = 0;

for (const file of readdirSync(folder)) {
  const report = JSON.parse(readFileSync(join(folder, file), "utf8"));
  totals.passed += report.numPassedTests;
  // A file that could not even be loaded has no tests to count.
  const brokenFiles = report.testResults.filter(
    (result) =>
      result.status === "failed" && result.assertionResults.every(({ status }) => status !== "failed"),
  );
  totals.failed += report.numFailedTests + brokenFiles.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  totals.skipped += skipped;
  if (file === "engine.json") engineSkipped = skipped;
}
for (const step of failedSteps) console.log(`failed step: ${step}`);
if (engineSkipped > 0) console.log(`${engineSkipped} engine tests were skipped: in CI that is a failure`);
// A step without tests of its own that failed counts as one failure.
if (failedSteps.length > 0 && totals.failed === 0) totals.failed = failedSteps.length;
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 && engineSkipped === 0 && totals.passed > 0 ? 0 : 1;
