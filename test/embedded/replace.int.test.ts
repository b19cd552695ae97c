import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isProcessAlive } from "../../cli/kernel/process-alive.js";
import { askProgram, program, waitForProgram } from "../replace/ask-program.js";
import { copySource } from "../replace/copy-source.js";
import { type BuiltCli, buildCli, type Child } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { findFreePorts } from "../support/free-ports.js";
import { validateOutput } from "../support/validate-output.js";

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  const up = await project.run("up");
  if (up.exitCode !== 0) throw new Error(up.stderr);
}, 180_000);
afterAll(async () => {
  await project?.remove();
  cli?.remove();
});

const started: Child[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill("SIGTERM");
    await child.ended;
  }
});

const port = () => project.portOf("broker-order");

/** `mybroker replace` of broker-order, or with these words in front of the command. */
function replace({
  words = ["broker-order"],
  args = [] as readonly string[],
  command = program as readonly string[],
} = {}): Child {
  const child = project.start(["replace", ...words, "--", ...command, ...args]);
  started.push(child);
  return child;
}

/** The document of one that takes no place. What stands after -- is the program's, so -o json comes first. */
async function refusal(...words: string[]): Promise<{ code: string; exitCode: number } | null> {
  const { stdout } = await project.run("-o", "json", "replace", ...words);
  const document = JSON.parse(stdout);
  validateOutput(document);
  return document.error;
}

async function stateOf(service: string): Promise<string | undefined> {
  const { data } = await project.json<{ services: { state: string }[] }>("ps", service);
  return data.services[0]?.state;
}

async function hasOurs(): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port()}/health/ready`).catch(() => undefined);
  return answer?.status === 200 && !("program" in ((await answer.json()) as object));
}

async function expectGivenBack(): Promise<void> {
  await expect.poll(hasOurs, { timeout: 30_000 }).toBe(true);
  expect(await stateOf("broker-order")).toBe("ready");
}

describe("a program in a service's place", () => {
  it("has its environment and its callers until it ends, and its exit code is the command's", async () => {
    const replacing = replace();
    const { env } = await waitForProgram(port());
    expect(env).toMatchObject({
      HOST: "127.0.0.1",
      PORT: String(port()),
      KAFKA_BROKERS: `127.0.0.1:${project.ports.kafka}`,
      RABBITMQ_URL: `amqp://127.0.0.1:${project.ports.rabbitmq}`,
      WALLET_URL: `http://127.0.0.1:${project.portOf("broker-wallet")}`,
      SERVICE_TOKEN: expect.stringMatching(/^[\w-]{20,}$/),
    });
    const token = (await project.run("token")).stdout;
    const orders = `http://127.0.0.1:${project.portOf("broker-gateway")}/api/v1/orders`;
    const answer = await fetch(orders, { headers: { authorization: `Bearer ${token}` } });
    expect(await answer.json()).toMatchObject({ program: expect.any(Number) });
    await fetch(`http://127.0.0.1:${port()}/end?code=7`);
    const { exitCode, stderr } = await replacing.ended;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 7,
      stderr: expect.stringMatching(
        /is broker-order now, on 127\.0\.0\.1:\d+.*\nGiving broker-order back\.$/,
      ),
    });
    await expectGivenBack();
  });

  it("is left there by up, start and restart, and no second one takes it", async () => {
    const replacing = replace();
    const { program: pid } = await waitForProgram(port());
    const place = /broker-order: a program is in its place \(mybroker replace, pid \d+\)/;
    for (const words of [["up"], ["up", "broker-order"], ["start"], ["restart", "broker-order"], ["ps"]]) {
      const run = await project.run(...words);
      expect([words, run.exitCode, run.stderr]).toEqual([words, 0, expect.stringMatching(place)]);
      expect((await askProgram(port()))?.program).toBe(pid);
    }
    expect(await refusal("broker-order", "--port", "1", "--", "true")).toMatchObject({
      code: "replace.busy",
      exitCode: 3,
    });
    replacing.kill("SIGINT");
    await replacing.ended;
    await expectGivenBack();
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends with all that it started at %s, and the service is back", async (signal, exitCode) => {
    const replacing = replace({ args: ["parent"] });
    const { program: child, parent } = await waitForProgram(port());
    replacing.kill(signal);
    expect((await replacing.ended).exitCode).toBe(exitCode);
    expect([child, parent].filter(isProcessAlive)).toEqual([]);
    await expectGivenBack();
  });

  it("ends with all that it started where the command is killed, even if it does not want to", async () => {
    const replacing = replace({ args: ["parent", "stubborn"] });
    const { program: child, parent } = await waitForProgram(port());
    replacing.kill("SIGKILL");
    // Until the one that keeps the place has given it back.
    expect(await refusal("broker-order", "--", "true")).toMatchObject({ code: "replace.busy" });
    await expectGivenBack();
    expect([child, parent].filter(isProcessAlive)).toEqual([]);
  });

  it("listens on another port with --port, and is reached at the service's", async () => {
    const [other = 0] = await findFreePorts(1);
    const replacing = replace({ words: ["broker-order", "--port", String(other)] });
    const { program: pid, env } = await waitForProgram(port());
    expect(env.PORT).toBe(String(other));
    expect((await askProgram(other))?.program).toBe(pid);
    replacing.kill("SIGTERM");
    await replacing.ended;
    await expectGivenBack();
  });

  it("may have the terminal's input", async () => {
    const command = `echo hello | exec "$0" "$@"`;
    const words = ["replace", "broker-order", "--", "sh", "-c", 'read word; echo "heard $word"'];
    const { stdout } = await execa("sh", ["-c", command, process.execPath, cli.program, ...words], {
      cwd: project.folder,
      env: { XDG_STATE_HOME: project.stateFolder },
    });
    expect(stdout).toBe("heard hello");
    await expectGivenBack();
  });

  it("is one of two in the places of two services", async () => {
    const both: Child[] = [];
    const pids: number[] = [];
    // One after the other: while one takes its place, the project is its own (project.busy).
    for (const service of ["broker-order", "broker-report"]) {
      both.push(replace({ words: [service] }));
      pids.push((await waitForProgram(project.portOf(service))).program);
    }
    expect(pids.map(isProcessAlive)).toEqual([true, true]);
    expect(new Set(pids).size).toBe(2);
    for (const replacing of both) replacing.kill("SIGTERM");
    for (const replacing of both) expect((await replacing.ended).exitCode).toBe(143);
    await expectGivenBack();
    expect(await stateOf("broker-report")).toBe("ready");
  });
});

