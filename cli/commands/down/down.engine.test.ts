import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { busybox, createFixture, type Fixture } from "../../../test/faults/fixture.js";
import { runCli } from "../../../test/support/run-cli.js";
import { ofProject } from "../../compose/label-names.js";
import { pullImages } from "../../reconcile/testing/engine-fixture.js";

const sleeper = `image: "${busybox}", init: true, command: [sleep, "600"]`;
const services = `
  db: {${sleeper}, volumes: ["data:/data"]}
  web: {${sleeper}, depends_on: [db]}
  extra: {${sleeper}, profiles: [more]}
`;
const rest = "volumes: {data: }";

let fixture: Fixture;
beforeAll(() => pullImages(busybox));
beforeEach(async () => {
  fixture = await createFixture("down");
  fixture.compose(services, rest);
});
afterEach(() => fixture.remove());

async function up(...args: string[]): Promise<void> {
  const run = await fixture.cli(...args, "up", "--no-wait");
  expect(run.stderr).not.toMatch(/✖/);
  expect(run.exitCode).toBe(0);
}

/** A folder without a compose file, also above it. */
const elsewhere = () => ({ cwd: fixture.home, homeDir: fixture.home, env: fixture.env });

const volume = () => `${fixture.project}_data`;

describe("down", () => {
  it("removes containers and networks of every profile, keeps the data, and may be repeated", async () => {
    await up("--profile", "more");
    const first = await fixture.cli("down", "-t", "1");
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toMatch(
      /^Removed 3 containers, 1 network in \d+\.\d s\.\nData stays in 1 volume; to remove it:/,
    );
    expect(await fixture.leftovers()).toEqual([volume()]);
    const again = await fixture.cli("down");
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toContain(`Nothing to remove: ${fixture.project} is down.`);
  });

  it("asks before it removes data, with names and sizes, and refuses off a terminal", async () => {
    await up();
    const asked = await fixture.cli("down", "--volumes");
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toMatch(new RegExp(`${volume()}  \\d+ k?B`));
    expect(asked.stderr).toContain("--yes");
    expect((await fixture.states()).db).toBe("running");
    const answered = await fixture.cli("--yes", "-o", "json", "down", "--volumes", "-t", "1");
    expect(answered.json()).toMatchObject({
      ok: true,
      data: { removed: { volumes: [volume()], keptVolumes: [] } },
    });
    expect(await fixture.leftovers()).toEqual([]);
  });

  it("works from what carries the labels where the file is broken, and where it is gone", async () => {
    await up();
    fixture.write("compose.yaml", "services: [broken");
    const broken = await fixture.cli("down", "-t", "1");
    expect(broken.exitCode).toBe(0);
    expect(broken.stderr).toContain(`working on what carries the label of project ${fixture.project}`);
    expect(await fixture.leftovers()).toEqual([volume()]);
    fixture.compose(services, rest);
    await up();
    rmSync(join(fixture.folder, "compose.yaml"));
    const gone = await fixture.cli("down", "-t", "1");
    expect(gone.stdout).toMatch(/^Removed 2 containers/);
    expect(gone.exitCode).toBe(0);
    expect(await fixture.leftovers()).toEqual([volume()]);
  });

  it("finds a project by its name from any folder", async () => {
    await up();
    const run = await runCli(["-p", fixture.project, "down", "-t", "1"], elsewhere());
    expect(run.stdout).toMatch(/^Removed 2 containers/);
    expect(await fixture.leftovers()).toEqual([volume()]);
  });

  it("refuses a name that no project can have, with files and without", async () => {
    await up();
    for (const run of [
      await fixture.cli("-p", "Not/Mine", "down"),
      await runCli(["-p", "Not/Mine", "down"], elsewhere()),
    ]) {
      expect(run).toMatchObject({ exitCode: 2, stdout: "" });
      expect(run.stderr).toContain('"Not/Mine" is no project name');
    }
  });

  it("needs no variable to have a value", async () => {
    await up();
    fixture.compose(
      services.replace("depends_on", "environment: {A: '${NEVER_SET:?needed}'}, depends_on"),
      rest,
    );
    const run = await fixture.cli("down", "-t", "1");
    expect(run.stderr).not.toContain("NEVER_SET");
    expect(run.exitCode).toBe(0);
  });

  it("leaves containers of services that left the file, unless they are asked for", async () => {
    await up();
    fixture.compose(services.replace(/ {2}web.*\n/, ""), rest);
    const run = await fixture.cli("down", "-t", "1");
    expect(run.stderr).toContain(`${fixture.project}-web-1: not in the compose file, so it stays`);
    expect(await fixture.leftovers()).toContain(`${fixture.project}-web-1`);
    await fixture.cli("down", "--remove-orphans", "-t", "1");
    expect(await fixture.leftovers()).toEqual([volume()]);
  });

  it("shows with --dry-run what it would do, and does nothing", async () => {
    await up();
    const before = await fixture.leftovers();
    const text = await fixture.cli("--dry-run", "down", "--volumes");
    expect(
      text.stdout.split("\n").map((line) => line.replaceAll(fixture.project, "P").replace(/ {2,}/g, "  ")),
    ).toEqual([
      "stop P-web-1  down",
      "stop P-db-1  down",
      "remove P-db-1  down",
      "remove P-web-1  down",
      "remove network P_default  down",
      "remove volume P_data  down",
      "",
    ]);
    expect((await fixture.cli("--dry-run", "-o", "json", "down")).json().ok).toBe(true);
    expect(await fixture.leftovers()).toEqual(before);
  });

  it("says of a folder without a project that there is none", async () => {
    const run = await runCli(["down"], elsewhere());
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/^✖ .*compose/);
  });
});

