import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busybox, createFixture, type Fixture } from "../faults/fixture.js";
import { type CliRun, runCli } from "../support/run-cli.js";

let stack: Fixture;

/** Each writes a few lines and stays, so that restarts of one do not end the others. */
const services = `
  early:
    image: ${busybox}
    command: [sh, -c, 'echo early one; sleep 0.3; echo early two >&2; exec sleep 600']
    init: true
  late:
    image: ${busybox}
    command: [sh, -c, 'sleep 0.15; echo late one; sleep 0.3; echo late two; exec sleep 600']
    init: true
  terminal:
    image: ${busybox}
    command: [sh, -c, 'echo on a terminal; echo second line; exec sleep 600']
    init: true
    tty: true
  flood:
    image: ${busybox}
    command: [sh, -c, 'i=0; while [ $$i -lt 5000 ]; do printf "ab"; i=$$((i+1)); done; echo; exec sleep 600']
    init: true
  wide:
    image: ${busybox}
    command: [sh, -c, 'head -c 20971520 /dev/zero | tr "\\\\0" x; echo; echo after; exec sleep 600']
    init: true
  counter:
    image: ${busybox}
    command: [sh, -c, 'echo begin; n=0; while [ $$n -lt 400 ]; do n=$$((n+1)); echo "line $$n"; sleep 0.05; done']
    init: true`;

beforeAll(async () => {
  stack = await createFixture("logs");
  stack.compose(services.slice(1));
  expect((await stack.cli("up", "--json")).json().error).toBeNull();
  await lineOf("wide", "after");
  await lineOf("late", "late two");
});

afterAll(() => stack?.remove());

interface LogRecord {
  service: string;
  container: string;
  channel: string;
  time: string;
  text: string;
}

/** Runs `logs`, handing each line to `onLine` as it comes; its return value true ends the run as Ctrl-C does. */
async function follow(args: readonly string[], onLine: (line: string) => unknown): Promise<CliRun> {
  const interruption = new AbortController();
  let rest = "";
  return runCli(["logs", "-f", ...args], {
    cwd: stack.folder,
    homeDir: stack.home,
    env: stack.env,
    signal: interruption.signal,
    onOutput: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (onLine(line) === true) interruption.abort();
    },
  });
}

/** Resolves once the service has written the line. */
async function lineOf(service: string, wanted: string): Promise<void> {
  await follow([service, "--no-log-prefix"], (line) => line === wanted);
}

async function records(...args: string[]): Promise<LogRecord[]> {
  const run = await stack.cli("logs", ...args, "-o", "json");
  expect(run.stderr).toBe("");
  return run.records().map(({ data }) => data as LogRecord);
}

/** What the two services wrote, read one by one and put in order here. */
async function mergedLines(): Promise<string[]> {
  const lines = [...(await records("early")), ...(await records("late"))];
  const ordered = lines.sort((left, right) => (left.time < right.time ? -1 : 1));
  return ordered.map(({ service, text }) => `${service.padEnd(5)} | ${text}`);
}

