import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { locateStateFolder, openProjectState } from "./state-folder.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-state-"));
  mkdirSync(join(root, "clone"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function context(
  changes: { env?: Record<string, string>; homeDir?: string; platform?: NodeJS.Platform } = {},
) {
  let nowMs = Date.parse("2026-01-02T03:04:05.006Z");
  return {
    env: {},
    homeDir: join(root, "home"),
    platform: "linux" as NodeJS.Platform,
    now: () => {
      nowMs += 1000;
      return nowMs;
    },
    ...changes,
  };
}

describe("locateStateFolder", () => {
  it.each<[string, Parameters<typeof context>[0], string]>([
    ["XDG_STATE_HOME", { env: { XDG_STATE_HOME: "/x/state" }, homeDir: "/home/ana" }, "/x/state/mybroker"],
    ["the home folder", { homeDir: "/home/ana" }, "/home/ana/.local/state/mybroker"],
    [
      "a relative XDG_STATE_HOME, ignored",
      { env: { XDG_STATE_HOME: "state" }, homeDir: "/h" },
      "/h/.local/state/mybroker",
    ],
    [
      "macOS",
      { homeDir: "/Users/ana", platform: "darwin" },
      "/Users/ana/Library/Application Support/mybroker",
    ],
  ])("follows %s", (_, changes, expected) => {
    expect(locateStateFolder(context(changes))).toBe(expected);
  });

  it("says what to do where there is no home", () => {
    expect(() => locateStateFolder(context({ homeDir: "" }))).toThrowError(
      expect.objectContaining({ exitCode: 3, hint: expect.stringContaining("XDG_STATE_HOME") }),
    );
  });
});

describe("ProjectState", () => {
  it("keeps backups to its owner, newest first, and the same text once", async () => {
    const state = await openProjectState(context(), join(root, "clone"));
    const first = await state.saveEnvBackup("A=1\n");
    await state.saveEnvBackup("A=2\n");
    expect(await state.saveEnvBackup("A=2\n")).toBe((await state.listEnvBackups())[0]?.path);
    const backups = await state.listEnvBackups();
    expect(backups.map(({ path }) => readFileSync(path, "utf8"))).toEqual(["A=2\n", "A=1\n"]);
    expect(statSync(first).mode & 0o777).toBe(0o600);
    expect(statSync(state.folder).mode & 0o777).toBe(0o700);
    expect(backups[1]?.savedAt).toBe("2026-01-02T03:04:06.006Z");
  });

  it("keeps the last 20 in order, also when the clock goes back", async () => {
    let nowMs = Date.parse("2026-01-02T03:04:05.006Z");
    const state = await openProjectState({ ...context(), now: () => (nowMs -= 1000) }, join(root, "clone"));
    for (let index = 0; index < 25; index += 1) await state.saveEnvBackup(`A=${index}\n`);
    const texts = (await state.listEnvBackups()).map(({ path }) => readFileSync(path, "utf8"));
    expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => `A=${24 - index}\n`));
  });

  it("tells two clones of one name apart", async () => {
    mkdirSync(join(root, "other", "clone"), { recursive: true });
    const one = await openProjectState(context(), join(root, "clone"));
    const two = await openProjectState(context(), join(root, "other", "clone"));
    expect(one.folder).not.toBe(two.folder);
  });

  it("gives records back, and none for one that is damaged", async () => {
    const state = await openProjectState(context(), join(root, "clone"));
    expect(await state.readRecord("runtime")).toBeUndefined();
    await state.writeRecord("runtime", { runtime: "docker" });
    expect(await state.readRecord("runtime")).toEqual({ runtime: "docker" });
    writeFileSync(join(state.folder, "runtime.json"), '{"runtime":');
    expect(await state.readRecord("runtime")).toBeUndefined();
    expect(readdirSync(state.folder)).toEqual(["runtime.json"]);
  });

  it("names the way out where nothing can be written", async () => {
    writeFileSync(join(root, "home"), "not a folder");
    const state = await openProjectState(context(), join(root, "clone"));
    await expect(state.saveEnvBackup("A=1\n")).rejects.toMatchObject({
      code: "state.unavailable",
      exitCode: 3,
    });
    expect(await state.listEnvBackups()).toEqual([]);
  });
});
