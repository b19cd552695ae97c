import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Mount, Project, Service } from "../compose/model.js";
import type { ContainerUser } from "./container-user.js";
import { mountProblemError } from "./mount-text.js";
import { findMountProblems } from "./mounted-files.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-mounts-"));
  put("templates/web/app.conf", 0o600);
  put("templates/web/deep/more.conf", 0o644);
  put("open.conf", 0o644);
  put(".env", 0o600);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, mode: number): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), "");
  chmodSync(join(folder, path), mode);
}

function setMode(mode: number, ...paths: string[]): void {
  for (const path of paths) chmodSync(join(folder, path), mode);
}

/** Nobody that owns what this test makes, whoever runs it. */
const otherId = (process.getuid?.() ?? 0) + 1;
const stranger: ContainerUser = { kind: "other", uid: otherId, gid: otherId };

function projectWith(service: Partial<Service>): Pick<Project, "workingDir" | "configs" | "services"> {
  return {
    workingDir: folder,
    configs: { app: { name: "app", file: join(folder, "templates/web/app.conf") } },
    services: { web: { command: null, entrypoint: null, ...service } },
  };
}

/** "path mode" of each problem of a service with this mount. */
async function problemsOf(mount: Partial<Mount>, user: ContainerUser = stranger): Promise<string[]> {
  const project = projectWith({ volumes: [{ type: "bind", target: "/x", ...mount }] });
  const problems = await findMountProblems({ project, services: ["web"], userOf: () => user });
  return problems.map(({ path, problem, mode }) => `${path.slice(folder.length + 1)} ${mode ?? problem}`);
}

describe("findMountProblems", () => {
  it("finds what a clone made with umask 077 closes, in a folder of settings all of it", async () => {
    setMode(0o700, "templates", "templates/web", "templates/web/deep");
    const source = join(folder, "templates/web");
    expect(await problemsOf({ source, read_only: true })).toEqual([
      "templates/web 700",
      "templates/web/app.conf 600",
      "templates/web/deep 700",
    ]);
  });

  it("asks nothing of the folders above: the container does not go through them", async () => {
    setMode(0o700, "templates", "templates/web");
    expect(await problemsOf({ source: join(folder, "templates/web/deep/more.conf") })).toEqual([]);
  });

  it("asks of a source tree, and of the clone, only that they can be entered", async () => {
    setMode(0o755, "templates/web", ".");
    expect(await problemsOf({ source: join(folder, "templates/web") })).toEqual([]);
    expect(await problemsOf({ source: folder, read_only: true })).toEqual([]);
  });

  it("lets root and the owner read", async () => {
    const source = join(folder, "templates/web/app.conf");
    expect(await problemsOf({ source }, { kind: "root" })).toEqual([]);
    expect(await problemsOf({ source }, { kind: "other", uid: process.getuid?.() ?? 0 })).toEqual([]);
    expect(await problemsOf({ source })).toEqual(["templates/web/app.conf 600"]);
  });

  it("misses only what must be there and lies in the clone", async () => {
    const source = join(folder, "nowhere");
    expect(await problemsOf({ source, bind: {} })).toEqual(["nowhere missing"]);
    expect(await problemsOf({ source, bind: { create_host_path: true } })).toEqual([]);
    expect(await problemsOf({ source })).toEqual([]);
    expect(await problemsOf({ source: `${folder}-beside`, bind: {} })).toEqual([]);
  });

  it("looks at configs that are files", async () => {
    const project = projectWith({ configs: [{ source: "app" }] });
    const found = await findMountProblems({ project, services: ["web"], userOf: () => stranger });
    expect(found).toMatchObject([{ service: "web", problem: "unreadable", mode: "600" }]);
  });
});

describe("mountProblemError", () => {
  const unreadable = (path: string) => ({
    service: "web",
    path: join(folder, path),
    problem: "unreadable" as const,
    mode: "600",
  });

  it("opens whole entries of the clone, spelled from where one stands", () => {
    const problems = [unreadable("templates/web/app.conf"), unreadable("templates/x"), unreadable("it's/a")];
    const error = mountProblemError(problems, { workingDir: folder, cwd: join(folder, "templates") });
    expect(error).toMatchObject({ code: "mounts.unreadable", exitCode: 3 });
    expect(error.lines[0]).toBe("web  web/app.conf  (mode 600)");
    expect(error.hint).toContain("chmod -R go+rX . '../it'\\''s'");
  });

  it("never opens what else lies in the clone", () => {
    const error = mountProblemError([unreadable("")], { workingDir: folder, cwd: folder });
    expect(error.hint).toMatch(/^chmod go\+rx \. /);
  });
});
