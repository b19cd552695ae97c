import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeFileAtomically } from "./atomic-write.js";

// Programs and dynamic imports are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-write-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("writeFileAtomically", () => {
  it("makes a file that only its owner can read, and nothing beside it", async () => {
    const path = join(folder, ".env");
    await writeFileAtomically({ path, text: "A=1\n", existing: "create" });
    expect(readFileSync(path, "utf8")).toBe("A=1\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  it("lets one of two creators win and tells the other", async () => {
    const path = join(folder, ".env");
    const writes = ["first", "second"].map((text) => writeFileAtomically({ path, text, existing: "create" }));
    const results = await Promise.allSettled(writes);
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ code: "EEXIST" });
    const winner = results[0]?.status === "fulfilled" ? "first" : "second";
    expect(readFileSync(path, "utf8")).toBe(winner);
  });

  it("sweeps what a killed run left, and leaves a living one's alone", async () => {
    const path = join(folder, ".env");
    const dead = spawn(process.execPath, ["-e", ""]);
    await once(dead, "exit");
    writeFileSync(join(folder, `.env.tmp-${dead.pid}-aaaa`), "half");
    writeFileSync(join(folder, `.env.tmp-${process.pid}-bbbb`), "half");
    await writeFileAtomically({ path, text: "A=1\n", existing: "replace" });
    expect(readdirSync(folder).sort()).toEqual([".env", `.env.tmp-${process.pid}-bbbb`]);
  });

  it.runIf(process.getuid?.() === 0)("leaves the old file whole when the disk is full", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    try {
      const path = join(folder, ".env");
      await writeFileAtomically({ path, text: "A=1\n", existing: "create" });
      const write = writeFileAtomically({ path, text: "x".repeat(1024 * 1024), existing: "replace" });
      await expect(write).rejects.toMatchObject({ code: "ENOSPC" });
      expect(readFileSync(path, "utf8")).toBe("A=1\n");
      expect(readdirSync(folder)).toEqual([".env"]);
    } finally {
      execFileSync("umount", [folder]);
    }
  });

  it("leaves the old or the new file, whole, wherever it is killed", async () => {
    const path = join(folder, ".env");
    const versions = ["a", "b"].map((letter) => `${letter.repeat(200_000)}\n`);
    const script = join(folder, "write.mjs");
    const module = pathToFileURL(join(import.meta.dirname, "atomic-write.ts")).href;
    writeFileSync(
      script,
      `import { writeFileAtomically } from ${JSON.stringify(await bundle(module))};
       for (let i = 0; ; i++) {
         await writeFileAtomically({ path: ${JSON.stringify(path)}, text: "ab"[i % 2].repeat(200000) + "\\n", existing: "replace" });
         if (i === 0) process.stdout.write("go");
       }`,
    );
    for (let round = 0; round < 12; round += 1) {
      const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      // A different point each round; the file is judged whatever the point turns out to be.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(versions).toContain(readFileSync(path, "utf8"));
    }
    await writeFileAtomically({ path, text: "A=1\n", existing: "replace" });
    expect(readdirSync(folder).filter((name) => name.startsWith(".env"))).toEqual([".env"]);
  });
});

/** Node of the floor runs no TypeScript: the module is compiled to a file that the child imports. */
async function bundle(moduleUrl: string): Promise<string> {
  const { build } = await import("esbuild");
  const outfile = join(folder, "atomic-write.mjs");
  await build({
    entryPoints: [new URL(moduleUrl).pathname],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  return pathToFileURL(outfile).href;
}
