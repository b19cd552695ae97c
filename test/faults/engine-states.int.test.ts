import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeEngine, startFakeEngine } from "../../cli/engine/testing/fake-engine.js";
import { buildCli, nobody } from "../support/built-cli.js";
import { type CliRun, runCli } from "../support/run-cli.js";
import { expectRefused } from "./expect-refused.js";

const isRoot = process.getuid?.() === 0;
let root: string;
let folder: string;
let engine: FakeEngine | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-engines-"));
  chmodSync(root, 0o755);
  folder = join(root, "clone");
  for (const path of [folder, join(root, "home")]) mkdirSync(path);
  writeFileSync(join(folder, "compose.yaml"), "services:\n  web:\n    image: busybox:1.37.0\n");
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
  rmSync(root, { recursive: true, force: true });
});

function up(url: string, ...args: string[]): Promise<CliRun> {
  return runCli(["up", ...args], { cwd: folder, homeDir: join(root, "home"), env: { DOCKER_HOST: url } });
}

describe("up with an engine that cannot be used: one line with its fix, exit 3", () => {
  it("absent", async () => {
    const url = `unix://${root}/none.sock`;
    expectRefused(await up(url), { exitCode: 3, says: ["no Docker Engine", url, "DOCKER_HOST"] });
  });

  it("not running any more", async () => {
    const url = "tcp://127.0.0.1:1";
    expectRefused(await up(url), { exitCode: 3, says: [url, /start Docker/] });
  });

  it("hung, told after 3 s", async () => {
    engine = await startFakeEngine({
      routes: { "GET /version": { hang: true }, "GET /_ping": { hang: true } },
    });
    const startedMs = performance.now();
    expectRefused(await up(engine.url), { exitCode: 3, says: ["has not answered within 3 s", /restart/] });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  it("too old", async () => {
    engine = await startFakeEngine({ version: "20.10.24", apiVersion: "1.41" });
    const says = ["20.10.24", "API 1.41", "Docker Engine 25", "docs.docker.com/engine/install"];
    expectRefused(await up(engine.url), { exitCode: 3, says });
  });

  it("something else that speaks HTTP", async () => {
    engine = await startFakeEngine({ routes: { "GET /version": { text: "hello", status: 200 } } });
    expectRefused(await up(engine.url), { exitCode: 3, says: [engine.url] });
  });

  it("forbidden to this user", async () => {
    engine = await startFakeEngine();
    chmodSync(dirname(engine.socketPath), 0o755);
    chmodSync(engine.socketPath, isRoot ? 0o600 : 0o000);
    const built = await buildCli();
    try {
      if (isRoot) chownSync(folder, nobody, nobody);
      const env = { PATH: process.env.PATH, HOME: join(root, "home"), DOCKER_HOST: engine.url };
      const child = built.start(["up"], { cwd: folder, env, unprivileged: true });
      expectRefused(await child.ended, {
        exitCode: 3,
        says: ["you may not use the Docker Engine", "usermod -aG docker"],
      });
    } finally {
      built.remove();
    }
  });

  it("says the same as JSON, with nothing on stderr", async () => {
    const run = await up(`unix://${root}/none.sock`, "-o", "json");
    expect(run).toMatchObject({ exitCode: 3, stderr: "" });
    expect(run.json()).toMatchObject({
      ok: false,
      error: { code: "engine.absent", hint: expect.any(String) },
    });
  });
});

/** A file system of the test's own, with room for this many bytes beside what is put there first. */
async function withSmallDisk(path: string, sizeBytes: number, work: () => Promise<void>): Promise<void> {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path]);
  try {
    await work();
  } finally {
    execFileSync("umount", [path]);
  }
}

describe.runIf(isRoot)("up on a full disk", () => {
  const example = "# secret\nPASSWORD=\n";

  it("that .env is to be written to: nothing is left of it", async () => {
    engine = await startFakeEngine();
    const { url } = engine;
    await withSmallDisk(folder, 12_288, async () => {
      writeFileSync(join(folder, "compose.yaml"), "services:\n  web:\n    image: busybox:1.37.0\n");
      writeFileSync(join(folder, ".env.example"), example);
      writeFileSync(join(folder, "ballast"), "x".repeat(4096));
      expectRefused(await up(url), { exitCode: 3, says: [".env", /disk is full|no space/] });
      expect(readdirSync(folder).sort()).toEqual([".env.example", "ballast", "compose.yaml"]);
    });
    expect(engine.calls.filter(({ method }) => method === "POST")).toEqual([]);
  });

  it("that the state folder lies on: said, and no reason to stop", async () => {
    engine = await startFakeEngine();
    const { url } = engine;
    const state = join(root, "home", ".local");
    await withSmallDisk(state, 4_096, async () => {
      writeFileSync(join(state, "ballast"), "x".repeat(4096));
      const { stderr } = await up(url);
      expect(stderr).toMatch(/Nothing keeps a second command from changing clone .*ENOSPC.*XDG_STATE_HOME/);
      // It went on to the image, which this engine does not have.
      expect(stderr).toContain("✖ The image busybox:1.37.0");
      const left = readdirSync(state, { recursive: true, withFileTypes: true });
      expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(["ballast"]);
    });
  });
});