describe("nothing is replaced", () => {
  it("by a program that cannot be started", async () => {
    expect(await refusal("broker-order", "--", "/no/such/program")).toMatchObject({
      code: "replace.command",
      exitCode: 3,
    });
    await expectGivenBack();
  });

  it("where the program's port is taken", async () => {
    const taken = String(project.ports.kafka);
    expect(await refusal("broker-order", "--port", taken, "--", "true")).toMatchObject({
      code: "ports.taken",
      exitCode: 3,
    });
    await expectGivenBack();
  });

  it.each([
    ["kafka", [], "usage.not-replaceable"],
    ["broker-ordr", [], "usage.unknown-service"],
    ["broker-order", ["--port", "0"], "usage.invalid-value"],
  ])("of %s %j", async (service, options, code) => {
    expect(await refusal(service, ...options, "--", "true")).toMatchObject({ code, exitCode: 2 });
  });

  it("without a program outside of a clone", async () => {
    expect(await refusal("broker-order")).toMatchObject({ code: "replace.no-source", exitCode: 2 });
  });

  it("in a dry run", async () => {
    const run = await project.run("replace", "broker-order", "--dry-run", "--", "sh", "-c", "exit 9");
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("broker-order") });
    expect(await hasOurs()).toBe(true);
  });
});

it("prints one document with -o json, and the program's words beside it", async () => {
  const { stdout, stderr, exitCode } = await project.run(
    ...["-o", "json", "replace", "broker-order", "--", "sh", "-c", "echo words; exit 4"],
  );
  expect(exitCode).toBe(4);
  expect(stderr).toContain("words");
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    runtime: "embedded",
    data: { service: "broker-order", exitCode: 4, restored: true },
  });
});

describe("ours from the clone's source", () => {
  it("starts without a word, again at each change, and goes on while the source is broken", async () => {
    const clone = copySource(project.folder);
    const gateway = project.portOf("broker-gateway");
    const live = async () =>
      (await fetch(`http://127.0.0.1:${gateway}/health/live`).catch(() => undefined))?.status;
    const replacing = project.start(["replace", "broker-gateway"]);
    started.push(replacing);
    const says = (text: string) => expect.poll(replacing.stderrSoFar, { timeout: 30_000 }).toContain(text);
    await says("is broker-gateway now");
    clone.change('console.error("first change");');
    await says("first change");
    clone.change("this is no JavaScript");
    await says("[ERROR]");
    expect(await live()).toBe(200);
    clone.change('console.error("second change");');
    await says("second change");
    await expect.poll(live, { timeout: 30_000 }).toBe(200);
    replacing.kill("SIGINT");
    expect((await replacing.ended).exitCode).toBe(130);
    expect(clone.leftovers()).toEqual([]);
    await expect.poll(live, { timeout: 30_000 }).toBe(200);
  });
});

it("goes on without the project, and ends well", async () => {
  const replacing = replace();
  const { program: pid } = await waitForProgram(port());
  expect((await project.run("down")).exitCode).toBe(0);
  expect((await askProgram(port()))?.program).toBe(pid);
  replacing.kill("SIGTERM");
  expect((await replacing.ended).exitCode).toBe(143);
  expect((await project.run("up")).exitCode).toBe(0);
  await expectGivenBack();
});
