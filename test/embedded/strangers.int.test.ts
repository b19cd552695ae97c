import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.remove());
beforeEach(async () => {
  project = await createEmbeddedProject(cli);
});
afterEach(() => project.remove());

describe("before the first up, without Docker", () => {
  it.each([
    ["ps", 0, "Nothing runs."],
    ["logs", 0, ""],
    ["down", 0, "Nothing to remove: mybroker is down."],
    ["doctor", 1, "nothing of mybroker runs"],
    ["stop", 1, ""],
    ["restart", 1, ""],
  ])("%s ends with %i and says that nothing runs", async (command, exitCode, says) => {
    const run = await project.run(command);
    expect(run.exitCode).toBe(exitCode);
    expect(run.stdout).toContain(says);
    expect(run.stderr).toContain("There is no Docker Engine at");
    if (command === "logs") return;
    const { ok, runtime } = await project.json(command);
    expect({ ok, runtime }).toEqual({ ok: exitCode === 0, runtime: null });
  });

  it.each([["exec", "kafka", "ls"], ["open"], ["pull"], ["--runtime", "docker", "ps"]])(
    "%s says that it needs the engine",
    async (...words) => {
      const run = await project.run(...words);
      expect(run).toMatchObject({ exitCode: 3, stdout: "" });
      expect(run.stderr).toMatch(/^✖ there is no Docker Engine at/);
    },
  );

  it("ps -q prints nothing, so that a script takes no words for names", async () => {
    expect((await project.run("ps", "-q")).stdout).toBe("");
  });

  it("a folder without a project is told as such", async () => {
    const run = await project.run("--project-directory", project.stateFolder, "ps");
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("no compose file");
  });
});

it("--foreground beside a runtime that runs says that it does not stay", async () => {
  await project.run("up", "kafka");
  const run = await project.run("up", "kafka", "--foreground");
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toMatch(/^It runs already, .* logs -f$/m);
});

it("in CI a fallback names the runtime once, with its cause", async () => {
  const { stderr } = await project.start(["up", "kafka"], { CI: "true" }).ended;
  expect(stderr.match(/^Runtime:|running\s+embedded/gm)).toHaveLength(1);
  expect(stderr).toMatch(/^Runtime: embedded\nNo Docker engine at/);
});

describe("from elsewhere", () => {
  const elsewhere = (...words: string[]) =>
    cli.start(words, {
      cwd: project.stateFolder,
      env: { PATH: process.env.PATH, XDG_STATE_HOME: project.stateFolder, DOCKER_HOST: "unix:///nowhere" },
    }).ended;

  it("-p finds a project of this user by its name", async () => {
    await project.run("up", "kafka");
    expect((await elsewhere("-p", "mybroker", "ps", "-q")).stdout).toBe("kafka");
    expect((await elsewhere("-p", "mybroker", "logs", "kafka")).stdout).toContain("ready");
    expect((await elsewhere("-p", "mybroker", "down")).stdout).toContain("Stopped the process");
    expect((await project.run("ps")).stdout).toContain("Nothing runs.");
  });

  it("a name that leads out of the state folder is refused, and nothing is removed", async () => {
    await project.run("up", "kafka");
    const victim = join(project.place, "..", "..", "victim", "data");
    mkdirSync(victim, { recursive: true });
    const run = await project.run("-p", "../victim", "--runtime", "embedded", "down", "-v", "--yes");
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('"../victim" is no project name');
    expect(existsSync(victim)).toBe(true);
  });

  it("ports that another clone has are told with its folder and the command that ends it", async () => {
    await project.run("up", "kafka");
    const other = join(project.stateFolder, "other");
    mkdirSync(other);
    cpSync(project.folder, other, { recursive: true });
    const inOther = (...words: string[]) => project.run("--project-directory", other, ...words);
    const refused = await inOther("up", "kafka");
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain(
      `taken by the embedded runtime of mybroker in ${project.folder}, pid ${project.readOwnerPid()}.`,
    );
    expect(refused.stderr).toContain(`cd ${project.folder} && `);
  });
});
