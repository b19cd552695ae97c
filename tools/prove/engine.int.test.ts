import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

// Plain JavaScript, as in prove.unit.test.ts.
const { openEngine } = await import(new URL("./engine.mjs", import.meta.url).href);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-prove-"));
  mkdirSync(join(root, "tools/testbed"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

/** Stands for the testbed's scripts: an engine answers while there is a file "engine". */
function writeScripts({ up }: { readonly up: string }): void {
  const write = (name: string, lines: string) => writeFileSync(join(root, "tools/testbed", name), lines);
  write("with-engine.sh", '[ -e engine ] || exit 0\nexport DOCKER_HOST=unix:///ours\nexec "$@"\n');
  write("testbed.sh", `case $1 in up) ${up} ;; down) rm engine ;; esac\n`);
}

function open(): Promise<{ env?: object; missing?: string; close(): Promise<void> }> {
  const context = { root, log: join(root, "log"), signal: new AbortController().signal };
  return openEngine(context, () => {});
}

describe("the engine of a proof", () => {
  it("is the one that answers, which stays", async () => {
    writeScripts({ up: "exit 1" });
    writeFileSync(join(root, "engine"), "");
    const engine = await open();
    expect(engine).toMatchObject({ env: { DOCKER_HOST: "unix:///ours" } });
    await engine.close();
    expect(existsSync(join(root, "engine"))).toBe(true);
  });

  it("is started where none answers, and stopped", async () => {
    writeScripts({ up: "touch engine" });
    const engine = await open();
    expect(engine).toMatchObject({ env: { DOCKER_HOST: "unix:///ours" } });
    await engine.close();
    expect(existsSync(join(root, "engine"))).toBe(false);
  });

  it("is missing where it cannot be started, and why is said", async () => {
    writeScripts({ up: "echo 'testbed: needs root' >&2; exit 1" });
    expect(await open()).toMatchObject({ missing: "no Docker Engine answers; testbed: needs root" });
  });
});
