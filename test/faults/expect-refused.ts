import { expect } from "vitest";
import type { CliRun } from "../support/run-cli.js";

export interface Refusal {
  readonly exitCode: number;
  /** All of them stand in the message or its hint. */
  readonly says: readonly (string | RegExp)[];
  readonly hint?: RegExp;
}

const mostLines = 8;

/** One clear message on stderr and what to type next; nothing on stdout, and no stack trace. */
export function expectRefused(run: Pick<CliRun, "exitCode" | "stdout" | "stderr">, refusal: Refusal): void {
  const { exitCode, says, hint } = refusal;
  expect(run.exitCode, run.stderr).toBe(exitCode);
  expect(run.stdout).toBe("");
  const lines = run.stderr.trimEnd().split("\n");
  const head = lines.findIndex((line) => /^✖ |^mybroker: /.test(line));
  expect(head, run.stderr).toBeGreaterThanOrEqual(0);
  const message = lines.slice(head);
  expect(message.length, run.stderr).toBeLessThanOrEqual(mostLines);
  for (const part of says) {
    if (typeof part === "string") expect(message.join("\n")).toContain(part);
    else expect(message.join("\n")).toMatch(part);
  }
  const usage = message[0]?.startsWith("mybroker: ") ?? false;
  if (!usage)
    expect(
      message.some((line) => /^ {2}Do {2,}\S/.test(line)),
      run.stderr,
    ).toBe(true);
  if (hint !== undefined) expect(message.join("\n")).toMatch(hint);
  expect(run.stderr).not.toMatch(/^\s+at .*\.[cm]?[jt]s:\d+/m);
  expect(run.stderr).not.toContain("mybroker failed where it should not");
}
