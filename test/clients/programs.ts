import { spawnSync } from "node:child_process";
import { execa } from "execa";
import { describe, it } from "vitest";

/** Debian's own, which its Python packages belong to; another python3 may come first on the PATH. */
export const python = "/usr/bin/python3";

/** A command that ends well where the program is there. */
const checks = {
  kcat: () => ["kcat", "-V"],
  zsh: () => ["zsh", "--version"],
  fish: () => ["fish", "--version"],
  "python3-kafka": () => [python, "-c", "import kafka"],
  "python3-confluent-kafka": () => [python, "-c", "import confluent_kafka"],
  "python3-pika": () => [python, "-c", "import pika"],
  "Kafka's Java tools": () => ["java", "-cp", jars("MYBROKER_CLIENTS_KAFKA"), "-version"],
  "RabbitMQ's PerfTest": () => ["java", "-cp", jars("MYBROKER_CLIENTS_PERF_TEST"), "-version"],
} as const satisfies Record<string, () => string[]>;

type Program = keyof typeof checks;

/**
 * Tests with a program that is not ours. Where it is missing they are skipped under a name that says so, or fail where
 * MYBROKER_CLIENTS_REQUIRED=1.
 */
export function describeProgram(program: Program, tests: () => void): void {
  describePrograms([program], tests);
}

/** The same with several programs, all of which are needed. */
export function describePrograms(programs: readonly Program[], tests: () => void): void {
  const missing = programs.filter((program) => !isThere(program)).join(", ");
  const title = programs.join(", ");
  if (missing === "") {
    describe(title, tests);
  } else if (process.env.MYBROKER_CLIENTS_REQUIRED === "1") {
    it(`${missing}: installed`, () => {
      throw new Error(`missing: ${missing}; npm run test:clients installs what it can`);
    });
  } else {
    describe.skip(`${title} (missing: ${missing}; npm run test:clients installs what it can)`, tests);
  }
}

function isThere(program: Program): boolean {
  const [command = "", ...args] = checks[program]();
  const isFetched = command !== "java" || args[1] !== "/*";
  return isFetched && spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** The class path of Java programs that tools/clients/with-clients.sh fetched. */
export function jars(variable: "MYBROKER_CLIENTS_KAFKA" | "MYBROKER_CLIENTS_PERF_TEST"): string {
  return `${process.env[variable] ?? ""}/*`;
}

/** What the program printed; rejects where it fails or takes more than a minute. */
export async function runProgram(command: string, args: readonly string[], input = ""): Promise<string> {
  const { stdout } = await execa(command, args, { input, timeout: 60_000 });
  return stdout;
}

/** A class in a JVM that is made for a short life. */
export function runJava(
  classPath: string,
  [name, ...args]: [string, ...string[]],
  input = "",
): Promise<string> {
  const options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"];
  return runProgram("java", [...options, "-cp", classPath, name, ...args], input);
}
