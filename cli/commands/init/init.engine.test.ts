import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliRun, runCli } from "../../../test/support/run-cli.js";
import { createLoadRequest } from "../../compose/load-request.js";
import type { Project } from "../../compose/model.js";
import type { Engine } from "../../engine/engine.js";
import { connectForTests } from "../../engine/testing/connect-for-tests.js";
import { readEnvValues } from "../../env/env-values.js";
import { secretKeysOf } from "../../env/example-file.js";
import { createRecoveryLoader } from "../../env/recovery-loader.js";
import { openProjectState } from "../../env/state-folder.js";
import { compareVolumeSecrets } from "../../env/volume-fingerprints.js";
import { probeServer } from "../../ready/probe-server.js";
import { resolveTarget } from "../../ready/target.js";
import { initCommand } from "./definition.js";

/** One of each kind that keeps its password in a volume (MySQL twice: they share one), and two that read it anew. */
const services = [
  "broker-wallet-db",
  "broker-order-db",
  "b3-core-db",
  "broker-mongodb",
  "grafana",
  "rabbitmq",
  "broker-asset-cache",
];
const project = `vault-${process.pid}`;
const root = mkdtempSync(join(tmpdir(), "mybroker-vault-"));
const folder = join(root, "clone");
const homeDir = join(root, "home");
const envPath = join(folder, ".env");
let engine: Engine;

const readEnv = () => readEnvValues(readFileSync(envPath, "utf8"), ".env", {});
const environment = { PATH: process.env.PATH, DOCKER_HOST: process.env.DOCKER_HOST };

function init(...args: string[]): Promise<CliRun> {
  const commands = [initCommand];
  return runCli(["-p", project, "init", ...args, "-o", "json"], {
    cwd: folder,
    env: environment,
    homeDir,
    commands,
  });
}

async function compose(...args: string[]): Promise<void> {
  const plugin = await execa("docker", ["compose", "version"], { reject: false });
  const [program, ...prefix] = plugin.failed ? ["docker-compose"] : ["docker", "compose"];
  await execa(program ?? "", [...prefix, "-p", project, ...args], { cwd: folder });
}

function loadStack(): Promise<Project> {
  const globals = { file: [], envFile: [], profile: [], projectName: project };
  return createRecoveryLoader(createLoadRequest({ cwd: folder, homeDir, env: {} }, globals))({});
}

/** Logs in with what .env says now, on the port that the container has. */
async function answers(names: readonly string[], password?: string): Promise<string[]> {
  const stack = await loadStack();
  const seen = names.map(async (service) => {
    const container = await engine.inspectContainer(`${project}-${service}-1`);
    if (container === undefined) return `${service} absent`;
    const target = resolveTarget({
      project: stack,
      service,
      container,
      hostAddress: engine.endpoint.hostAddress,
    });
    if (target === undefined) return `${service} unpublished`;
    const answer = await probeServer(password === undefined ? target : { ...target, password }, 5000);
    return `${service} ${answer.ready ? "ready" : answer.reason}`;
  });
  return Promise.all(seen);
}

const all = (state: string, names: readonly string[] = services) =>
  names.map((service) => `${service} ${state}`);

/** Ports that nobody else on this machine wants meanwhile. */
async function replacePorts(): Promise<void> {
  const lines = readFileSync(envPath, "utf8").split("\n");
  const servers = await Promise.all(
    lines.map(async (line) => {
      if (!/_HOST_PORT=/.test(line)) return undefined;
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return server;
    }),
  );
  const replaced = lines.map((line, index) => {
    const address = servers[index]?.address() as { port: number } | undefined;
    return address === undefined ? line : line.replace(/=.*/, `=${address.port}`);
  });
  await Promise.all(
    servers.map((server) => new Promise((done) => (server ? server.close(done) : done(undefined)))),
  );
  writeFileSync(envPath, replaced.join("\n"));
}

beforeAll(async () => {
  engine = await connectForTests();
  const repository = resolve(import.meta.dirname, "../../..");
  for (const name of ["docker-compose.yml", ".env.example", "templates"]) {
    cpSync(join(repository, name), join(folder, name), { recursive: true });
  }
  expect((await init()).exitCode).toBe(0);
  await replacePorts();
  // Names that a developer changed live in the volumes as well.
  writeFileSync(
    envPath,
    readFileSync(envPath, "utf8").replace(/^BROKER_DB_USER=.*$/m, "BROKER_DB_USER=trader"),
  );
  await compose("up", "--detach", "--wait", ...services);
}, 600_000);

afterAll(async () => {
  await compose("down", "--volumes", "--timeout", "5");
  engine?.close();
  rmSync(root, { recursive: true });
}, 120_000);

