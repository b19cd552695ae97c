import { evidenceOf, runTests } from "../run-tests.mjs";

const orders = "2000";
const endings = ["FILLED", "CANCELLED", "EXPIRED"];

const loseNothing = (parts) => ({
  ...parts,
  run: async (context) => {
    const { request, isHit, describeHits } = parts;
    const report = await runTests(context, {
      ...request,
      env: { MYBROKER_ORDERS: orders },
    });
    const { figures } = report;
    const { placed = 0, held = "?", paidIn = "?", executions, REJECTED: refused = 0 } = figures;
    const ended = endings
      .filter((status) => status in figures)
      .map((status) => `${figures[status]} ${status}`);
    return {
      passed: report.failed === 0 && isHit(figures) && placed >= Number(orders) && held === paidIn,
      figure: `${placed} orders placed, ${held} held of ${paidIn} paid in`,
      evidence: evidenceOf(report, [
        describeHits(figures),
        `every order ended: ${ended.join(", ")}; beside them ${refused} that were refused when placed; ${executions} executions`,
        "no invariant of docs/order-flow.md broken: executions, orders, cash, shares, ledger; the reports agree",
      ]),
    };
  },
});

/** Each container by itself. */
export const killedServices = loseNothing({
  id: "killed-services",
  text: "2,000 orders on Docker, each of the nine services killed once: every order ends, to the cent",
  needsEngine: true,
  limitMinutes: 20,
  request: {
    project: "engine",
    files: ["test/brokerage/engine/faults.engine.test.ts"],
    only: "loses nothing of",
  },
  isHit: ({ killed }) => killed === 9,
  describeHits: ({ killed, restarted, recreated, stopped, frozen }) =>
    `containers: ${killed} services killed; of brokers ${restarted} restarted, ${recreated} recreated; of databases ${stopped} stopped, ${frozen} frozen; every message delivered twice`,
});

/** The nine are one process. */
export const killedRuntime = loseNothing({
  id: "killed-runtime",
  text: "2,000 orders, the embedded runtime killed at random moments: every order ends, to the cent",
  request: { project: "embedded", files: ["test/embedded/brokerage/kill.int.test.ts"] },
  isHit: ({ kills }) => kills > 0,
  describeHits: ({ kills, repeated }) =>
    `kill -9 at ${kills} random moments; ${repeated} orders had to be sent again`,
});
