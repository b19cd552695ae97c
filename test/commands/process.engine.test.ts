import { once } from "node:events";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busybox, createFixture, type Fixture } from "../faults/fixture.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";

let stack: Fixture;
let built: BuiltCli;

beforeAll(async () => {
  [stack, built] = await Promise.all([createFixture("process"), buildCli()]);
  stack.compose(
    `
  counter:
    image: ${busybox}
    command: [sh, -c, 'while :; do echo line; sleep 0.01; done']
    init: true`.slice(1),
  );
  expect((await stack.cli("up", "--json")).json().error).toBeNull();
});

afterAll(async () => {
  built?.remove();
  await stack?.remove();
});

/** A pipeline of a shell; `$mybroker` is the program. The exit code is that of the pipeline's first command. */
async function shell(pipeline: string, input = "") {
  const script = `mybroker="${process.execPath} ${built.program}"; ${pipeline}; exit "\${PIPESTATUS[0]}"`;
  const env = { ...stack.env, HOME: stack.home };
  const options = { cwd: stack.folder, env, extendEnv: false, reject: false, input } as const;
  const { exitCode, stdout, stderr } = await execa("bash", ["-c", script], options);
  return { exitCode, stdout, stderr };
}

describe("the CLI as a process", { timeout: 30_000 }, () => {
  it("ends logs with 0 when its reader goes away", async () => {
    for (const format of ["text", "json"]) {
      const run = await shell(`$mybroker -o ${format} logs -f | head -n 2 | wc -l`);
      expect(run).toEqual({ exitCode: 0, stdout: "2", stderr: "" });
    }
  });

  it("hands a pipe to a command in a container, and its output and exit code back", async () => {
    const run = await shell("seq 1000 | ($mybroker exec counter sh -c 'wc -l; exit 5')");
    expect(run.stdout).toBe("1000");
    const code = await shell("$mybroker exec counter sh -c 'cat; exit 5' | cat", "from stdin");
    expect(code).toEqual({ exitCode: 5, stdout: "from stdin", stderr: "" });
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends logs -f and ps --watch on %s with %i and without a word", async (signal, exitCode) => {
    for (const args of [
      ["logs", "-f"],
      ["ps", "--watch"],
    ]) {
      const env = { ...stack.env, HOME: stack.home };
      const options = { cwd: stack.folder, env, extendEnv: false, reject: false } as const;
      const child = execa(process.execPath, [built.program, ...args], options);
      // The first line shows it at work.
      await once(child.stdout, "data");
      child.kill(signal);
      expect(await child).toMatchObject({ exitCode, stderr: "" });
    }
  });
});
