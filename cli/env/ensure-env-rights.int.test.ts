import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ensureEnv } from "./ensure-env.js";
import { emptyProject, sampleContext } from "./testing/sample-project.js";

// Programs and dynamic imports are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Root may write everywhere, so as root these tests work as "nobody". */
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const programFolder = mkdtempSync(join(tmpdir(), "mybroker-program-"));
const program = join(programFolder, "ensure-env.cjs");
let root: string;
let folder: string;

beforeAll(async () => {
  const entry = join(import.meta.dirname, "testing/run-ensure-env.ts");
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: "node", format: "cjs" });
  chmodSync(programFolder, 0o755);
});
afterAll(() => rmSync(programFolder, { recursive: true, force: true }));
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-rights-"));
  chmodSync(root, 0o755);
  folder = join(root, "clone");
  for (const path of [folder, join(root, "home")]) {
    mkdirSync(path);
    give(path);
  }
  writeFileSync(join(folder, ".env.example"), "A=1\n# secret\nP=\n");
  chmodSync(join(folder, ".env.example"), 0o644);
});
afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(root, { recursive: true, force: true });
});

function give(path: string): void {
  if (isRoot) chownSync(path, nobody, nobody);
}

function runUnprivileged(fileSizeLimit = "unlimited"): {
  state?: string;
  code?: string;
  exitCode?: number;
  message?: string;
  hint?: string;
} {
  const user = isRoot ? { uid: nobody, gid: nobody } : {};
  // With XFSZ ignored a write past the limit fails instead of killing the program.
  const shell = `trap '' XFSZ; ulimit -f ${fileSizeLimit}; exec "$0" "$@"`;
  const argv = ["-c", shell, process.execPath, program, folder, join(root, "home")];
  const { stdout } = spawnSync("bash", argv, { ...user, cwd: "/", encoding: "utf8" });
  return JSON.parse(stdout);
}

describe("ensureEnv as a user without privileges", () => {
  it("writes into a folder of its own", () => {
    expect(runUnprivileged()).toMatchObject({ state: "written" });
    expect(statSync(join(folder, ".env")).mode & 0o777).toBe(0o600);
  });

  it("is refused by a folder that it may not write, in one message", () => {
    chmodSync(folder, 0o555);
    expect(runUnprivileged()).toMatchObject({
      code: "env.permission",
      exitCode: 3,
      message: `Cannot write ${folder}/.env: permission denied.`,
    });
    expect(readdirSync(folder)).toEqual([".env.example"]);
  });

  it("is refused by a folder that it may not enter", () => {
    chmodSync(folder, 0o000);
    expect(runUnprivileged()).toMatchObject({ code: "env.permission", exitCode: 3 });
  });

  it("is refused by a .env that it may not read", () => {
    writeFileSync(join(folder, ".env"), "A=1\n");
    give(join(folder, ".env"));
    chmodSync(join(folder, ".env"), 0o000);
    expect(runUnprivileged()).toMatchObject({
      code: "env.permission",
      exitCode: 3,
      message: `Cannot read ${folder}/.env: permission denied.`,
    });
  });

  it("leaves nothing half-written where a write fails midway", () => {
    writeFileSync(join(folder, ".env.example"), `# secret\nP=\n# ${"x".repeat(4000)}\n`);
    expect(runUnprivileged("2")).toMatchObject({ code: "env.disk-full", exitCode: 3 });
    expect(readdirSync(folder)).toEqual([".env.example"]);
  });

  it.runIf(isRoot)("leaves another user's .env alone", () => {
    writeFileSync(join(folder, ".env"), "A=1\n");
    chmodSync(join(folder, ".env"), 0o644);
    expect(runUnprivileged()).toMatchObject({
      code: "env.permission",
      exitCode: 3,
      hint: expect.stringContaining("chown"),
    });
    expect(readFileSync(join(folder, ".env"), "utf8")).toBe("A=1\n");
  });
});

describe.runIf(isRoot)("ensureEnv as root", () => {
  const request = () => ({
    context: sampleContext(join(root, "home")),
    folder,
    ports: "auto" as const,
    connect: async () => undefined,
    loadProject: async () => emptyProject(folder),
  });

  it("makes .env for whoever owns the folder, and leaves it theirs when it adds a key", async () => {
    await ensureEnv(request());
    expect(statSync(join(folder, ".env")).uid).toBe(nobody);
    writeFileSync(join(folder, ".env.example"), "A=1\n# secret\nP=\nB=2\n");
    expect(await ensureEnv(request())).toMatchObject({ state: "updated", added: ["B"] });
    expect(statSync(join(folder, ".env")).uid).toBe(nobody);
  });

  it("leaves nothing half-written on a full disk", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", folder]);
    try {
      writeFileSync(join(folder, ".env.example"), "# secret\nP=\n");
      writeFileSync(join(folder, "ballast"), "x".repeat(4096));
      await expect(ensureEnv(request())).rejects.toMatchObject({ code: "env.disk-full", exitCode: 3 });
      expect(readdirSync(folder).sort()).toEqual([".env.example", "ballast"]);
    } finally {
      execFileSync("umount", [folder]);
    }
  });
});
