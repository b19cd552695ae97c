import { expect, test } from "vitest";
import type { LogChunk } from "../../engine/engine.js";
import type { CommandRequest } from "../../kernel/command.js";
import { Redactor } from "../../output/redactor.js";
import type { FailureFacts } from "../../ready/outcome.js";
import { ended, projectOf, ScriptedEngine } from "../../ready/testing/scripted-engine.js";
import type { Stack } from "../../stack/open-stack.js";
import { failureError } from "./report-failure.js";

const secret = "correct-horse-battery-staple-not-a-secret";

/** A container that wrote this line, and whose last healthcheck said it too. */
function stackThatSays(line: string): { stack: Stack; failure: FailureFacts } {
  const container = new ScriptedEngine().put("cache", ended(1));
  const log = [{ Start: "", End: "", ExitCode: 1, Output: line }];
  const withHealth = {
    ...container,
    State: { ...container.State, Health: { Status: "unhealthy" as const, FailingStreak: 3, Log: log } },
  };
  const engine = {
    inspectContainer: async () => withHealth,
    listContainers: async () => [],
    async *logs(): AsyncGenerator<LogChunk> {
      yield { channel: "stderr", bytes: Buffer.from(`2026-01-01T10:00:00.000000000Z ${line}\n`) };
    },
  };
  const stack = { engine, project: projectOf({ cache: {} }), secretKeys: new Set() } as unknown as Stack;
  const lastAnswer = { ready: false, reason: "error", detail: line } as const;
  const what = `said ${line}`;
  const failure = { service: "cache", kind: "exited", what, exitCode: 1, lastAnswer, elapsedMs: 1 } as const;
  return { stack, failure: { state: "failed", container: withHealth, ...failure } };
}

test("a secret is masked in the log, the health output and the answer, also where the screen cuts the line", async () => {
  const redactor = new Redactor();
  redactor.add(secret);
  const output = { withoutSecrets: <Value>(data: Value) => redactor.applyDeep(data) };
  const request = { context: { columns: 80 }, output } as unknown as CommandRequest;
  // From the line's begin to beyond the edge of the screen.
  for (let column = 0; column < 80; column += 1) {
    const { stack, failure } = stackThatSays(`${"x".repeat(column)} ${secret}`);
    const error = await failureError(stack, failure, request);
    const shown = redactor.apply([error.message, ...(error.lines ?? []), error.hint].join("\n"));
    expect(shown).not.toContain(secret.slice(0, 8));
    expect(JSON.stringify(error.details)).not.toContain(secret);
  }
});
