import { evidenceOf, runTests } from "../run-tests.mjs";

export const composeAgrees = {
  id: "compose-agrees",
  text: "Compose changes nothing of what `mybroker up` made, and `up` nothing of what Compose made",
  needsEngine: true,
  run: async (context) => {
    const report = await runTests(context, {
      project: "engine",
      files: [
        "test/interop/ours-then-compose.engine.test.ts",
        "test/interop/compose-then-ours.engine.test.ts",
      ],
      only: "recreates and creates nothing|with --profile services'? (has an empty plan|is left as it is by up)",
    });
    const { keptByCompose = 0, keptByUp = 0 } = report.figures;
    return {
      passed: report.failed === 0 && keptByCompose > 0 && keptByUp > 0,
      figure: `${keptByCompose} containers left as they are by Compose, ${keptByUp} by mybroker`,
      evidence: evidenceOf(report, [
        "`docker compose up -d --dry-run` after `mybroker up`: nothing recreated, created, removed or built",
        "`mybroker up` after `docker compose up`: an empty plan, and no event of the engine",
      ]),
    };
  },
};
