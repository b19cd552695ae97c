import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FakeEngine, startFakeEngine } from "../../cli/engine/testing/fake-engine.js";
import { domainServices, services } from "../../contracts/testing/stack-files.js";
import { type CliRun, type CliSetting, runCli } from "../support/run-cli.js";
import { crashed, startFakeStack, starting, stopped, unhealthy } from "./fake-stack.js";

let folder: string;
let engine: FakeEngine | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-greeting-"));
  mkdirSync(join(folder, "empty"));
  mkdirSync(join(folder, "lab"));
  const repository = resolve(import.meta.dirname, "../..");
  for (const file of ["docker-compose.yml", ".env.example"])
    copyFileSync(join(repository, file), join(folder, "lab", file));
  // Not the brokers of a stack that this machine may have.
  writeFileSync(join(folder, "lab", ".env"), "KAFKA_HOST_PORT=1\nRABBITMQ_HOST_PORT=1\n");
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

function cli(words: readonly string[] = [], setting: CliSetting = {}): Promise<CliRun> {
  const env = { DOCKER_HOST: engine?.url ?? "unix:///nonexistent/docker.sock" };
  return runCli(words, { cwd: join(folder, "lab"), homeDir: folder, env, ...setting });
}

const tooLong = (text: string) => text.split("\n").filter((line) => line.length > 80);
const absent = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]));
const allOf = (entries: readonly (readonly [string, unknown])[]) => entries.map(([name]) => name);

/** How it stands, and below what to type. */
const states: readonly [string, () => Promise<FakeEngine | undefined>, string][] = [
  [
    "no engine",
    async () => undefined,
    `There is no Docker Engine at unix:///nonexistent/docker.sock (DOCKER_HOST).
Without it the stack runs embedded, in one process.

  mybroker up      start it and wait until everything answers
  mybroker demo    the same, and then a minute of it at work, explained
  mybroker --help  all commands
`,
  ],
  [
    "nothing runs",
    () => startFakeStack(absent(allOf(services))),
    `Project mybroker: nothing runs (on Docker 28.5.2).

  mybroker up      start it and wait until everything answers
  mybroker demo    the same, and then a minute of it at work, explained
  mybroker --help  all commands
`,
  ],
  [
    "all well",
    () => startFakeStack(),
    `Project mybroker: all 23 services ready, on Docker 28.5.2.

  mybroker order buy PETR4 100 --watch  an order, and what becomes of it
  mybroker tail orders                  what passes both brokers, live
  mybroker demo                         a minute of it at work, explained
  mybroker doctor                       is all well?
  mybroker --help                       all commands
`,
  ],
  [
    "the servers alone",
    () => startFakeStack(absent(allOf(domainServices))),
    `Project mybroker: 14 of 23 services ready, on Docker 28.5.2.
  not started  broker-gateway, broker-identity, broker-asset and 6 more

  mybroker up      start it and wait until everything answers
  mybroker ps      what runs, and where
  mybroker doctor  is all well?
  mybroker --help  all commands
`,
  ],
  [
    "on its way",
    () => startFakeStack({ kafka: starting, "broker-order": starting }),
    `Project mybroker: 21 of 23 services ready, on Docker 28.5.2.
  starting     kafka, broker-order

  mybroker ps --watch  how far it is
  mybroker doctor      what is wrong, and what to type
  mybroker --help      all commands
`,
  ],
  [
    "not well",
    () => startFakeStack({ kafka: unhealthy, "broker-order": crashed, "broker-report": stopped }),
    `Project mybroker: 20 of 23 services ready, on Docker 28.5.2.
  not well     kafka, broker-order
  stopped      broker-report

  mybroker doctor  what is wrong, and what to type
  mybroker ps      what runs, and where
  mybroker down    stop; data stays
  mybroker --help  all commands
`,
  ],
  [
    "one stopped by hand",
    () => startFakeStack({ "broker-report": stopped }),
    `Project mybroker: 22 of 23 services ready, on Docker 28.5.2.
  stopped      broker-report

  mybroker doctor  what is wrong, and what to type
  mybroker ps      what runs, and where
  mybroker down    stop; data stays
  mybroker --help  all commands
`,
  ],
];

describe("mybroker alone", () => {
  it("says what it is, and in a folder without a project how to make one", async () => {
    const run = await cli([], { cwd: join(folder, "empty") });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatchInlineSnapshot(`
      "mybroker 0.0.0-test: My Broker B3 on your machine, a stock brokerage and the
      exchange it trades on, as containers or in one process.

      There is no project in this folder.

        mybroker init my-lab  a project in a new folder; then  cd my-lab
        mybroker --help       all commands
      "
    `);
  });

  it.each(states)("%s", async (_, start, screen) => {
    engine = await start();
    const run = await cli();
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout.split("\n").slice(3).join("\n")).toBe(screen);
    expect(tooLong(run.stdout)).toEqual([]);
    const document = (await cli(["-o", "json"])).json();
    expect(document).toMatchObject({ ok: true, error: null, project: "mybroker" });
    expect(engine?.calls.filter(({ method }) => method !== "GET") ?? []).toEqual([]);
  });

  it.each(["GET /version", "GET /containers/json"])("waits a second at most for %s", async (route) => {
    engine = await startFakeEngine({ routes: { [route]: { hang: true } } });
    const startedMs = performance.now();
    const { exitCode, stdout } = await cli();
    expect(performance.now() - startedMs).toBeLessThan(2_500);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/has not (answered|listed its containers) within 0\.9 s/);
  });

  it("tells a file that cannot be read, and how to go on", async () => {
    const broken = join(folder, "broken");
    mkdirSync(broken);
    writeFileSync(join(broken, "compose.yaml"), "services: [");
    engine = await startFakeEngine();
    const { exitCode, stdout } = await cli([], { cwd: broken });
    expect(exitCode).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "mybroker 0.0.0-test: My Broker B3 on your machine, a stock brokerage and the
      exchange it trades on, as containers or in one process.

      compose.yaml:1: column 12: not valid YAML: Flow sequence in block collection
      must be sufficiently indented and end with a ].
      To do: Correct that line; indentation in YAML is made of spaces, never of tabs.

        mybroker --help  all commands
      "
    `);
  });
});

describe("mybroker demo", () => {
  it.each([
    ["broker-order", stopped, "broker-order is stopped"],
    ["kafka", unhealthy, "kafka is not well"],
    ["b3-core-db", null, "b3-core-db does not run"],
  ])("places nothing and changes nothing without %s", async (name, state, says) => {
    engine = await startFakeStack({ [name]: state });
    const { exitCode, stderr } = await cli(["demo"]);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `✖ An order would not get through: ${says}\n  Do      mybroker doctor    says why, and what to type\n`,
    );
    expect(engine.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("does without pages and metrics", async () => {
    engine = await startFakeStack({ grafana: stopped, prometheus: null, "kafka-ui": unhealthy });
    const { stdout, stderr } = await cli(["demo"]);
    expect(stdout).toContain("It runs already: 20 services ready; nothing is changed.");
    expect(stderr).not.toContain("would not get through");
    expect(engine.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  });
});
