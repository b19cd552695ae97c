import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BuiltCli, buildCli } from "../test/support/built-cli.js";
import { makeStoreFolder } from "../test/support/domain-service.js";

let built: BuiltCli;
let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  built = await buildCli();
}, 120_000);
afterAll(() => built.remove());
beforeEach(async () => {
  folder = await makeStoreFolder();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await folder.remove();
});

function start(args: readonly string[], env: Record<string, string> = {}) {
  const program = resolve(built.program, "../../dist/services/main.js");
  const child = spawn(process.execPath, [program, ...args], { env });
  children.push(child);
  const written = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    written.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    written.stderr += chunk;
  });
  const ended = once(child, "close").then(([exitCode]) => ({ exitCode, ...written }));
  return { child, written, ended };
}

const identity = () => ({
  PORT: "0",
  DATABASE_URL: `sqlite://${folder.path}/identity.sqlite`,
  JWT_PRIVATE_SEED: "not-a-secret-seed",
  SEED_USER_PASSWORD: "not-a-secret-admin",
});

async function waitForAddress(written: { stdout: string }): Promise<string> {
  let address: string | undefined;
  await expect
    .poll(
      () => {
        const lines = written.stdout.split("\n").filter((line) => line.endsWith("}"));
        address = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === "listening")?.address;
        return address;
      },
      { timeout: 20_000 },
    )
    .toBeDefined();
  return String(address);
}

describe("a service as a process", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("serves until %s, and ends with 0", async (signal) => {
    const { child, written, ended } = start(["serve", "broker-identity"], identity());
    const address = await waitForAddress(written);
    expect((await fetch(`http://${address}/health/ready`)).status).toBe(200);
    child.kill(signal);
    expect(await ended).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("says in one line which settings are wrong, and ends with 2", async () => {
    const { ended } = start(["serve", "broker-identity"], { ...identity(), PORT: "x", JWT_PRIVATE_SEED: "" });
    expect(await ended).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "broker-identity: PORT is x, not a whole number from 0 to 65535; JWT_PRIVATE_SEED is missing\n",
    });
  });

  it("ends with 3 where its port is taken", async () => {
    const first = start(["serve", "broker-identity"], identity());
    const port = (await waitForAddress(first.written)).split(":")[1] ?? "";
    const { exitCode, stderr } = await start(["serve", "broker-identity"], { ...identity(), PORT: port })
      .ended;
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^broker-identity: .*EADDRINUSE.*\n$/);
  });

  it.each([[[]], [["serve"]], [["serve", "broker-idendity"]], [["constructor", "broker-identity"]]])(
    "says how it is used for %j",
    async (args) => {
      const { exitCode, stderr } = await start(args).ended;
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^usage: main.js serve\|migrate broker-identity\|/);
    },
  );
});

describe("its migrations", () => {
  it("are applied once", async () => {
    const migrate = () => start(["migrate", "broker-identity"], identity()).ended;
    expect(await migrate()).toEqual({
      exitCode: 0,
      stdout: "broker-identity: 001-users, 002-seed-password, 003-cpf\n",
      stderr: "",
    });
    expect(await migrate()).toEqual({ exitCode: 0, stdout: "broker-identity: up to date\n", stderr: "" });
  });

  it("are none where a service has no database", async () => {
    const { exitCode, stdout } = await start(["migrate", "broker-gateway"]).ended;
    expect([exitCode, stdout]).toEqual([0, "broker-gateway has no schema of its own\n"]);
  });
});
