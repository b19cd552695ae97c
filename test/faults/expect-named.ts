import { expect } from "vitest";
import type { CliRun } from "../support/run-cli.js";

/** In every fixture's .env, below "# secret": no screen may show it. */
export const testSecret = "test-secret-never-printed";

export interface NamedFault {
  readonly exitCode: number;
  /** Of the one that is to blame. */
  readonly service: string;
  /** The known cause's id, or what the screen says of it. */
  readonly cause: string | RegExp;
}

const printedLines = 30;

/** One screen: who, why and what to type within the first 30 lines that were printed, and nothing that scares. */
export function expectNamed(run: CliRun, { exitCode, service, cause }: NamedFault): void {
  const printed = `${run.stdout}${run.stderr}`;
  const lines = printed.split("\n").slice(0, printedLines);
  const pattern = typeof cause === "string" ? new RegExp(`\\[${cause.replaceAll(".", "\\.")}\\]`) : cause;
  expect(run.exitCode, printed).toBe(exitCode);
  const head = lines.findIndex((line) => line.startsWith("✖"));
  expect(head, printed).toBeGreaterThanOrEqual(0);
  const screen = lines.slice(head).join("\n");
  expect(screen).toContain(service);
  // Long causes are wrapped.
  expect(screen.replaceAll(/\n\s+/g, " ")).toMatch(pattern);
  expect(
    lines.slice(head).find((line) => /^ {2,}Do {2,}\S/.test(line) || / {2}Do: \S/.test(line)),
    screen,
  ).toBeDefined();
  // Of the CLI's own; a server's log may hold one.
  expect(printed).not.toMatch(/^\s+at .*\.[cm]?[jt]s:\d+/m);
  expect(printed).not.toContain("mybroker failed where it should not");
  expect(printed).not.toContain(testSecret);
}
