import { runTests } from "../run-tests.mjs";

const describeTitle = "a stack that Docker calls healthy";

export const sabotagedStacks = {
  id: "sabotaged-stacks",
  text: "`doctor` names what is wrong where `docker compose ps` calls all healthy, and its line mends it",
  needsEngine: true,
  limitMinutes: 20,
  run: async (context) => {
    const { tests, failed, failures } = await runTests(context, {
      project: "engine",
      files: ["test/doctor/sabotage.engine.test.ts"],
      only: `${describeTitle}|finds nothing on a healthy stack`,
    });
    const cases = tests.filter(({ titles }) => titles.includes(describeTitle));
    const count = (isSo) => cases.filter(({ figures }) => isSo(figures)).length;
    const healthy = count(({ isHealthyByCompose }) => isHealthyByCompose);
    const flagged = count(({ flagged }) => flagged !== undefined);
    const mended = count(({ isMended }) => isMended);
    return {
      passed: failed === 0 && mended === cases.length,
      figure: `${cases.length} stacks: ${healthy} healthy to Compose, ${flagged} flagged by doctor with the right id, ${mended} mended`,
      evidence: [...cases.map(describeCase), ...failures],
    };
  },
};

/** "MySQL: a table was dropped: mysql.missing-table: healthy to Compose, flagged, mended" */
function describeCase({ name, figures: { isHealthyByCompose, flagged, isMended } }) {
  const steps = {
    "healthy to Compose": isHealthyByCompose,
    flagged: flagged !== undefined,
    mended: isMended,
  };
  const told = Object.entries(steps).map(([step, isSo]) => (isSo ? step : `not ${step}`));
  return `${name.split(`${describeTitle} `).at(-1)}: ${told.join(", ")}`;
}
