import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectEngine } from "./connect.js";
import type { FileReader } from "./file-reader.js";
import { startFakeEngine } from "./testing/fake-engine.js";

const noFiles: FileReader = { readText: () => undefined, exists: () => false };
const cleanups: (() => unknown)[] = [];
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "fake-ssh-"));
  vi.stubEnv("PATH", `${dir}${delimiter}${process.env.PATH}`);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

/** An `ssh` that notes its arguments and does what `docker system dial-stdio` does on the other host. */
async function fakeSsh(body: string): Promise<void> {
  const script = `#!${process.execPath}\nrequire("fs").writeFileSync(${JSON.stringify(join(dir, "args"))}, process.argv.slice(2).join(" "));\n${body}\n`;
  await writeFile(join(dir, "ssh"), script);
  await chmod(join(dir, "ssh"), 0o755);
}

function connect(host: string) {
  const env = { DOCKER_HOST: host };
  return connectEngine({ env, homeDir: "/home/none", uid: 1000, platform: "linux" }, { files: noFiles });
}

describe("an engine behind ssh", () => {
  it("is reached through the user's own ssh", async () => {
    const fake = await startFakeEngine();
    cleanups.push(() => fake.close());
    await fakeSsh(
      `const socket = require("net").connect(${JSON.stringify(fake.socketPath)}); process.stdin.pipe(socket).pipe(process.stdout);`,
    );
    const engine = await connect("ssh://ana@build.example:2222/run/docker.sock");
    cleanups.push(() => engine.close());
    expect(engine.endpoint.hostAddress).toBe("build.example");
    expect(await engine.listContainers({})).toEqual([]);
    expect(await readFile(join(dir, "args"), "utf8")).toBe(
      "-o ConnectTimeout=30 -T -l ana -p 2222 -- build.example docker --host unix:///run/docker.sock system dial-stdio",
    );
  });

  it("says ssh's own words where it is not reached", async () => {
    await fakeSsh(
      `console.error("ssh: connect to host build.example port 22: No route to host"); process.exit(255);`,
    );
    await expect(connect("ssh://build.example")).rejects.toMatchObject({
      code: "engine.not-running",
      message: expect.stringContaining("No route to host"),
    });
  });
});