describe("init beside volumes of an earlier run", () => {
  it("reads the secrets back from the containers when .env is gone", async () => {
    const before = readEnv();
    rmSync(envPath);
    const run = await init();
    const { data } = run.json() as unknown as { data: { env: { recovered: string[]; generated: string[] } } };
    expect(run.exitCode).toBe(0);
    // Those that no container of this test was given are new.
    expect(data.env.generated.sort()).toEqual([
      "B3_MARKET_CACHE_PASSWORD",
      "BROKER_WALLET_CACHE_PASSWORD",
      "JWT_PRIVATE_SEED",
      "KAFKA_UI_PASSWORD",
      "SEED_USER_PASSWORD",
      "SERVICE_TOKEN_BROKER_ORDER",
    ]);
    const after = readEnv();
    for (const key of [...data.env.recovered, "BROKER_DB_USER"]) expect(after[key]).toBe(before[key]);
    expect(after.BROKER_DB_USER).toBe("trader");
    expect(await answers(services)).toEqual(all("ready"));
    for (const key of data.env.recovered) expect(run.stdout + run.stderr).not.toContain(after[key]);
  });

  it("keeps with --force what the volumes know: secrets and names of users", async () => {
    const before = readEnv();
    expect((await init("--force")).exitCode).toBe(0);
    const after = readEnv();
    for (const key of [...secretKeysOf(readFileSync(envPath, "utf8")), "BROKER_DB_USER"]) {
      expect(after[key]).toBe(before[key]);
    }
    expect(after.GRAFANA_ADMIN_USER).toBe("admin");
    expect(await answers(services)).toEqual(all("ready"));
  });

  it("rotates every secret, in the servers first, and .env has what they take", async () => {
    const before = readEnv();
    const run = await init("--rotate");
    expect(run.stderr).toBe("");
    const { data } = run.json() as unknown as {
      data: { rotation: { rotated: string[]; servers: string[]; kept: [] } };
    };
    expect(data.rotation.kept).toEqual([]);
    const after = readEnv();
    // An optional one that nobody set stays empty.
    const secretKeys = [...secretKeysOf(readFileSync(envPath, "utf8"))].filter((key) => before[key] !== "");
    expect(secretKeys).toContain("JWT_PRIVATE_SEED");
    for (const key of secretKeys) expect(after[key]).not.toBe(before[key]);
    expect(data.rotation.servers.sort()).toEqual(
      ["b3-core-db", "broker-mongodb", "broker-order-db", "broker-wallet-db", "grafana"].sort(),
    );
    expect(await answers(data.rotation.servers)).toEqual(all("ready", data.rotation.servers));
    expect(await answers(["broker-wallet-db"], before.BROKER_DB_PASS)).toEqual(
      all("denied", ["broker-wallet-db"]),
    );
  });

  it("leaves servers and containers that fit together once they are recreated", async () => {
    await compose("up", "--detach", "--wait", ...services);
    expect(await answers(services)).toEqual(all("ready"));
  });

  it("knows then which volumes were made with other passwords", async () => {
    const state = await openProjectState(
      { env: {}, homeDir, platform: process.platform, now: Date.now },
      folder,
    );
    const secretKeys = secretKeysOf(readFileSync(envPath, "utf8"));
    const stack = await loadStack();
    const request = { engine, state, secretKeys };
    expect(await compareVolumeSecrets({ ...request, project: stack })).toEqual([]);
    const text = readFileSync(envPath, "utf8");
    writeFileSync(envPath, text.replace(/^BROKER_DB_PASS=.*$/m, "BROKER_DB_PASS=typed-by-hand"));
    const mismatches = await compareVolumeSecrets({ ...request, project: await loadStack() });
    writeFileSync(envPath, text);
    expect(mismatches.map(({ volume, keys }) => [volume, keys])).toEqual(
      ["broker-wallet-db", "broker-order-db"].map((name) => [`${project}_${name}-data`, ["BROKER_DB_PASS"]]),
    );
  });

  it("keeps a secret on both sides where one of its servers cannot take the new one", async () => {
    await compose("stop", "broker-order-db");
    const before = readEnv();
    const run = await init("--rotate");
    const { data } = run.json() as unknown as {
      data: { rotation: { kept: { key: string; reason: string }[] } };
    };
    expect(run.exitCode).toBe(1);
    expect(data.rotation.kept.map(({ key, reason }) => [key, reason])).toEqual([
      ["BROKER_DB_PASS", "broker-order-db does not run"],
      ["BROKER_DB_ROOT_PASS", "broker-order-db does not run"],
    ]);
    const after = readEnv();
    expect(after.BROKER_DB_PASS).toBe(before.BROKER_DB_PASS);
    expect(after.B3_CORE_PASSWORD).not.toBe(before.B3_CORE_PASSWORD);
    expect(await answers(["broker-wallet-db", "b3-core-db"])).toEqual(
      all("ready", ["broker-wallet-db", "b3-core-db"]),
    );
  });

  it("stops with the ways out when neither .env nor a container knows the passwords", async () => {
    const before = readFileSync(envPath, "utf8");
    await compose("down", "--timeout", "5");
    rmSync(envPath);
    // Newer, and of no use: a .env that was made while no engine answered.
    const blind = {
      cwd: folder,
      homeDir,
      commands: [initCommand],
      env: { DOCKER_HOST: "unix:///nonexistent" },
    };
    expect((await runCli(["-p", project, "init"], blind)).stderr).toContain("other passwords");
    rmSync(envPath);
    const run = await init();
    expect(run.exitCode).toBe(3);
    const { error } = run.json();
    expect(error).toMatchObject({ code: "env.locked-out", hint: expect.stringContaining(`cp ${homeDir}`) });
    expect(readdirSync(folder)).not.toContain(".env");
    await execa("sh", ["-c", error?.hint?.replace(/^.*: {2}/, "") ?? ""]);
    expect(readFileSync(envPath, "utf8")).toBe(before);
    expect((await init()).json().ok).toBe(true);
  });
});
