import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};
const record = readFileSync(join(root, "docs/adr/0001-dependencies.md"), "utf8");
const listed = [...record.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);

describe("dependencies", () => {
  it("stand in ADR 0001, each with its job, and nothing stands there that is not installed", () => {
    const installed = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];
    expect(listed.sort()).toEqual(installed.sort());
  });

  it("need no install script: all that have one are refused it", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const withScript = Object.entries(lock.packages)
      .filter(([path, entry]) => path !== "" && entry.hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ""));
    expect([...new Set(withScript)].filter((name) => manifest.allowScripts[name] !== false)).toEqual([]);
  });

  it("are not locked to a host", () => {
    const lock = readFileSync(join(root, "package-lock.json"), "utf8");
    expect(lock).not.toContain('"resolved": "http');
  });
});