describe("logs", () => {
  it("merges containers by time, with the service before each line", async () => {
    const { stdout, exitCode } = await stack.cli("logs", "early", "late");
    expect(stdout.trimEnd().split("\n")).toEqual(await mergedLines());
    expect(exitCode).toBe(0);
  });

  it("gives records with channel and time, in order over all containers", async () => {
    const lines = await records("early", "late", "terminal");
    expect(lines.find(({ text }) => text === "early two")).toMatchObject({
      service: "early",
      container: `${stack.project}-early-1`,
      channel: "stderr",
    });
    const times = lines.map(({ time }) => time);
    expect(times).toEqual([...times].sort());
    expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
  });

  it("takes lines from the end of each container", async () => {
    const last = await stack.cli("logs", "-n", "1", "--no-log-prefix", "early", "late");
    expect(last.stdout.split("\n").sort()).toEqual(["", "early two", "late two"]);
    expect((await stack.cli("logs", "-n", "0", "early")).stdout).toBe("");
    expect((await stack.cli("logs", "-n", "all", "early")).stdout.split("\n")).toHaveLength(3);
    expect((await stack.cli("logs", "-n", "-3")).exitCode).toBe(2);
  });

  it("takes times: since and until, points and spans", async () => {
    const all = await records("early", "late");
    const between = ["--since", all[1]?.time ?? "", "--until", all[2]?.time ?? ""];
    expect(await records("early", "late", ...between)).toEqual(all.slice(1, 3));
    expect(await records("early", "--until", "24h")).toEqual([]);
    expect(await records("early", "--since", "24h")).toHaveLength(2);
    expect(await stack.cli("logs", "--since", "yesterday")).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it("filters by a regular expression and prints times with -t", async () => {
    const found = await stack.cli("logs", "--grep", "^(early|late) one$", "--no-log-prefix");
    expect(found.stdout.split("\n").sort()).toEqual(["", "early one", "late one"]);
    expect((await stack.cli("logs", "--grep", "(")).exitCode).toBe(2);
    expect((await stack.cli("logs", "-t", "--no-log-prefix", "-n", "1", "early")).stdout).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z early two\n$/,
    );
  });

  it("reads a container with a terminal", async () => {
    const lines = await records("terminal");
    expect(lines.map(({ text, channel }) => `${channel} ${text}`)).toEqual([
      "stdout on a terminal",
      "stdout second line",
    ]);
  });

  it("joins 5,000 writes of two bytes", async () => {
    expect((await records("flood")).map(({ text }) => text).join("")).toBe("ab".repeat(5000));
  });

  it("reads a line of 20 MiB in linear time", async () => {
    const startedMs = performance.now();
    const lines = await records("wide");
    expect(lines.map(({ text }) => text.length)).toEqual([20 * 1024 * 1024, 5]);
    expect(/^x+$/.test(lines[0]?.text ?? "")).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it("guesses a misspelt service", async () => {
    expect((await stack.cli("logs", "eraly")).stderr).toBe(
      "mybroker: unknown service eraly. Did you mean:  early\n",
    );
  });
});

describe("logs --follow", () => {
  it("goes on across a restart, without a gap and without a repeat", async () => {
    const lines: string[] = [];
    let restarted = false;
    const { exitCode } = await follow(["--no-log-prefix", "counter"], (line) => {
      lines.push(line);
      if (!restarted && line !== "begin" && lines.length > 3) {
        restarted = true;
        void stack.cli("restart", "-t", "0", "counter");
      }
      return lines.filter((each) => each === "begin").length === 2 && line === "line 5";
    });
    expect(exitCode).toBe(0);
    const again = lines.lastIndexOf("begin");
    for (const part of [lines.slice(0, again), lines.slice(again)]) {
      expect(part).toEqual(["begin", ...part.slice(1).map((_, index) => `line ${index + 1}`)]);
    }
  }, 30_000);

  it("prints what there is in time order before it follows", async () => {
    const lines: string[] = [];
    await follow(["early", "late"], (line) => lines.push(line) === 4);
    expect(lines).toEqual(await mergedLines());
  }, 30_000);

  it("follows a container that is recreated", async () => {
    const seen: string[] = [];
    stack.compose(`${services.slice(1).replace("early two", "early changed")}`);
    let recreating: Promise<CliRun> | undefined;
    await follow(["early", "--no-log-prefix"], (line) => {
      seen.push(line);
      recreating ??= stack.cli("up", "-t", "0", "early");
      return line === "early changed";
    });
    expect(seen).toEqual(["early one", "early two", "early one", "early changed"]);
    expect((await recreating)?.exitCode).toBe(0);
  }, 30_000);

  it("ends by itself when nothing runs any more", async () => {
    expect((await stack.cli("stop", "-t", "0", "early")).exitCode).toBe(0);
    const run = await follow(["early"], () => false);
    expect(run.exitCode).toBe(0);
  }, 30_000);
});