describe("down --volumes --rmi all", () => {
  // Every other test wants this image.
  afterEach(() => pullImages(busybox));

  it("leaves .env and its backups, and says what the other runtime still has", async () => {
    fixture.write(".env", "PORT=1\n", 0o600);
    fixture.write(".env.example", "PORT=1\n");
    const built = `build: {dockerfile_inline: "FROM ${busybox}"}, init: true, command: [sleep, "600"]`;
    fixture.compose(`${services.replace("  db:", `  own: {${built}, volumes: ["/scratch"]}\n  db:`)}`, rest);
    await up("--profile", "more");
    const label = ofProject(fixture.project);
    expect(await fixture.engine.listImages([label])).toHaveLength(1);
    const [place = ""] = readdirSync(join(fixture.home, ".local/state/mybroker/projects"));
    const state = join(fixture.home, ".local/state/mybroker/projects", place);
    const embedded = join(state, "embedded", fixture.project);
    mkdirSync(join(embedded, "data"), { recursive: true });

    const everything = ["--yes", "down", "--volumes", "--rmi", "all", "-t", "1"];
    const both = await fixture.cli(...everything);
    expect(both.stdout).toMatch(/^Removed 4 containers, 1 network, 1 volume, 2 images in/);
    expect(both.stdout).toContain(
      "Data of the embedded runtime stays:  mybroker --runtime embedded down --volumes",
    );
    expect(readdirSync(state)).toContain("runtime.json");

    const other = await fixture.cli("--runtime", "embedded", ...everything);
    expect([other.exitCode, other.stderr.includes(join(embedded, "data"))]).toEqual([0, true]);
    expect(await fixture.leftovers()).toEqual([]);
    expect(await fixture.engine.listImages([label])).toEqual([]);
    expect(readdirSync(state)).toEqual(["env"]);
    expect(readdirSync(fixture.folder).sort()).toEqual([".env", ".env.example", "compose.yaml"]);
  });
});

describe("stop, start and restart", () => {
  it("stop dependents first, start dependencies first, and say where there is nothing to do", async () => {
    await up();
    const stopped = await fixture.cli("--progress", "plain", "stop");
    expect(stopped.stdout).toMatch(/^2 containers stopped/);
    expect(stopped.stderr.indexOf("web-1")).toBeLessThan(stopped.stderr.indexOf("db-1"));
    expect(await fixture.states()).toEqual({ db: "exited", web: "exited" });
    expect((await fixture.cli("stop")).stdout).toContain("Nothing to do: everything asked for is stopped.");
    const started = await fixture.cli("start", "web");
    expect(started.stdout).toMatch(/^2 containers started/);
    expect(await fixture.states()).toEqual({ db: "running", web: "running" });
  });

  it("restart the named services and leave the others alone", async () => {
    await up();
    const startedAt = async (service: string) =>
      (await fixture.engine.inspectContainer(`${fixture.project}-${service}-1`))?.State.StartedAt;
    const before = [await startedAt("db"), await startedAt("web")];
    const run = await fixture.cli("-o", "json", "restart", "web", "-t", "1");
    expect(run.json()).toMatchObject({ ok: true, data: { containers: [`${fixture.project}-web-1`] } });
    expect(await startedAt("db")).toBe(before[0]);
    expect(await startedAt("web")).not.toBe(before[1]);
  });

  it("name an unknown service, a service without a container, and a bad timeout", async () => {
    await up();
    const unknown = await fixture.cli("stop", "wep");
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining("Did you mean:  web")]);
    const without = await fixture.cli("start", "extra");
    expect([without.exitCode, without.stderr]).toEqual([
      1,
      expect.stringContaining("extra has no container"),
    ]);
    const timeout = await fixture.cli("stop", "-t", "soon");
    expect([timeout.exitCode, timeout.stderr]).toEqual([2, expect.stringContaining("not soon")]);
  });

  it("name the service whose condition does not come true", async () => {
    fixture.compose(
      `
  job: {image: "${busybox}", command: [sh, -c, "exit 3"]}
  web: {${sleeper}, depends_on: {job: {condition: service_completed_successfully}}}
`,
    );
    const made = await fixture.cli("up", "--no-wait");
    expect(made.exitCode).toBe(1);
    const run = await fixture.cli("start");
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/✖ job did not become ready: it exited with 3/);
    expect((await fixture.states()).web).toBe("created");
  });
});
