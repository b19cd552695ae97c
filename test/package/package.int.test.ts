import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { linksOf } from "../rules/docs/read-pages.js";
import { findFreePorts } from "../support/free-ports.js";
import { validateOutput } from "../support/validate-output.js";
import { type PackedPackage, packPackage } from "./pack-package.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const repository = resolve(import.meta.dirname, "../..");
let packed: PackedPackage;
beforeAll(async () => {
  packed = await packPackage();
});
afterAll(() => rmSync(packed.root, { recursive: true, force: true }));

const read = (path: string) => readFileSync(join(packed.installed, path), "utf8");

describe("the package", () => {
  it("holds what is used, and no source, test, tool or source map", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      "bin/mybroker.js",
      "dist/services/Dockerfile",
      "docs/commands.md",
      "README.md",
      "LICENSE",
    ])
      expect(paths).toContain(path);
    expect(new Set(paths.map((path) => path.split("/")[0]))).toEqual(
      new Set([
        ...[".env.example", "CHANGELOG.md", "LICENSE", "README.md", "README.pt-BR.md", "bin", "dist"],
        ...["docker-compose.yml", "docs", "examples", "package.json", "templates"],
        ...[".devcontainer", "CONTRIBUTING.md", "contracts"],
      ]),
    );
    expect(
      paths.filter((path) => /(\.ts|\.map|\.test\.\w+|\.tgz|\.env)$|(^|\/)(test|tools)\//.test(path)),
    ).toEqual([]);
  });

  it("has what its pages lead to", () => {
    const pages = packed.files.filter(({ path }) => path.endsWith(".md"));
    const broken = pages.flatMap(({ path }) =>
      linksOf({ path, text: read(path) })
        .map((link) => join(dirname(path), link.split("#")[0] ?? ""))
        .filter((target) => !existsSync(join(packed.installed, target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it("names no folder of the machine that it was built on", () => {
    for (const { path } of packed.files) {
      const text = read(path);
      for (const folder of [repository, packed.root, join(homedir(), "/")]) {
        if (folder.length > 2) expect(text.includes(folder), `${path} has ${folder}`).toBe(false);
      }
      expect(text.includes("sourceMappingURL=data:"), path).toBe(false);
    }
  });

  it("imports nothing that an install does not bring", () => {
    const manifest = JSON.parse(read("package.json")) as { dependencies: object; private: boolean };
    expect(manifest.private).toBe(true);
    const imported = packed.files
      .filter(({ path }) => path.endsWith(".js"))
      .flatMap(({ path }) => [
        ...read(path).matchAll(/^(?:import|export)\b[^"\n]*? from "([^."/][^"]*)";$/gm),
      ])
      .map(([, name = ""]) => name)
      .filter((name) => !isBuiltin(name));
    expect([...new Set(imported)]).toEqual(Object.keys(manifest.dependencies));
  });

  it("says of each package that is bundled under which licence it is", () => {
    const text = read("dist/THIRD-PARTY-LICENSES.txt");
    for (const name of ["kafkajs", "mongodb", "fastify", "pg"])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([\\w.-]+\\)$`, "m"));
  });

  it("has nothing that publint would change", async () => {
    const bytes = readFileSync(packed.tarball);
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const { messages } = await publint({ pack: { tarball }, strict: true });
    expect(messages).toEqual([]);
  });

  it("has the size that docs/upgrading.md says", () => {
    const page = readFileSync(join(repository, "docs/upgrading.md"), "utf8");
    const [, packedMb = "", unpackedMb = ""] = /([\d.]+) MB packed, ([\d.]+) MB unpacked/.exec(page) ?? [];
    const unpackedBytes = packed.files.reduce((total, file) => total + file.sizeBytes, 0);
    for (const [said, bytes] of [
      [packedMb, packed.packedBytes],
      [unpackedMb, unpackedBytes],
    ] as const) {
      expect(bytes / 1e6).toBeGreaterThan(Number(said) * 0.9);
      expect(bytes / 1e6).toBeLessThan(Number(said) * 1.1);
    }
  });
});

describe("the installed package", () => {
  it("makes a project, runs it, fills an order, and leaves nothing but .env and its backups", async () => {
    const lab = join(packed.root, "lab");
    const home = join(packed.root, "home");
    mkdirSync(home);
    const env = { PATH: process.env.PATH, HOME: home, DOCKER_HOST: `unix://${home}/no-engine.sock` };
    const program = join(packed.installed, "bin/mybroker.js");
    const runText = async (cwd: string, ...args: string[]) =>
      (await execa(process.execPath, [program, ...args], { cwd, env, extendEnv: false })).stdout;
    const run = async (cwd: string, ...args: string[]) => {
      const document = JSON.parse(await runText(cwd, ...args, "-o", "json"));
      validateOutput(document);
      return document.data;
    };
    const folder = join(lab, "my-lab");
    expect(await run(lab, "init", "my-lab")).toMatchObject({ folder, env: { state: "written" } });
    const files = readdirSync(folder);
    const text = readFileSync(join(folder, ".env"), "utf8");
    const keys = text.match(/^\w+_HOST_PORT(?==)/gm) ?? [];
    const free = await findFreePorts(keys.length);
    const moved = keys.reduce(
      (all, key, index) => all.replace(new RegExp(`^${key}=.*$`, "m"), `${key}=${free[index]}`),
      text,
    );
    writeFileSync(join(folder, ".env"), moved);

    onTestFinished(async () => {
      await run(folder, "down");
    });
    expect(await run(folder, "up")).toMatchObject({ changed: true });
    expect(await runText(folder, "order", "buy", "PETR4", "100", "--watch")).toMatch(/FILLED +100 at R\$/);
    expect(await run(folder, "doctor")).toMatchObject({ errors: 0 });
    expect(await run(folder, "down", "--volumes", "--rmi", "all", "--yes")).toMatchObject({
      removed: { process: expect.any(Number), dataFolder: expect.any(String), keptDataFolder: null },
    });

    expect(readdirSync(folder)).toEqual(files);
    const left = readdirSync(home, { recursive: true, encoding: "utf8" });
    const leftFiles = left.filter((path) => /\.\w+$/.test(path) && !path.endsWith(".local"));
    expect(leftFiles.length).toBeGreaterThan(0);
    expect(leftFiles.filter((path) => !/\/env\/[^/]+\.env$/.test(path))).toEqual([]);
  });
});
