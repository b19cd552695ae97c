import { resolve } from "node:path";
import { expect } from "vitest";
import type { Child } from "../support/built-cli.js";

/** Command line of the program that tests put in a service's place. */
export const program = [process.execPath, resolve(import.meta.dirname, "program.mjs")] as const;

export interface Answer {
  readonly program: number;
  /** What started it. */
  readonly parent: number;
  readonly env: Readonly<Record<string, string>>;
}

/** What listens there answers; undefined where nothing does, or something else. */
export async function askProgram(port: number, path = "/"): Promise<Answer | undefined> {
  try {
    // Not for long: what is stopping takes connections that nobody answers.
    const asked = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) });
    const answer = (await asked.json()) as Partial<Answer>;
    return answer.program === undefined ? undefined : (answer as Answer);
  } catch {
    return undefined;
  }
}

export async function waitForProgram(port: number): Promise<Answer> {
  let answer: Answer | undefined;
  const look = async () => {
    answer = await askProgram(port);
    return answer;
  };
  await expect.poll(look, { timeout: 30_000 }).toBeDefined();
  return answer as Answer;
}

/** Until the command says that its program listens. */
export async function waitForListener(port: number, replacing: Child): Promise<void> {
  await expect.poll(replacing.stderrSoFar, { timeout: 60_000 }).toContain(`on 127.0.0.1:${port}`);
}
