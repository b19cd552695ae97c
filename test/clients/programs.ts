import { spawnSync } from "node:child_process";
import { execa } from "execa";
import { describe, it } from "vitest";

/** Debian's own, which its Python packages belong to; another python3 may come first on the PATH. */
export const python = "/usr/bin/python3";

/** A command that ends well where the program is there. */
const checks = {
  kcat: () => ["kcat", "-V"],
  "python3-kafka": () => [python, "-c", "import kafka"],
  "python3-confluent-kafka": () => [python, "-c", "import confluent_kafka"],
  "python3-pika": () => [python, "-c", "import pika"],
  "Kafka's Java tools": () => ["java", "-cp", jars("MYBROKER_CLIENTS_KAFKA"), "-version"],
  "RabbitMQ's PerfTest": () => ["java", "-cp", jars("MYBROKER_CLIENTS_PERF_TEST"), "-version"],
} as const satisfies Record<string, () => string[]>;

/**
 * Tests with a program that is not ours. Where it is missing they are skipped under a name that says so, or fail where
 * MYBROKER_CLIENTS_REQUIRED=1.
 */
export function describeProgram(program: keyof typeof checks, tests: () => void): void {
  if (isThere(program)) {
    describe(program, tests);
  } else if (process.env.MYBROKER_CLIENTS_REQUIRED === "1") {
    it(`${program} is installed`, () => {
      throw new Error(`${program} is missing; npm run test:clients installs it`);
    });
  } else {
    describe.skip(`${program} (missing; npm run test:clients installs it)`, tests);
  }
}

function isThere(program: keyof typeof checks): boolean {
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
