import { evidenceOf, runTests } from "../run-tests.mjs";

const pythonService = (id, runtime, request) => ({
  id,
  text: `A Python service takes the place of broker-order, ${runtime}`,
  needsEngine: request.project === "engine",
  run: async (context) => {
    const through = ["bash", "tools/clients/with-clients.sh"];
    const only = "example order service";
    const report = await runTests(context, { ...request, only, through });
    return {
      passed: report.failed === 0,
      figure: `${report.figures.filled ?? 0} orders filled, settled by the wallet and reported`,
      evidence: evidenceOf(report, [
        "examples/order-service/order_service.py, by `mybroker replace`; its place is ours again after Ctrl-C",
      ]),
    };
  },
});

export const pythonEmbedded = pythonService("python-embedded", "embedded", {
  project: "clients",
  files: ["test/clients/order-service.clients.test.ts"],
});

export const pythonDocker = pythonService("python-docker", "on Docker", {
  project: "engine",
  files: ["test/stack/services.engine.test.ts"],
  env: { MYBROKER_LONG_RUNS: "1" },
});
