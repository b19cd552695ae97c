import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FakeEngine, startFakeEngine } from "../../cli/engine/testing/fake-engine.js";
import { type BuiltCli, buildCli, nobody } from "../support/built-cli.js";
import { type CliRun, runCli } from "../support/run-cli.js";
import { expectRefused } from "./expect-refused.js";

let engine: FakeEngine;
let root: string;
let folder: string;
beforeAll(async () => {
  engine = await startFakeEngine();
});
afterAll(() => engine.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-bad-"));
  chmodSync(root, 0o755);
  folder = join(root, "clone");
  for (const path of [folder, join(root, "home")]) mkdirSync(path);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const minimal = "services:\n  web:\n    image: busybox:1.37.0\n";

function write(path: string, text: string): void {
  writeFileSync(join(folder, path), text);
}

function cli(...args: string[]): Promise<CliRun> {
  return runCli(args, { cwd: folder, homeDir: join(root, "home"), env: { DOCKER_HOST: engine.url } });
}

/** Nothing was asked to change, and nothing was written beside what the test wrote. */
function expectUntouched(files: readonly string[]): void {
  expect(engine.calls.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual([...files].sort());
}

describe("up with a compose file that is wrong", () => {
  it("is missing", async () => {
    expectRefused(await cli("up"), {
      exitCode: 2,
      says: ["no compose file", folder],
      hint: /mybroker init|cd /,
    });
    expectUntouched([]);
  });

  it("is named and missing", async () => {
    expectRefused(await cli("-f", "nope.yml", "up"), { exitCode: 2, says: ["nope.yml", "does not exist"] });
  });

  it.each([
    { name: "is empty", text: "", says: ["compose.yaml", "empty"] },
    { name: "has only a comment", text: "# nothing\n", says: ["compose.yaml", "empty"] },
    { name: "is no YAML", text: "services:\n  web: [\n", says: ["compose.yaml", /:[23]\b|line [23]/] },
    {
      name: "is indented with a tab",
      text: "services:\n\tweb: {}\n",
      says: ["compose.yaml", /:2\b|line 2/, /tab/i],
    },
    { name: "is a list", text: "- web\n", says: ["compose.yaml"] },
    { name: "has bytes that are no text", text: "services: \u0000\u0001\n", says: ["compose.yaml"] },
    { name: "has no services", text: "name: x\n", says: ["compose.yaml", /services?/] },
    {
      name: "has an unknown key",
      text: `${minimal}    imag: x\n`,
      says: [/compose\.yaml:4/, "imag", "image"],
    },
    {
      name: "has an unknown key at the top",
      text: `${minimal}volums: {}\n`,
      says: [/compose\.yaml:4/, "volums", "volumes"],
    },
    {
      name: "has a service without image",
      text: "services:\n  web:\n    command: x\n",
      says: ["compose.yaml", "web", "image"],
    },
    {
      name: "depends on a service that is not there",
      text: `${minimal}    depends_on: [cach]\n`,
      says: [/compose\.yaml:4/, "cach"],
    },
    {
      name: "depends on itself in a circle",
      text: `services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [a] }\n`,
      says: [/a.*b|b.*a/],
    },
    {
      name: "requires a variable that is not set",
      text: `services:\n  web:\n    image: x\n    environment:\n      A: \${PASSWORD:?run: mybroker init}\n`,
      says: [/compose\.yaml:5/, "PASSWORD", "run: mybroker init"],
    },
  ])("$name", async ({ text, says }) => {
    write("compose.yaml", text);
    expectRefused(await cli("up"), { exitCode: 2, says });
    expectUntouched(["compose.yaml"]);
  });
});

describe("up with an .env that is wrong", () => {
  it("is named and missing", async () => {
    write("compose.yaml", minimal);
    expectRefused(await cli("--env-file", "other.env", "up"), { exitCode: 2, says: ["other.env"] });
    expectUntouched(["compose.yaml"]);
  });

  it("is empty, and a variable is required", async () => {
    write("compose.yaml", `${minimal}    hostname: \${HOST_NAME:?}\n`);
    write(".env", "");
    expectRefused(await cli("up"), { exitCode: 2, says: ["HOST_NAME"] });
    expectUntouched([".env", "compose.yaml"]);
  });

  it.each([
    { name: "has a quote that does not end", text: 'A=1\nB="open\n', says: [/\.env:2/] },
    { name: "has a line that is no assignment", text: "A=1\n\nB C\n", says: [/\.env:3/] },
    { name: "is a picture", text: "\u0089PNG\r\n\u001a\n\u0000\u0000", says: [/\.env/] },
  ])("$name", async ({ text, says }) => {
    write("compose.yaml", minimal);
    write(".env", text);
    expectRefused(await cli("up"), { exitCode: 2, says });
    expectUntouched([".env", "compose.yaml"]);
  });

  it("is a folder", async () => {
    write("compose.yaml", minimal);
    mkdirSync(join(folder, ".env"));
    expectRefused(await cli("up"), { exitCode: 2, says: [".env", "folder"] });
    expectUntouched([".env", "compose.yaml"]);
  });
});

describe("up with words that are wrong", () => {
  beforeEach(() => write("compose.yaml", `${minimal}  cache:\n    image: busybox:1.37.0\n`));

  it.each([
    { args: ["up", "cahe"], says: ["cahe", "Did you mean", "cache"] },
    { args: ["up", "xyzzy"], says: ["xyzzy", "config --services"] },
    { args: ["up", "--exclude", "cahe"], says: ["cahe", "cache"] },
    { args: ["up", "--remove-orphan"], says: ["--remove-orphan", "--remove-orphans"] },
    { args: ["up", "-q"], says: ["-q", "--progress quiet"] },
    { args: ["upp"], says: ["upp", "up"] },
    { args: ["up", "--pull", "sometimes"], says: ["sometimes", "missing"] },
    { args: ["up", "--wait-timeout", "soon"], says: ["soon", "--wait-timeout 120"] },
    { args: ["-p", "Not A Name", "up"], says: ["Not A Name"] },
    { args: ["--profile", "nope", "up", "nope"], says: ["nope"] },
  ])("$args", async ({ args, says }) => {
    expectRefused(await cli(...args), { exitCode: 2, says });
    expectUntouched(["compose.yaml"]);
  });
});

describe("up as a user who may not read", () => {
  let built: BuiltCli;
  beforeAll(async () => {
    built = await buildCli();
  });
  afterAll(() => built.remove());
  beforeEach(() => {
    write("compose.yaml", minimal);
    write(".env", "A=1\n");
    if (process.getuid?.() === 0) chownSync(folder, nobody, nobody);
  });

  it.each([
    {
      path: "compose.yaml",
      exitCode: 3,
      says: ["cannot read the compose file compose.yaml", "you may not read it"],
    },
    { path: ".env", exitCode: 3, says: [/[Cc]annot read .*\.env/] },
  ])("$path", async ({ path, exitCode, says }) => {
    chmodSync(join(folder, path), 0o000);
    const env = { PATH: process.env.PATH, HOME: join(root, "home"), DOCKER_HOST: engine.url };
    const child = built.start(["up"], { cwd: folder, env, unprivileged: true });
    expectRefused(await child.ended, { exitCode, says });
  });

  it.runIf(existsSync("/dev/full"))("says in a line that what it prints to is full", async () => {
    for (const word of ["--version", "--help", "config"]) {
      const args = ["-c", '"$0" "$1" "$2" > /dev/full', process.execPath, built.program, word];
      const { exitCode, stderr } = await execa("sh", args, { cwd: folder, reject: false });
      expect({ word, exitCode, stderr }).toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(/^mybroker: cannot print: .*no space left on device.*$/),
      });
    }
  });
});
