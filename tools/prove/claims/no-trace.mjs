import { evidenceOf, runTests } from "../run-tests.mjs";

const noTrace = (id, brokers, request) => ({
  id,
  text: `\`tail\` leaves the state of ${brokers} as it was, also after kill -9`,
  needsEngine: request.project === "engine",
  run: async (context) => {
    const report = await runTests(context, request);
    const { passed, failed, figures } = report;
    const compared = Object.entries(figures).map(([what, count]) => `${what} ${count}`);
    return {
      passed: failed === 0,
      figure: `${passed} of ${passed + failed} ways to end left it as it was`,
      evidence: evidenceOf(report, [
        `the state read before and after, and compared whole, offsets and counts of deliveries with it: ${compared.join(", ")}`,
      ]),
    };
  },
});

export const noTraceEmbedded = noTrace("no-trace-embedded", "the embedded brokers", {
  project: "unit",
  files: ["test/streams/no-trace.int.test.ts"],
});

export const noTraceDocker = noTrace("no-trace-docker", "RabbitMQ and Kafka", {
  project: "engine",
  files: ["test/streams/no-trace.engine.test.ts"],
});
