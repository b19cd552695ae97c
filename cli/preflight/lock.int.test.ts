import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { lockProject } from "./lock.js";

const folders: string[] = [];
const children: ReturnType<typeof spawn>[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mybroker-lock-"));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The lock file that a living process other than this one would have left. */
function lockByOther(folder: string, pid: number, startedAt: string): void {
  writeFileSync(join(folder, "lock"), JSON.stringify({ pid, startedAt, command: "up" }));
}

describe("lockProject", () => {
  it("lets one in, refuses the next with the holder's pid, and lets in again after the release", () => {
    const folder = newFolder();
    const release = lockProject(folder, "shop", "up");
    expect(() => lockProject(folder, "shop", "down")).toThrow(`mybroker up (pid ${process.pid})`);
    release();
    expect(readdirSync(folder)).toEqual([]);
    lockProject(folder, "shop", "down")();
  });

  it("takes over from a process that died without releasing", () => {
    const folder = newFolder();
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    lockByOther(folder, pid, "1");
    lockProject(folder, "shop", "up")();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("takes over when the pid lives but belongs to a later process", () => {
    const folder = newFolder();
    lockByOther(folder, process.pid, "1");
    lockProject(folder, "shop", "up")();
  });

  it("refuses while another living process holds it", () => {
    const folder = newFolder();
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
    children.push(child);
    lockByOther(folder, child.pid ?? 0, "");
    expect(() => lockProject(folder, "shop", "up")).toThrow(/is changing the project shop/);
    expect(readFileSync(join(folder, "lock"), "utf8")).toContain(String(child.pid));
  });

  it("takes over from a file that is no lock", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "lock"), "{torn");
    lockProject(folder, "shop", "up")();
  });
});
