import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeEnvResult } from "./describe-env.js";
import { type EnsureEnvRequest, ensureEnv } from "./ensure-env.js";
import { readEnvValues } from "./env-values.js";
import { emptyProject, sampleContext } from "./testing/sample-project.js";

// Programs and dynamic imports are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const repository = resolve(import.meta.dirname, "../..");
let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-ensure-"));
  folder = join(root, "clone");
  mkdirSync(folder);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function request(changes: Partial<EnsureEnvRequest> = {}): EnsureEnvRequest {
  return {
    context: sampleContext(join(root, "home")),
    folder,
    ports: "auto",
    connect: async () => undefined,
    loadProject: async () => emptyProject(folder),
    ...changes,
  };
}

const writeExample = (text: string) => writeFileSync(join(folder, ".env.example"), text);
const writeEnv = (text: string) => writeFileSync(join(folder, ".env"), text, { mode: 0o600 });
const readEnv = () => readFileSync(join(folder, ".env"), "utf8");
const values = () => readEnvValues(readEnv(), ".env", {});

describe("ensureEnv", () => {
  it("makes .env of the repository's example: every secret, nothing else changed, owner only", async () => {
    const example = readFileSync(join(repository, ".env.example"), "utf8");
    writeExample(example);
    const secrets: string[] = [];
    const result = await ensureEnv(request({ redact: (secret) => secrets.push(secret), ports: "auto" }));
    expect(result.state).toBe("written");
    expect(result.derived).toEqual(["RABBITMQ_PASS_HASH"]);
    // Derived: the hash. Optional: the token.
    expect(result.generated.length + 2).toBe(result.secretKeys.size);
    expect(statSync(join(folder, ".env")).mode & 0o777).toBe(0o600);
    expect(values().BRAPI_TOKEN).toBe("");
    for (const key of result.secretKeys) {
      if (key === "BRAPI_TOKEN") continue;
      expect(values()[key]?.length).toBeGreaterThan(42);
      expect(secrets).toContain(values()[key]);
    }
    const shown =
      JSON.stringify({ ...result, secretKeys: [...result.secretKeys] }) + describeEnvResult(result).join();
    for (const secret of secrets.filter((text) => text !== "")) expect(shown).not.toContain(secret);
  });

  it("changes no byte when it runs again", async () => {
    writeExample("# head\nA=1\n# secret\nP=\n");
    await ensureEnv(request());
    const before = readEnv();
    const { ino } = statSync(join(folder, ".env"));
    const again = await ensureEnv(request({ connect: () => expect.unreachable("asks no engine") }));
    expect(again).toMatchObject({ state: "unchanged", generated: [], added: [], warnings: [] });
    expect(readEnv()).toBe(before);
    expect(statSync(join(folder, ".env")).ino).toBe(ino);
    expect(describeEnvResult(again)).toEqual([]);
  });

  it("adds missing keys, says which, and keeps the .env before outside the clone", async () => {
    writeExample("A=1\n# about B\nB=2\n# secret\nP=\n");
    writeEnv("# mine\nA=changed\n");
    const result = await ensureEnv(request());
    expect(result).toMatchObject({ state: "updated", added: ["B", "P"], generated: ["P"] });
    expect(readEnv()).toMatch(/^# mine\nA=changed\n# about B\nB=2\n# secret\nP=[\w-]{44}\n$/);
    expect(readFileSync(result.backup ?? "", "utf8")).toBe("# mine\nA=changed\n");
    expect(result.backup?.startsWith(join(root, "home"))).toBe(true);
    expect(describeEnvResult(result)).toEqual([
      ".env updated: added B, P, 1 secret.",
      `The .env before is kept at ${result.backup}`,
    ]);
  });

  it("keeps a copy of what it wrote, so that a deleted .env can be put back", async () => {
    writeExample("# secret\nP=\n");
    await ensureEnv(request());
    const [copy] = execFileSync("find", [join(root, "home"), "-name", "*.env"], { encoding: "utf8" }).split(
      "\n",
    );
    expect(readFileSync(copy ?? "", "utf8")).toBe(readEnv());
  });

  it("with --force takes the example's values again, keeps secrets, and leaves a copy", async () => {
    writeExample("A=1\n# secret\nP=\n");
    writeEnv("A=2\nP=kept\nMINE=3\n");
    const result = await ensureEnv(request({ rewrite: true }));
    expect(values()).toEqual({ A: "1", P: "kept", MINE: "3" });
    expect(readFileSync(result.backup ?? "", "utf8")).toBe("A=2\nP=kept\nMINE=3\n");
  });

  it("says what it would do in a dry run, and does nothing", async () => {
    writeExample("# secret\nP=\n");
    expect(await ensureEnv(request({ dryRun: true }))).toMatchObject({ state: "written", generated: ["P"] });
    expect(readdirSync(folder)).toEqual([".env.example"]);
    expect(readdirSync(root)).toEqual(["clone"]);
  });

  it("does nothing where there is neither .env nor an example", async () => {
    expect(await ensureEnv(request())).toMatchObject({ state: "absent" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("lets two runs at once agree on one file", async () => {
    writeExample("# secret\nP=\n");
    const results = await Promise.all(Array.from({ length: 4 }, () => ensureEnv(request())));
    expect(results.map(({ state }) => state).sort()).toEqual([
      "unchanged",
      "unchanged",
      "unchanged",
      "written",
    ]);
    expect(readdirSync(folder).sort()).toEqual([".env", ".env.example"]);
  });
});

describe("ports", () => {
  async function listenOn(port: number): Promise<{ port: number; close(): Promise<void> }> {
    const server = createServer();
    server.listen({ host: "127.0.0.1", port });
    await once(server, "listening");
    const taken = (server.address() as { port: number }).port;
    return { port: taken, close: () => new Promise((done) => server.close(() => done())) };
  }

  /** A taken port whose neighbours are free: below the range that the kernel gives out to others. */
  async function occupy(): Promise<{ port: number; close(): Promise<void> }> {
    for (;;) {
      const first = 20_000 + Math.floor(Math.random() * 10_000);
      const block = await Promise.allSettled([0, 1, 2].map((offset) => listenOn(first + offset)));
      const open = block.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      const [taken, ...neighbours] = open;
      if (open.length < 3) neighbours.push(...(taken === undefined ? [] : [taken]));
      for (const neighbour of neighbours) await neighbour.close();
      if (taken !== undefined && open.length === 3) return taken;
    }
  }

  it("move to the next free one that no other key uses, while there is no .env", async () => {
    const taken = await occupy();
    writeExample(`A_HOST_PORT=${taken.port}\nB_HOST_PORT=${taken.port + 1}\nC=${taken.port}\n`);
    const result = await ensureEnv(request());
    await taken.close();
    const [move] = result.portsMoved;
    expect(move).toMatchObject({
      key: "A_HOST_PORT",
      from: taken.port,
      conflict: { holder: { pid: process.pid } },
    });
    expect(move?.to).toBeGreaterThan(taken.port + 1);
    expect(values()).toMatchObject({ A_HOST_PORT: String(move?.to), C: String(taken.port) });
    expect(describeEnvResult(result).join(" ")).toContain(
      `1 port moved (${taken.port} -> ${move?.to}, taken by `,
    );
    expect(Math.max(...describeEnvResult(result).map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it("are refused with --ports fixed, all of them at once, and nothing is written", async () => {
    const [one, two] = [await occupy(), await occupy()];
    writeExample(`A_HOST_PORT=${one.port}\nB_HOST_PORT=${two.port}\n`);
    await expect(ensureEnv(request({ ports: "fixed" }))).rejects.toMatchObject({
      code: "ports.taken",
      exitCode: 3,
      lines: expect.arrayContaining([
        expect.stringContaining(`:${one.port} `),
        expect.stringContaining(`:${two.port} `),
      ]),
    });
    await one.close();
    await two.close();
    expect(readdirSync(folder)).toEqual([".env.example"]);
  });

  it("stay where they are once there is a .env, and where the shell decides", async () => {
    const taken = await occupy();
    writeExample(`A_HOST_PORT=${taken.port}\nB=1\n`);
    writeEnv(`A_HOST_PORT=${taken.port}\n`);
    expect(await ensureEnv(request())).toMatchObject({ added: ["B"], portsMoved: [] });
    rmSync(join(folder, ".env"));
    const context = sampleContext(join(root, "home"), { A_HOST_PORT: "1234" });
    expect(await ensureEnv(request({ context }))).toMatchObject({ state: "written", portsMoved: [] });
    await taken.close();
  });
});

describe("a .env that is no plain file of yours", () => {
  it.each<[string, () => void, object]>([
    ["a folder", () => mkdirSync(join(folder, ".env")), { code: "env.wrong-file", exitCode: 2 }],
    [
      "a named pipe",
      () => execFileSync("mkfifo", [join(folder, ".env")]),
      { code: "env.wrong-file", exitCode: 2 },
    ],
    [
      "no text",
      () => writeFileSync(join(folder, ".env"), Buffer.from([0x41, 0x3d, 0xff])),
      { code: "env.wrong-file" },
    ],
    ["malformed", () => writeEnv("A='1\n"), { code: "env.malformed", exitCode: 2 }],
    [
      "a dangling link",
      () => symlinkSync("nowhere", join(folder, ".env")),
      { code: "env.wrong-file", exitCode: 2 },
    ],
  ])("%s: refused and left as it is", async (_, make, expected) => {
    writeExample("A=1\n");
    make();
    const before = readdirSync(folder);
    await expect(ensureEnv(request())).rejects.toMatchObject({ ...expected, hint: expect.any(String) });
    expect(readdirSync(folder)).toEqual(before);
  });

  it("a link: read, and refused only where it would have to be written", async () => {
    writeFileSync(join(root, "shared.env"), "A=1\n", { mode: 0o600 });
    symlinkSync("../shared.env", join(folder, ".env"));
    writeExample("A=2\n");
    expect(await ensureEnv(request())).toMatchObject({ state: "unchanged" });
    writeExample("A=2\nB=1\n");
    await expect(ensureEnv(request())).rejects.toMatchObject({ code: "env.symbolic-link", exitCode: 2 });
    expect(readFileSync(join(root, "shared.env"), "utf8")).toBe("A=1\n");
  });

  it("readable by others: closed, and said", async () => {
    writeExample("A=1\n");
    writeEnv("A=1\n");
    chmodSync(join(folder, ".env"), 0o644);
    const { warnings } = await ensureEnv(request());
    expect(warnings).toEqual([expect.stringContaining("mode 0644")]);
    expect(statSync(join(folder, ".env")).mode & 0o777).toBe(0o600);
    expect((await ensureEnv(request())).warnings).toEqual([]);
  });
});

describe("without a folder for copies", () => {
  it("makes .env all the same and says that there is no copy", async () => {
    writeExample("# secret\nP=\n");
    const result = await ensureEnv(request({ context: sampleContext("") }));
    expect(result).toMatchObject({ state: "written", warnings: [expect.stringContaining("XDG_STATE_HOME")] });
  });

  it("refuses to take values away", async () => {
    writeExample("A=1\n");
    writeEnv("A=2\n");
    await expect(ensureEnv(request({ context: sampleContext(""), rewrite: true }))).rejects.toMatchObject({
      code: "state.unavailable",
      exitCode: 3,
    });
    expect(readEnv()).toBe("A=2\n");
  });
});
