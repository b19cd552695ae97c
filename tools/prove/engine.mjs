import { join } from "node:path";
import { runCommand } from "./run-command.mjs";

/**
 * Finds the engine that answers, or starts the testbed where it can.
 * @returns {Promise<{ env?: Record<string, string>, missing?: string, close(): Promise<void> }>} `env` leads a command to
 *   it; `missing` says why there is none; `close` stops what was started here
 */
export async function openEngine(context, say) {
  const found = await askForEngine(context);
  if (found !== undefined) return { env: found, close: async () => {} };
  say("no Docker Engine answers: starting the testbed, which builds its images the first time");
  const testbed = (word) => ["bash", join(context.root, "tools/testbed/testbed.sh"), word];
  const up = await runCommand(context, { command: testbed("up"), mayFail: true });
  const env = up.exitCode === 0 ? await askForEngine(context) : undefined;
  const close = async () => {
    // Also after an interruption.
    const uninterrupted = { ...context, signal: new AbortController().signal };
    await runCommand(uninterrupted, { command: testbed("down"), mayFail: true });
  };
  if (env !== undefined) return { env, close };
  const why = up.all.split("\n").findLast((line) => line.startsWith("testbed: ")) ?? "";
  return { missing: `no Docker Engine answers; ${why}`, close };
}

/** What with-engine.sh sets for the commands that it runs; undefined where it runs none. */
async function askForEngine(context) {
  const names = ["PATH", "DOCKER_HOST", "MYBROKER_ENGINE_TESTS"];
  const script = `console.log(JSON.stringify(process.env, ${JSON.stringify(names)}))`;
  const command = [
    "bash",
    join(context.root, "tools/testbed/with-engine.sh"),
    process.execPath,
    "-e",
    script,
  ];
  const { stdout } = await runCommand(context, { command, mayFail: true });
  return stdout === "" ? undefined : JSON.parse(stdout);
}
