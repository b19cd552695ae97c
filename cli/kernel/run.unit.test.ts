import { PassThrough } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { createTestContext, runCli } from "../../test/support/run-cli.js";
import { validateOutput } from "../../test/support/validate-output.js";
import { greetingCommand } from "../commands/greeting/definition.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandDefinition, CommandHandler } from "./command.js";
import { run } from "./run.js";

function command(handler: CommandHandler, more: Partial<CommandDefinition> = {}): CommandDefinition {
  return { name: "up", summary: "start", load: async () => handler, ...more };
}

describe("run", () => {
  it("greets when no command is given", async () => {
    const { exitCode, stdout, stderr } = await runCli([]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("mybroker up");
  });

  it("prints help that fits 80 columns", async () => {
    const run = await runCli(["--help"]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain("--project-directory <folder>");
    expect(run.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("answers an unknown flag of Compose with ours, exit 2", async () => {
    const run = await runCli(["up", "-q"], { commands: [command(async () => ({}))] });
    expect(run).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: "mybroker: unknown option -q. For quiet progress:  mybroker --progress quiet up\n",
    });
  });

  it("guesses what a misspelt flag and a misspelt command were meant to be", async () => {
    const commands = [command(async () => ({}), { options: [{ flags: "--infra", description: "" }] })];
    expect((await runCli(["up", "--infar"], { commands })).stderr).toBe(
      "mybroker: unknown option --infar. Did you mean:  --infra\n",
    );
    expect((await runCli(["upp"], { commands })).stderr).toBe(
      "mybroker: unknown command upp. Did you mean:  mybroker up\n",
    );
  });

  it("refuses a word too many instead of doing more than was asked", async () => {
    let calls = 0;
    const handler: CommandHandler = async () => {
      calls += 1;
      return {};
    };
    const down = await runCli(["down", "kafka"], { commands: [command(handler, { name: "down" })] });
    expect(down).toMatchObject({ exitCode: 2, stdout: "" });
    expect(down.stderr).toMatch(
      /^mybroker: .*down.*\.\n {2}To stop single services: {2}mybroker stop SERVICE\n$/,
    );
    expect(down.stderr).not.toContain("..");
    expect(down.stderr).toContain(": kafka.\n");
    const commands = [
      command(handler, { name: "open", arguments: [{ name: "[service]", description: "" }] }),
    ];
    expect((await runCli(["open", "a", "b"], { commands })).exitCode).toBe(2);
    expect((await runCli(["open", "a"], { commands })).exitCode).toBe(0);
    expect(calls).toBe(1);
  });

  it("knows no help of a command that there is not", async () => {
    const commands = [command(async () => ({}))];
    expect(await runCli(["help", "upp"], { commands })).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: "mybroker: unknown command upp. Did you mean:  mybroker up\n",
    });
    expect((await runCli(["help", "up"], { commands })).stdout).toContain("Usage: mybroker up");
  });

  it("ends the parser's sentence with one full stop", async () => {
    const run = await runCli(["up", "-o", "yaml"], { commands: [command(async () => ({}))] });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("json.\n  Its options:");
  });

  it("keeps hidden aliases out of the help", async () => {
    const commands = [command(async () => ({}), { name: "ps", aliases: [{ name: "status", hidden: true }] })];
    for (const argv of [["--help"], ["ps", "--help"]]) {
      const { stdout, exitCode } = await runCli(argv, { commands });
      expect(stdout).toContain("ps [options]");
      expect(stdout).not.toContain("status");
      expect(exitCode).toBe(0);
    }
    expect((await runCli(["status"], { commands })).exitCode).toBe(0);
  });

  it("ends a stream that a signal cut short without a word", async () => {
    const interruption = new AbortController();
    const commands = [
      command(
        async ({ context }) => {
          interruption.abort();
          context.signal.throwIfAborted();
          return {};
        },
        { name: "logs", kind: "stream" },
      ),
    ];
    const run = await runCli(["logs"], { commands, signal: interruption.signal });
    expect(run).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("takes global options before and after the command, the later one wins", async () => {
    const seen: unknown[] = [];
    const commands = [
      command(async ({ globals }) => {
        seen.push(globals.projectName, globals.output, globals.file);
        return {};
      }),
    ];
    await runCli(["-p", "one", "-f", "a.yml", "-f", "b.yml", "up", "-p", "two", "--json"], { commands });
    expect(seen).toEqual(["two", "json", ["a.yml", "b.yml"]]);
  });

  it("makes every line of stderr JSON with --progress json, the error too", async () => {
    const { stdout, stderr, exitCode } = await runCli(["up", "--progress", "json", "--debug"], {
      commands: [
        command(async ({ output }) => {
          output.note("a note");
          output.warn("a warning");
          output.debug("a detail");
          output.progress({ id: "a/b", label: "b", status: "working", text: "starting" });
          throw new MybrokerError({ code: "a.b", message: "no", exitCode: exitCodes.machine });
        }),
      ],
    });
    const lines = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { schema: string });
    for (const line of lines) validateOutput(line);
    expect(lines.map(({ schema }) => schema)).toEqual([
      ...Array(3).fill("mybroker/note@1"),
      "mybroker/progress@1",
      "mybroker/up@1",
    ]);
    expect(lines.at(-1)).toMatchObject({ ok: false, error: { code: "a.b", exitCode: 3 } });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 3 });
  });

  it("redacts values before they are escaped", async () => {
    const secret = 'test-secret"$\\end';
    const commands = [
      command(
        async ({ output }) => {
          output.redact(secret);
          return { data: { changed: true, text: secret }, text: [`it is ${secret}`] };
        },
        { name: "sample" },
      ),
    ];
    expect((await runCli(["sample", "--json"], { commands })).json().data).toMatchObject({ text: "••••" });
    expect((await runCli(["sample"], { commands })).stdout).toBe("it is ••••\n");
  });

  it("writes exactly one JSON document for a result and for an error, and nothing on stderr", async () => {
    const good = await runCli(["sample", "--json"], {
      commands: [command(async () => ({ data: { a: 1 }, project: "p" }), { name: "sample" })],
    });
    expect(good.json()).toEqual({
      schema: "mybroker/sample@1",
      ok: true,
      runtime: null,
      project: "p",
      data: { a: 1 },
      error: null,
    });
    const bad = await runCli(["up", "-o", "json"], {
      commands: [
        command(async () => {
          throw new MybrokerError({
            code: "a.b",
            message: "no",
            hint: "{mybroker} up",
            exitCode: exitCodes.machine,
          });
        }),
      ],
    });
    expect(bad.stderr).toBe("");
    expect(bad.exitCode).toBe(3);
    expect(bad.json().error).toEqual({
      code: "a.b",
      message: "no",
      hint: "mybroker up",
      exitCode: 3,
      details: null,
    });
    const usage = await runCli(["up", "--json", "--nope"], { commands: [command(async () => ({}))] });
    expect(usage).toMatchObject({ exitCode: 2, stderr: "" });
    expect(usage.json().error?.code).toBe("usage.unknown-option");
  });

  it("shows a stack only for what nobody foresaw, with exit 70", async () => {
    const bug = await runCli(["up"], {
      commands: [
        command(async () => {
          throw new TypeError("x is undefined");
        }),
      ],
    });
    expect(bug.exitCode).toBe(70);
    expect(bug.stderr).toMatch(/at .*run\.unit\.test\.ts/);
    const foreseen = await runCli(["up"], {
      commands: [
        command(async () => {
          throw new MybrokerError({ code: "a.b", message: "taken", hint: "{mybroker} down", exitCode: 3 });
        }),
      ],
    });
    expect(foreseen.stderr).toBe("✖ taken\n  Do      mybroker down\n");
  });

  it("never prints a registered secret, on no channel", async () => {
    const secret = "s3cr3t-of-a-test";
    const { stdout, stderr } = await runCli(["up", "--progress", "plain"], {
      commands: [
        command(async ({ output }) => {
          output.redact(secret);
          output.note(`note ${secret}`);
          output.progress({ id: "x", label: "x", status: "working", text: secret });
          await output.line(`line ${secret}`);
          return { text: [`text ${secret}`] };
        }),
      ],
    });
    expect(stdout + stderr).not.toContain(secret);
    expect(stdout).toBe("line ••••\ntext ••••\n");
  });

  it("refuses a question outside a terminal and names the flag", async () => {
    const { exitCode, stderr } = await runCli(["up"], {
      commands: [
        command(async ({ output }) => {
          await output.confirm("Delete it?", "--yes");
          return {};
        }),
      ],
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("answer it with --yes");
  });

  it("writes no ANSI off a terminal, and none with NO_COLOR on one", async () => {
    const commands = [command(async ({ output }) => ({ text: [output.style.red("red")] }))];
    expect((await runCli(["up"], { commands })).stdout).toBe("red\n");
    expect((await runCli(["--color", "always", "up"], { commands })).stdout).toBe(
      "\u001b[38;5;167mred\u001b[39m\n",
    );
    expect(
      (await runCli(["up", "--progress", "plain"], { commands, tty: true, env: { NO_COLOR: "1" } })).stdout,
    ).toBe("red\n");
  });

  it("draws nothing on a terminal that was told no size, where lines have no number", async () => {
    const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 0, rows: 0 });
    const written: string[] = [];
    stderr.setEncoding("utf8").on("data", (text: string) => written.push(text));
    const working = command(async ({ output }) => {
      output.progress({ id: "kafka", label: "kafka", status: "working", text: "pulling" });
      return {};
    });
    const exitCode = await run({
      argv: ["up"],
      context: createTestContext({ tty: true }),
      commands: [working],
      greeting: greetingCommand,
      streams: { stdin: new PassThrough(), stdout: new PassThrough().resume(), stderr },
    });
    expect({ exitCode, written: written.join("") }).toEqual({
      exitCode: 0,
      written: expect.stringMatching(/^ {2}kafka +pulling\n$/),
    });
  });

  it("says that it was interrupted, and the command that goes on", async () => {
    const interruption = new AbortController();
    const run = await runCli(["-p", "it's", "up"], {
      signal: interruption.signal,
      commands: [
        command(async ({ context }) => {
          interruption.abort(new Error("SIGINT"));
          context.signal.throwIfAborted();
          return {};
        }),
      ],
    });
    expect(run).toMatchObject({
      exitCode: 130,
      stderr: "✖ Interrupted: what was done stays done\n  Do      go on:  mybroker -p 'it'\\''s' up\n",
    });
  });

  it("says that it has heard of an interruption, where something takes longer than a second to end", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const down = async (takesMs: number) => {
        const interruption = new AbortController();
        const ending = async () => {
          interruption.abort(new Error("SIGINT"));
          vi.advanceTimersByTime(takesMs);
          return {};
        };
        return (await runCli(["up"], { signal: interruption.signal, commands: [command(ending)] })).stderr;
      };
      expect(await down(999)).toBe("");
      expect(await down(1_000)).toMatch(
        /^Interrupted: what has begun is brought to its end; Ctrl-C once more/,
      );
    } finally {
      vi.useRealTimers();
    }
  });

  it("refuses a runtime that is not there, also from the environment", async () => {
    const run = await runCli(["up"], {
      commands: [command(async () => ({}))],
      env: { MYBROKER_RUNTIME: "podman" },
    });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("unknown runtime podman in MYBROKER_RUNTIME");
  });
});
