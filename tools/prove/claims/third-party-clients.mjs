import { basename } from "node:path";
import { runCommand } from "../run-command.mjs";
import { runTests } from "../run-tests.mjs";

const through = ["bash", "tools/clients/with-clients.sh"];

export const thirdPartyClients = {
  id: "third-party-clients",
  text: "Other people's clients work with the embedded brokers",
  run: async (context) => {
    const { tests, passed, failed, failures } = await runTests(context, {
      project: "clients",
      files: ["test/clients"],
      exclude: ["**/order-service*"],
      through,
    });
    const programs = groupByProgram(tests);
    const versions = await askVersions(context, [...programs.keys()]);
    const ran = [...programs].filter(([, { passed }]) => passed > 0);
    return {
      passed: failed === 0,
      figure: `${ran.length} clients, ${passed} tests passed, ${failed} failed`,
      evidence: [
        ...[...programs].map(([name, counts]) => `${versions.get(name)}: ${describe(counts)}`),
        ...failures,
      ],
    };
  },
};

/** Tests stand under the names of the programs that they need, which a skipped one's title goes on to say. */
function groupByProgram(tests) {
  const programs = new Map();
  for (const { titles, status } of tests) {
    for (const name of (titles[0] ?? "").replace(/ \(missing: .*/, "").split(", ")) {
      const counts = programs.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
      counts[status] += 1;
      programs.set(name, counts);
    }
  }
  return programs;
}

/** Debian's packages as dpkg has them, Java programs by the folder that they were fetched into. */
async function askVersions(context, names) {
  const folders = 'echo "$MYBROKER_CLIENTS_KAFKA"; echo "$MYBROKER_CLIENTS_PERF_TEST"';
  const script = `dpkg-query -W -f '\${Package} \${Version}\\n' "$@"; ${folders}`;
  const command = [...through, "sh", "-c", script, "sh", ...names];
  const { stdout } = await runCommand(context, { command, mayFail: true });
  const lines = stdout.split("\n").map((line) => basename(line));
  const [kafka, perfTest] = lines.slice(-2);
  const java = { "Kafka's Java tools": kafka, "RabbitMQ's PerfTest": perfTest };
  const find = (name) =>
    name in java ? `${name}, ${java[name]}` : (lines.find((line) => line.startsWith(`${name} `)) ?? name);
  return new Map(names.map((name) => [name, find(name)]));
}

const describe = (counts) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
