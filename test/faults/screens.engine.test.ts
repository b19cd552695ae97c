import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePorts } from "../support/free-ports.js";
import type { CliRun } from "../support/run-cli.js";
import { testSecret } from "./expect-named.js";
import { busybox, createFixture, type Fixture, imageOf } from "./fixture.js";

let fixture: Fixture;
let port: number;
beforeAll(async () => {
  fixture = await createFixture("screens");
  [port = 0] = await findFreePorts(1);
  fixture.write(".env.example", `LOG_LEVEL=info\nCACHE_HOST_PORT=${port}\n# secret\nCACHE_PASSWORD=\n`);
  fixture.compose(
    `
  cache:
    image: ${imageOf("B3_MARKET_CACHE")}
    command: [redis-server, --requirepass, "\${CACHE_PASSWORD:?}"]
    environment: { LOG_LEVEL: "\${LOG_LEVEL}", CACHE_PASSWORD: "\${CACHE_PASSWORD:?}" }
    ports: ["127.0.0.1:\${CACHE_HOST_PORT}:6379"]
    volumes: ["data:/data"]
    x-mybroker: { kind: redis, port: 6379, credentials: { password: CACHE_PASSWORD } }
  app:
    image: ${busybox}
    command: [sh, -c, "while :; do sleep 3600; done"]
    stop_signal: SIGKILL
    depends_on: [cache]`,
    "volumes: { data: {} }",
  );
  // Its screen depends on what the engine has already.
  const pull = await fixture.cliWith({ CACHE_PASSWORD: testSecret }, "pull");
  expect(pull.exitCode, pull.stderr).toBe(0);
});
afterAll(() => fixture.remove());

/** Times, ids, ports and the project's name are of this run only. */
function normalise(text: string): string {
  return text
    .replaceAll(fixture.project, "PROJECT")
    .replaceAll(fixture.folder, "CLONE")
    .replaceAll(String(port), "PORT")
    .replace(/\b\d+(\.\d+)? ?(ms|s)\b|\b\d+:\d\d\b/g, "TIME")
    .replace(/Docker \S+ \([^)]*\)/g, "Docker VERSION (SOURCE)")
    .replace(/[ \t]+(?=TIME)/g, " ")
    .replace(/[ \t]+$/gm, "");
}

/** What is on the screen: the progress of services that start side by side comes in any order. */
function screenOf({ stdout, stderr }: CliRun): string {
  const notes = stderr.trimEnd().split("\n");
  const progress = notes.filter((line) => /^ {2}\S/.test(line)).sort();
  const others = notes.filter((line) => !/^ {2}\S/.test(line));
  return normalise([...others, ...progress, "", stdout].join("\n"));
}

describe("the screens of a stack's day", () => {
  it("up for the first time", async () => {
    const run = await fixture.cli("up");
    expect(run.exitCode, run.stderr).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      ".env written: 1 secret.
      Docker VERSION (SOURCE).
        app                    creating
        app                    ready TIME  running, no healthcheck
        app                    starting
        app                    waits for cache
        cache                  creating
        cache                  ready TIME  127.0.0.1:PORT
        cache                  starting

      2 ready in TIME.
      Next:  mybroker ps      mybroker logs -f      docker compose ps
      "
    `);
  });

  it("up again", async () => {
    const run = await fixture.cli("up");
    expect(run.exitCode).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      "Docker VERSION (SOURCE).

      2 ready, nothing to do (TIME).
      Next:  mybroker ps      mybroker logs -f      docker compose ps
      "
    `);
  });

  it("ps", async () => {
    const run = await fixture.cli("ps");
    expect(run.exitCode).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      "

      SERVICE  STATE    SINCE  ADDRESS
      cache    running TIME    127.0.0.1:PORT
      app      running TIME

      Next:  mybroker logs -f
      "
    `);
  });

  it("up --dry-run after a key of the environment changed: it is named", async () => {
    const run = await fixture.cliWith({ LOG_LEVEL: "debug" }, "up", "--dry-run");
    expect(run.exitCode).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      "Docker VERSION (SOURCE).

      recreate PROJECT-cache-1  environment.LOG_LEVEL changed
          environment.LOG_LEVEL: info -> debug
      start PROJECT-cache-1     was just made
      Next:  mybroker up
      "
    `);
  });

  it("up --dry-run after a secret changed: its name and nothing of its value", async () => {
    const run = await fixture.cliWith({ CACHE_PASSWORD: testSecret }, "up", "--dry-run");
    expect(run.exitCode).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      "Docker VERSION (SOURCE).

      recreate PROJECT-cache-1  command and environment.CACHE_PASSWORD changed
          command: •••• -> ••••
          environment.CACHE_PASSWORD: •••• -> ••••
      start PROJECT-cache-1     was just made
      Next:  mybroker up
      "
    `);
    expect(run.stdout + run.stderr).not.toContain(testSecret);
  });

  it("up with the changed key", async () => {
    const run = await fixture.cliWith({ LOG_LEVEL: "debug" }, "up");
    expect(run.exitCode).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      "Docker VERSION (SOURCE).
        cache                  ready TIME  127.0.0.1:PORT
        cache                  recreating
        cache                  starting

      2 ready in TIME.
      Next:  mybroker ps      mybroker logs -f      docker compose ps
      "
    `);
  });

  it("down", async () => {
    const run = await fixture.cli("down");
    expect(run.exitCode).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      "  PROJECT-app-1  removed TIME
        PROJECT-app-1  removing
        PROJECT-app-1  stopped TIME
        PROJECT-app-1  stopping
        PROJECT-cache-1  removed TIME
        PROJECT-cache-1  removing
        PROJECT-cache-1  stopped TIME
        PROJECT-cache-1  stopping
        PROJECT_default  removed TIME
        PROJECT_default  removing

      Removed 2 containers, 1 network in TIME.
      Data stays in 1 volume; to remove it:  mybroker down --volumes
      Next:  mybroker up
      "
    `);
  });

  it("up --dry-run from nothing", async () => {
    const run = await fixture.cli("up", "--dry-run");
    expect(run.exitCode).toBe(0);
    expect(screenOf(run)).toMatchInlineSnapshot(`
      "Docker VERSION (SOURCE).

      create network PROJECT_default  does not exist
      create PROJECT-cache-1          does not exist
      start PROJECT-cache-1           was just made
      create PROJECT-app-1            does not exist
      start PROJECT-app-1             was just made
          after cache (started)
      Next:  mybroker up
      "
    `);
  });
});
