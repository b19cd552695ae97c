import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type CliRun, runCli } from "../../../test/support/run-cli.js";
import { copyProject } from "../../env/copy-project.js";
import { readEnvValues } from "../../env/env-values.js";
import { openProjectState } from "../../env/state-folder.js";
import { envCommand } from "../env/definition.js";
import { initCommand } from "./definition.js";

// Programs and dynamic imports are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const repository = resolve(import.meta.dirname, "../../..");
let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-init-"));
  folder = join(root, "exchange");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** An address on which no engine answers: these tests are about files. */
const noEngine = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };

function cli(
  argv: readonly string[],
  setting: { tty?: boolean; env?: Record<string, string> } = {},
): Promise<CliRun> {
  return runCli(argv, {
    cwd: folder,
    homeDir: join(root, "home"),
    commands: [initCommand, envCommand],
    ...setting,
    env: { ...noEngine, ...setting.env },
  });
}

describe("init", () => {
  it("makes the whole project in an empty folder, the files of the package and .env", async () => {
    const run = await cli(["init"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readdirSync(folder).sort()).toEqual(
      [
        ".env",
        ".env.example",
        ".gitignore",
        ".mybroker.json",
        "contracts",
        "dist",
        "docker-compose.yml",
        "templates",
      ].sort(),
    );
    const mark = /^# Written by mybroker 0\.0\.0-test; `mybroker init` refreshes .*\n/;
    for (const name of ["docker-compose.yml", ".env.example", "templates/prometheus/prometheus.yml"]) {
      const text = readFileSync(join(folder, name), "utf8");
      expect(text).toMatch(mark);
      expect(text.replace(mark, "")).toBe(readFileSync(join(repository, name), "utf8"));
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o644);
    }
    // The second stands in the first by its name.
    for (const name of ["contracts/compose.schema.json", "contracts/x-mybroker.schema.json"])
      expect(readFileSync(join(folder, name), "utf8")).toBe(readFileSync(join(repository, name), "utf8"));
    // Servers read their templates as other users.
    expect(statSync(join(folder, "templates/prometheus")).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(folder, ".env"), "utf8")).not.toContain("Written by");
    expect(run.stdout).toContain(
      `Made in ${folder}: docker-compose.yml, .env.example, templates/, dist/, contracts/, .gitignore\n`,
    );
    expect(run.stdout).toMatch(/^\.env written: 13 secrets/m);
    expect(run.stdout.trimEnd().split("\n").at(-1)).toBe("Next:  mybroker up");
  });

  it("keeps .env out of git, and a .gitignore that is there as it is", async () => {
    await cli(["init", "new"]);
    await execa("git", ["init", "-q"], { cwd: join(folder, "new") });
    const { stdout } = await execa("git", ["status", "--porcelain"], { cwd: join(folder, "new") });
    expect(stdout).toContain("?? .env.example");
    expect(stdout).not.toMatch(/ \.env$/m);
    writeFileSync(join(folder, ".gitignore"), "mine\n");
    expect((await cli(["init", "-o", "json"])).json().data).toMatchObject({ kept: [] });
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("mine\n");
  });

  it("makes a named folder, from anywhere", async () => {
    const run = await cli(["init", "new/one", "-o", "json"]);
    expect(run.json().data).toMatchObject({ folder: join(folder, "new/one"), env: { state: "written" } });
    expect(readdirSync(folder)).toEqual(["new"]);
    expect((await cli(["init", "new/one"])).stdout).toMatch(/\nNext: {2}cd new\/one && mybroker up\n$/);
  });

  it("says that the named folder is a file", async () => {
    writeFileSync(join(folder, "taken"), "");
    const run = await cli(["init", "taken"]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(
      `Cannot make ${join(folder, "taken")}: ${join(folder, "taken")} is not a folder.`,
    );
    expect(run.stderr).not.toContain("EEXIST");
    expect((await cli(["init", "taken/below"])).exitCode).toBe(2);
  });

  it("changes nothing the second time", async () => {
    await cli(["init"]);
    const before = readFileSync(join(folder, ".env"), "utf8");
    const run = await cli(["init"]);
    expect(run.stdout).toBe(".env is complete; nothing to do.\n\nNext:  mybroker up\n");
    expect(readFileSync(join(folder, ".env"), "utf8")).toBe(before);
  });

  it("works on the project that one stands in, from a folder below", async () => {
    await cli(["init"]);
    mkdirSync(join(folder, "deep/er"), { recursive: true });
    rmSync(join(folder, ".env"));
    const run = await runCli(["init", "-o", "json"], {
      cwd: join(folder, "deep/er"),
      homeDir: join(root, "home"),
      commands: [initCommand],
      env: noEngine,
    });
    expect(run.json().data).toMatchObject({
      folder,
      made: [],
      env: { path: join(folder, ".env"), state: "written" },
    });
    expect(readdirSync(join(folder, "deep/er"))).toEqual([]);
  });

  it("puts none of its files beside another compose file", async () => {
    writeFileSync(join(folder, "compose.yaml"), "services: { web: { image: nginx } }\n");
    const run = await cli(["init"]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain("There is no .env.example to make a .env from.");
    expect(readdirSync(folder)).toEqual(["compose.yaml"]);
  });

  it("restores what is missing beside its own compose file and overwrites nothing that was changed", async () => {
    await cli(["init"]);
    rmSync(join(folder, "templates/grafana"), { recursive: true });
    writeFileSync(join(folder, "templates/prometheus/prometheus.yml"), "mine\n");
    const run = await cli(["init", "-o", "json"]);
    const { made, kept } = run.json().data as { made: string[]; kept: unknown[] };
    expect(made.every((path) => path.startsWith("templates/grafana/"))).toBe(true);
    expect(made.length).toBeGreaterThan(0);
    const path = "templates/prometheus/prometheus.yml";
    expect(kept).toEqual([{ path, reason: "changed", newer: null }]);
    expect(readFileSync(join(folder, path), "utf8")).toBe("mine\n");
  });

  it("refreshes what an earlier version wrote, and says how to have the rest", async () => {
    await cli(["init"]);
    // As if an earlier version had written these.
    const manifest = JSON.parse(readFileSync(join(folder, ".mybroker.json"), "utf8"));
    const write = (path: string, text: string) => {
      writeFileSync(join(folder, path), text);
      manifest.files[path] = createHash("sha256").update(text).digest("hex");
    };
    write("templates/grafana/datasources/prometheus.yml", "earlier: true\n");
    write("templates/prometheus/prometheus.yml", "earlier: true\n");
    write("templates/gone.yml", "earlier: true\n");
    writeFileSync(join(folder, ".mybroker.json"), JSON.stringify({ ...manifest, version: "0.0.0-old" }));
    writeFileSync(join(folder, "templates/prometheus/prometheus.yml"), "mine: true\n");
    const dry = await cli(["--dry-run", "init"]);
    const run = await cli(["init"]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain("Refreshed to 0.0.0-test: templates/ (1 file)\nRemoved 1 file");
    expect(dry.stdout).toContain("Refreshed to 0.0.0-test: templates/ (1 file)");
    expect(run.stdout).toContain("templates/prometheus/prometheus.yml was changed, so it stays.");
    const shown = /see it: +(.*)\n +take it: +(mv .*) && mybroker init/.exec(run.stdout);
    expect(spawnSync("sh", ["-c", shown?.[1] ?? ""], { cwd: folder, encoding: "utf8" }).stdout).toContain(
      "> ",
    );
    expect(spawnSync("sh", ["-c", shown?.[2] ?? ""], { cwd: folder }).status).toBe(0);
    await cli(["init"]);
    const text = readFileSync(join(folder, "templates/prometheus/prometheus.yml"), "utf8");
    expect(text).toContain(readFileSync(join(repository, "templates/prometheus/prometheus.yml"), "utf8"));
    expect(readdirSync(join(folder, "templates"))).not.toContain("gone.yml");
    expect((await cli(["init"])).stdout).toContain("nothing to do");
  });

  it("knows what a run wrote that was cut short, and refreshes it", async () => {
    const packageRoot = join(root, "package");
    mkdirSync(join(packageRoot, "templates"), { recursive: true });
    // Beside a name of this length there is no room for a temporary one: here the run ends, in the middle.
    const last = join(packageRoot, "templates", "x".repeat(255));
    writeFileSync(last, "");
    const copy = (text: string) => {
      writeFileSync(join(packageRoot, "docker-compose.yml"), text);
      return copyProject({ packageRoot, folder, version: "0.0.0", dryRun: false });
    };
    await expect(copy("one\n")).rejects.toThrow("Cannot make the project");
    expect(readFileSync(join(folder, "docker-compose.yml"), "utf8")).toContain("one\n");
    rmSync(last);
    expect(await copy("two\n")).toMatchObject({ refreshed: ["docker-compose.yml"], kept: [] });
  });

  it("writes through no link", async () => {
    await cli(["init"]);
    const outside = join(root, "outside");
    mkdirSync(outside);
    rmSync(join(folder, "templates"), { recursive: true });
    symlinkSync(outside, join(folder, "templates"));
    const run = await cli(["init", "-o", "json"]);
    const { made, kept } = run.json().data as { made: string[]; kept: { reason: string }[] };
    expect(made).toEqual([]);
    expect(new Set(kept.map(({ reason }) => reason))).toEqual(new Set(["not-a-file"]));
    expect(readdirSync(outside)).toEqual([]);
  });

  it("takes no newer project back", async () => {
    await cli(["init"]);
    const path = join(folder, ".mybroker.json");
    writeFileSync(path, readFileSync(path, "utf8").replace("0.0.0-test", "0.9.0"));
    const run = await cli(["init"]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(`${folder} was written by mybroker 0.9.0; this is 0.0.0-test`);
  });

  it("leaves a clone of mybroker as it is: its files are the source", async () => {
    for (const name of ["docker-compose.yml", ".env.example"])
      writeFileSync(join(folder, name), readFileSync(join(repository, name)));
    writeFileSync(join(folder, "package.json"), '{ "name": "mybroker" }');
    const run = await cli(["init", "-o", "json"]);
    expect(run.json().data).toMatchObject({ made: [], refreshed: [], kept: [], env: { state: "written" } });
    expect(readdirSync(folder).sort()).toEqual([
      ".env",
      ".env.example",
      "docker-compose.yml",
      "package.json",
    ]);
  });

  it("writes nothing in a dry run, and says what it would", async () => {
    const first = await cli(["--dry-run", "init"]);
    expect(first.stdout).toContain("A dry run: nothing was written.");
    expect(first.stdout).toContain(
      "docker-compose.yml, .env.example, templates/, dist/, contracts/, .gitignore, .env",
    );
    expect(readdirSync(folder)).toEqual([]);
    await cli(["init"]);
    rmSync(join(folder, ".env"));
    expect((await cli(["--dry-run", "init"])).stdout).toMatch(/^\.env written: 13 secrets/m);
    expect(readdirSync(folder)).not.toContain(".env");
  });

  it("prints no secret, neither as text nor as JSON", async () => {
    const runs = [
      await cli(["init"]),
      await cli(["init", "--force", "-o", "json"]),
      await cli(["--debug", "init"]),
    ];
    const secrets = [...readFileSync(join(folder, ".env"), "utf8").matchAll(/# secret\n\w+=(.+)/g)].map(
      ([, value]) => value,
    );
    expect(secrets).toHaveLength(14);
    for (const { stdout, stderr } of runs) {
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });

  it("with --force resets settings, and keeps names of accounts while no engine can tell what volumes hold", async () => {
    await cli(["init"]);
    const text = readFileSync(join(folder, ".env"), "utf8");
    const changed = text
      .replace(/^BROKER_DB_USER=.*$/m, "BROKER_DB_USER=trader")
      .replace(/^KAFKA_IMAGE=.*$/m, "KAFKA_IMAGE=other:1");
    writeFileSync(join(folder, ".env"), changed);
    const run = await cli(["init", "--force", "-o", "json"]);
    expect(run.json().data).toMatchObject({ env: { state: "updated", backup: expect.any(String) } });
    const values = readEnvValues(readFileSync(join(folder, ".env"), "utf8"), ".env", {});
    expect(values).toMatchObject({
      BROKER_DB_USER: "trader",
      KAFKA_IMAGE: expect.stringMatching(/^apache\/kafka:/),
    });
  });

  it("warns where volumes that nobody can see may hold other passwords", async () => {
    await cli(["init"]);
    const context = { env: {}, homeDir: join(root, "home"), platform: process.platform, now: Date.now };
    const state = await openProjectState(context, folder);
    await state.writeRecord("volumes-mybroker", {
      salt: "AAAA",
      volumes: { "mybroker_b3-core-db-data": { createdAt: "2026-01-01T00:00:00Z", fingerprints: {} } },
    });
    rmSync(join(folder, ".env"));
    const run = await cli(["init"]);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain("volumes of project mybroker still hold other passwords");
    expect(run.stderr).toContain((await state.listEnvBackups()).at(-1)?.path);
  });

  it("rotates without an engine what runs embedded, unless the project has volumes on Docker", async () => {
    await cli(["init"]);
    const keys = ["SEED_USER_PASSWORD", "RABBITMQ_PASSWORD", "BROKER_DB_PASS"];
    const read = () => {
      const path = join(folder, ".env");
      const values = readEnvValues(readFileSync(path, "utf8"), path, {});
      return keys.map((key) => values[key]);
    };
    const before = read();
    const argv = ["--runtime", "embedded", "init", "--rotate", "-o", "json"];
    const run = await cli(argv);
    expect(run.exitCode).toBe(0);
    expect(run.json().data).toMatchObject({ rotation: { kept: [], servers: [] } });
    const after = read();
    for (const [index, key] of keys.entries()) expect(after[index], key).not.toBe(before[index]);
    const state = await openProjectState(
      { env: {}, homeDir: join(root, "home"), platform: process.platform, now: Date.now },
      folder,
    );
    await state.writeRecord("volumes-mybroker", {
      salt: "AAAA",
      volumes: { "mybroker_b3-core-db-data": { createdAt: "2026-01-01T00:00:00Z", fingerprints: {} } },
    });
    expect((await cli(argv)).exitCode).toBe(3);
    expect(read()).toEqual(after);
  });

  it.each<[string, string[], number, string]>([
    ["an unknown way with ports", ["init", "--ports", "some"], 2, "ports"],
    ["--env-file", ["--env-file", "x.env", "init"], 2, "--env-file"],
    ["--rotate without an engine", ["init", "--rotate"], 3, "/nonexistent/docker.sock"],
  ])("refuses %s", async (_, argv, exitCode, said) => {
    await cli(["init"]);
    const before = readFileSync(join(folder, ".env"), "utf8");
    const run = await cli(argv);
    expect(run.exitCode).toBe(exitCode);
    expect(run.stderr).toContain(said);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(readFileSync(join(folder, ".env"), "utf8")).toBe(before);
  });

  it("says what is wrong in a compose file before it writes", async () => {
    await cli(["init"]);
    rmSync(join(folder, ".env"));
    writeFileSync(join(folder, "docker-compose.yml"), "services: { web: { imag: nginx } }\n");
    const run = await cli(["init"]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("imag");
    expect(readdirSync(folder)).not.toContain(".env");
  });
});

describe("env", () => {
  const secretOf = (key: string) =>
    new RegExp(`^${key}=(.*)$`, "m").exec(readFileSync(join(folder, ".env"), "utf8"))?.[1] ?? "";

  it("masks secrets on a terminal, shows them with --reveal and off a terminal", async () => {
    await cli(["init"]);
    const password = secretOf("GRAFANA_ADMIN_PASSWORD");
    const masked = await cli(["env", "grafana"], { tty: true });
    expect(masked.stdout).toContain("GRAFANA_PASSWORD=••••\n");
    expect(masked.stdout).toContain("mybroker env grafana --reveal");
    expect(masked.stdout).not.toContain(password);
    for (const run of [
      await cli(["env", "grafana", "--reveal"], { tty: true }),
      await cli(["env", "grafana"]),
    ]) {
      expect(run.stdout).toContain(`GRAFANA_PASSWORD=${password}\n`);
    }
  });

  it("masks inside addresses, and what the user's own .env marks", async () => {
    await cli(["init"]);
    const text = `${readFileSync(join(folder, ".env"), "utf8")}# secret\nMINE=hidden-by-mark\n`;
    writeFileSync(join(folder, ".env"), text);
    const database = await cli(["env", "b3-core-db", "-o", "json"], { tty: true });
    expect(database.stdout).not.toContain(secretOf("B3_CORE_PASSWORD"));
    expect(database.json().data).toMatchObject({
      masked: true,
      variables: {
        B3_CORE_DB_URL: expect.stringMatching(/^postgres:\/\/b3:••••@127\.0\.0\.1:\d+\/b3_core$/),
      },
    });
    const everything = await cli(["env"], { tty: true });
    expect(everything.stdout).toContain("\nMINE=••••\n");
    expect(everything.stdout).not.toContain("hidden-by-mark");
  });

  it("gives what Compose would take: the shell wins over .env", async () => {
    await cli(["init"]);
    const run = await cli(["env", "kafka", "-o", "json"], { env: { KAFKA_HOST_PORT: "19092" } });
    expect(run.json().data).toMatchObject({ variables: { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:19092" } });
  });

  it("says what is missing", async () => {
    await cli(["init"]);
    expect((await cli(["env", "kafak"])).stderr).toContain("Did you mean:  kafka");
    rmSync(join(folder, ".env"));
    const run = await cli(["env"]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("mybroker init");
  });
});
