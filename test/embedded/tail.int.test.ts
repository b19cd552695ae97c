import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { validateOutput } from "../support/validate-output.js";
import { stopReading } from "../tail/slow-reader.js";
import { waitUntil } from "./support/wait-until.js";

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  expect(await project.run("--runtime", "embedded", "up")).toMatchObject({ exitCode: 0 });
  expect(await project.run("order", "buy", "PETR4", "100", "--watch")).toMatchObject({ exitCode: 0 });
}, 180_000);
afterAll(async () => {
  await project.remove();
  cli.remove();
});

/** Of a process that is not started by the project itself. */
function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: project.stateFolder,
    XDG_STATE_HOME: project.stateFolder,
    DOCKER_HOST: `unix://${project.folder}/no-docker.sock`,
  };
}

/** The lines of docs/commands/tail.md that begin with `mybroker tail`, as a shell reads them. */
const page = readFileSync(resolve(import.meta.dirname, "../../docs/commands/tail.md"), "utf8");
const examples = [...page.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = ""]) => block.trimEnd().split("\n"))
  .map((line) => line.replace(/ +# [^']*$/, ""));

/** Words of a line with single quotes only. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
}

describe("docs/commands/tail.md", () => {
  it("has examples", () => {
    expect(examples.length).toBeGreaterThan(20);
    expect(examples.filter((line) => !line.startsWith("mybroker tail"))).toEqual([]);
  });

  it.each(examples)("%s", async (line) => {
    const [, ...words] = wordsOf(line);
    // Those that go on for ever end when nothing comes.
    const ends = /--no-follow|--idle-timeout|--stop-when|--limit/.test(line);
    const { exitCode, stderr } = await project.run(
      ...words,
      ...(ends ? [] : ["--idle-timeout", "300ms", "--limit", "50"]),
    );
    expect(exitCode, stderr).toBe(0);
    if (!line.includes("-o json")) expect(stderr).toMatch(/\d+ messages?/);
  });
});

describe("tail as a process", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends with a summary on %s", async (signal, exitCode) => {
    const child = project.start(["tail", "orders"]);
    await waitUntil(() => child.stdoutSoFar().includes("FILLED"));
    child.kill(signal);
    const ended = await child.ended;
    expect(ended.exitCode).toBe(exitCode);
    expect(ended.stderr).toMatch(/\n\d+ messages$/);
  });

  it("ends with 0 when its reader has enough, and puts the firehose back", async () => {
    // Quotes come every few seconds, so there is always a next write that meets the closed pipe.
    const command = 'set -o pipefail; "$0" "$1" tail quotes --firehose -n all | head -n 1';
    const { exitCode, stdout, stderr } = await execa("bash", ["-c", command, process.execPath, cli.program], {
      cwd: project.folder,
      env: environment(),
      extendEnv: false,
      reject: false,
    });
    expect([exitCode, stdout.split("\n").length], stderr).toEqual([0, 1]);
    expect(stderr).not.toContain("Error");
    const next = await project.run("tail", "orders", "-n", "1", "--no-follow");
    expect(next.stderr).not.toContain("tracing off");
  });

  it("switches the tracing off that a killed one left on, and says so once", async () => {
    const child = project.start(["tail", "quotes", "--firehose", "-n", "0"]);
    await waitUntil(() => child.stderrSoFar().includes("from now on"));
    child.kill("SIGKILL");
    await child.ended;
    const look = async () => (await project.run("tail", "orders", "-n", "1", "--no-follow")).stderr;
    const said = "Switched rabbitmq's tracing off, which a killed tail had left on.\n";
    expect(await look()).toContain(said);
    expect(await look()).not.toContain(said);
  });

  it("ends soon after its reader, also when nothing comes", async () => {
    const command = 'set -o pipefail; "$0" "$1" tail wallet | head -n 1';
    const { exitCode, stdout } = await execa("bash", ["-c", command, process.execPath, cli.program], {
      ...{ cwd: project.folder, env: environment(), extendEnv: false, reject: false, timeout: 10_000 },
    });
    expect([exitCode, stdout.split("\n").length]).toEqual([0, 1]);
  });

  it("costs bounded memory while its reader stops, and prints or counts each message", async () => {
    const text = readFileSync(join(project.folder, ".env"), "utf8");
    const password = /^RABBITMQ_PASSWORD=(.*)$/m.exec(text)?.[1] ?? "";
    const { kafka, rabbitmq } = project.ports;
    const each = 40_000;
    const figures = await stopReading({
      ...{ program: cli.program, folder: project.folder, env: environment(), each },
      kafka: `127.0.0.1:${kafka}`,
      rabbitmq: { host: "127.0.0.1", port: rabbitmq, user: "mybroker", password },
    });
    expect(figures.kafka).toBe(each);
    expect(figures.rabbit + figures.dropped).toBe(each);
    expect(figures.dropped).toBeGreaterThan(0);
    expect(figures.notes).toContain(`${each + figures.rabbit} messages, ${figures.dropped} dropped\n`);
    expect(figures.peakMib).toBeLessThan(250);
  }, 60_000);

  it("follows the trace of an open order on a terminal, until it is final", async () => {
    const placed = await project.run("order", "buy", "PETR4", "100", "--price", "1");
    const [orderId = ""] = /\b01[\da-f]{6}-[\da-f-]+/.exec(placed.stdout) ?? [];
    const words = [process.execPath, cli.program, "tail", "--trace", orderId];
    const terminal = execa("script", ["-qec", words.join(" "), "/dev/null"], {
      ...{ cwd: project.folder, env: environment(), extendEnv: false, reject: false, timeout: 30_000 },
    });
    let seen = "";
    terminal.stdout.on("data", (text) => {
      seen += text;
    });
    await waitUntil(() => seen.includes("<- ACCEPTED"));
    expect(seen).not.toContain("DELETE");
    expect(await project.run("order", "cancel", orderId)).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await terminal;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/DELETE \/api\/v1\/orders[\s\S]*<- CANCELLED[\s\S]*REFUND told/);
    // Each hop once, however often it is looked at.
    expect(stdout.match(/NEW taken/g)).toHaveLength(1);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/\d+ hops in ms from the first/);
  });

  it("marks what it may have missed while a broker was away, and goes on", async () => {
    const child = project.start(["tail", "orders", "-n", "0"]);
    const program = project.start(["tail", "orders", "-n", "0", "-o", "json"]);
    await waitUntil(() => child.stderrSoFar().includes("from now on"));
    const countOf = (pattern: RegExp, text: string) => (text.match(pattern) ?? []).length;
    expect(await project.run("restart", "kafka", "rabbitmq")).toMatchObject({ exitCode: 0 });
    const limitMs = 30_000;
    await waitUntil(() => countOf(/reconnected after/g, child.stderrSoFar()) === 2, { limitMs });
    expect(child.stderrSoFar()).toMatch(/! reconnected after \d+\.\d s, kafka: 0 missed\n/);
    await project.run("order", "buy", "VALE3", "100", "--watch");
    await waitUntil(() => /kafka .*VALE3.*FILLED/.test(child.stdoutSoFar()));
    await waitUntil(() => countOf(/"status":"FILLED"/g, program.stdoutSoFar()) === 2);
    for (const running of [child, program]) running.kill("SIGINT");
    expect((await child.ended).stdout).toMatch(/rabbit {2}<- b3 .*FILLED/);
    const { stdout, stderr } = await program.ended;
    expect(stderr).toBe("");
    const kinds = stdout.split("\n").map((line) => {
      const record = JSON.parse(line);
      validateOutput(record);
      return record.data.kind as string;
    });
    expect(kinds.filter((kind) => kind === "gap")).toHaveLength(2);
  });
});
