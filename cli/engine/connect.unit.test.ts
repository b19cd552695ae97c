import { chmod, chown, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { connectEngine } from "./connect.js";
import type { Engine } from "./engine.js";
import type { FileReader } from "./file-reader.js";
import { type FakeEngine, type FakeEngineOptions, startFakeEngine } from "./testing/fake-engine.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const noFiles: FileReader = { readText: () => undefined, exists: () => false };

async function fake(options: FakeEngineOptions = {}): Promise<FakeEngine> {
  const engine = await startFakeEngine(options);
  cleanups.push(() => engine.close());
  return engine;
}

async function connect(
  env: Record<string, string>,
  options: { timeoutMs?: number; files?: FileReader } = {},
): Promise<Engine> {
  const context = { env, homeDir: "/home/none", uid: 1000, platform: "linux" as const };
  const engine = await connectEngine(context, { files: noFiles, ...options });
  cleanups.push(() => engine.close());
  return engine;
}

async function failureOf(connecting: Promise<unknown>): Promise<MybrokerError> {
  const error = await connecting.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(MybrokerError);
  const failure = error as MybrokerError;
  expect(failure.exitCode).toBe(3);
  expect(failure.message).not.toContain("\n");
  expect(failure.hint).toBeTruthy();
  return failure;
}

describe("an engine that can be used", () => {
  it("is described by its own facts and by who chose it", async () => {
    const { url, calls } = await fake();
    const engine = await connect({ DOCKER_HOST: url });
    expect(engine.endpoint).toEqual({ url, source: "DOCKER_HOST", hostAddress: "127.0.0.1" });
    expect(engine.facts).toEqual({
      version: "28.5.2",
      apiVersion: "1.51",
      operatingSystem: "Fake Linux",
      architecture: "amd64",
      memoryBytes: 8 * 1024 ** 3,
      cpus: 4,
      rootless: false,
    });
    expect(calls.map((call) => call.path).sort()).toEqual(["/info", "/version"]);
  });

  it("is usable although a proxy forbids /info", async () => {
    const { url } = await fake({ routes: { "GET /info": { status: 403, text: "forbidden" } } });
    const { facts } = await connect({ DOCKER_HOST: url });
    expect(facts).toMatchObject({ memoryBytes: 0, cpus: 0, operatingSystem: "linux" });
  });

  it("is usable although /info never ends", async () => {
    const { url } = await fake({ routes: { "GET /info": { hang: true } } });
    const engine = await connect({ DOCKER_HOST: url }, { timeoutMs: 100 });
    expect(engine.facts.memoryBytes).toBe(0);
  });

  it("publishes on MYBROKER_HOST where that is set", async () => {
    const { url } = await fake();
    const { endpoint } = await connect({ DOCKER_HOST: url, MYBROKER_HOST: "host.docker.internal" });
    expect(endpoint.hostAddress).toBe("host.docker.internal");
  });

  it("publishes on the gateway where we run in one of its own containers", async () => {
    const networks = { first: { Gateway: "" }, second: { Gateway: "172.18.0.1" } };
    const { url } = await fake({
      routes: { "GET /containers/:id/json": { json: { NetworkSettings: { Networks: networks } } } },
    });
    const inContainer: FileReader = { ...noFiles, exists: (path) => path === "/.dockerenv" };
    expect((await connect({ DOCKER_HOST: url }, { files: inContainer })).endpoint.hostAddress).toBe(
      "172.18.0.1",
    );
    const other = await fake();
    const elsewhere = await connect({ DOCKER_HOST: other.url }, { files: inContainer });
    expect(elsewhere.endpoint.hostAddress).toBe("127.0.0.1");
  });
});

describe("several places", () => {
  it("are tried in turn where nobody chose one, and the first failure is told where none answers", async () => {
    const { socketPath } = await fake();
    const homeDir = await mkdtemp(join(tmpdir(), "home-"));
    cleanups.push(() => rm(homeDir, { recursive: true }));
    await mkdir(join(homeDir, ".orbstack/run"), { recursive: true });
    const orbstack = join(homeDir, ".orbstack/run/docker.sock");
    const colima = join(homeDir, ".colima/default/docker.sock");
    const files: FileReader = { ...noFiles, exists: (path) => path === orbstack || path === colima };
    const context = { env: {}, homeDir, uid: undefined, platform: "darwin" as const };
    const failure = await failureOf(connectEngine(context, { files }));
    expect(failure).toMatchObject({ code: "engine.absent", message: expect.stringContaining("(Colima)") });

    await symlink(socketPath, orbstack);
    const engine = await connectEngine(context, { files });
    cleanups.push(() => engine.close());
    expect(engine.endpoint.source).toBe("OrbStack");
  });
});

describe("API versions", () => {
  const versions = Array.from({ length: 32 }, (_, index) => `1.${24 + index}`);
  it.each(versions)("%s works or is refused in one line", async (apiVersion) => {
    const minor = Number(apiVersion.slice(2));
    const minApiVersion = minor >= 52 ? "1.44" : "1.24";
    const { url, calls } = await fake({ apiVersion, minApiVersion, version: "25.0.1" });
    if (minor < 44) {
      const failure = await failureOf(connect({ DOCKER_HOST: url }));
      expect(failure.code).toBe("engine.too-old");
      expect(failure.message).toBe(
        `the Docker Engine 25.0.1 at ${url} (DOCKER_HOST) speaks API ${apiVersion}; mybroker needs 1.44 (Docker Engine 25) or newer`,
      );
      return;
    }
    const engine = await connect({ DOCKER_HOST: url });
    expect(engine.facts.apiVersion).toBe(minor < 51 ? apiVersion : "1.51");
    expect(await engine.listContainers({})).toEqual([]);
    expect(calls.at(-1)?.path).toBe("/containers/json");
  });

  it("that only newer clients may speak are too new", async () => {
    const { url } = await fake({ apiVersion: "1.70", minApiVersion: "1.60" });
    const failure = await failureOf(connect({ DOCKER_HOST: url }));
    expect(failure).toMatchObject({
      code: "engine.too-new",
      message: expect.stringContaining("API 1.60 or newer"),
    });
  });

  it.each([
    [
      "JSON",
      {
        status: 400,
        json: { message: "client version 1.44 is too new. Maximum supported API version is 1.41" },
      },
      "engine.too-old",
    ],
    [
      "plain text",
      {
        status: 400,
        text: "client version 1.51 is too old. Minimum supported API version is 1.60, please upgrade",
      },
      "engine.too-new",
    ],
  ])("refused in %s before the engine says its version", async (_, answer, code) => {
    const { url } = await fake({ routes: { "GET /version": answer } });
    expect((await failureOf(connect({ DOCKER_HOST: url }))).code).toBe(code);
  });

  it("of Podman are told as Podman's", async () => {
    const json = {
      Version: "5.4.0",
      ApiVersion: "1.41",
      MinAPIVersion: "1.24",
      Components: [{ Name: "Podman Engine" }],
    };
    const { url } = await fake({ routes: { "GET /version": { json } } });
    const failure = await failureOf(connect({ DOCKER_HOST: url }));
    expect(failure).toMatchObject({
      code: "engine.too-old",
      message: expect.stringMatching(/^Podman 5\.4\.0 at /),
    });
  });
});

describe("an engine that cannot be used", () => {
  it("is absent where there is no socket", async () => {
    const failure = await failureOf(connect({ DOCKER_HOST: "unix:///no/such.sock" }));
    expect(failure).toMatchObject({
      code: "engine.absent",
      message: "there is no Docker Engine at unix:///no/such.sock (DOCKER_HOST)",
    });
  });

  it("is absent where the host name does not resolve", async () => {
    const failure = await failureOf(connect({ DOCKER_HOST: "tcp://no-such-host.invalid:2375" }));
    expect(failure.code).toBe("engine.absent");
  });

  it("is not running where a stale socket refuses", async () => {
    const dir = await mkdtemp(join(tmpdir(), "stale-"));
    cleanups.push(() => rm(dir, { recursive: true }));
    const path = join(dir, "docker.sock");
    await leaveStaleSocket(path);
    const failure = await failureOf(connect({ DOCKER_HOST: `unix://${path}` }));
    expect(failure).toMatchObject({
      code: "engine.not-running",
      hint: expect.stringContaining("systemctl start"),
    });
  });

  it("is not running where Docker Desktop answers that it starts", async () => {
    const answer = { status: 503, text: "Docker Desktop is starting\nplease wait" };
    const { url } = await fake({ routes: { "GET /version": answer } });
    const failure = await failureOf(connect({ DOCKER_HOST: url }));
    expect(failure).toMatchObject({
      code: "engine.not-running",
      message: expect.stringContaining("is starting"),
    });
  });

  it.each([
    ["a web page", { text: "<html>hello</html>" }],
    ["other JSON", { json: { hello: "world" } }],
    ["a JSON string", { json: "hello" }],
    ["nothing", { text: "" }],
  ])("is no engine where %s comes back", async (_, answer) => {
    const { url } = await fake({ routes: { "GET /version": answer } });
    expect((await failureOf(connect({ DOCKER_HOST: url }))).code).toBe("engine.not-running");
  });

  it("is no engine where the connection is cut", async () => {
    const { url } = await fake({ routes: { "GET /version": { cut: true } } });
    expect((await failureOf(connect({ DOCKER_HOST: url }))).code).toBe("engine.not-running");
  });

  it("is hung where the answer does not come in time", async () => {
    const { url } = await fake({ routes: { "GET /version": { hang: true } } });
    const failure = await failureOf(connect({ DOCKER_HOST: url }, { timeoutMs: 100 }));
    expect(failure).toMatchObject({ code: "engine.hung", message: expect.stringContaining("within 0.1 s") });
  });

  it("is forbidden to a user who may not open the socket", async () => {
    const { url, socketPath } = await fake();
    await chmod(socketPath, 0o600);
    await chmod(dirname(socketPath), 0o755);
    const asRoot = process.getuid?.() === 0;
    if (!asRoot) await chmod(socketPath, 0o000);
    else await chown(socketPath, 0, 0);
    // Modules are loaded as ourselves: the unprivileged user may not be able to read this checkout.
    await import("dockerode");
    if (asRoot) process.seteuid?.(65_534);
    try {
      const failure = await failureOf(connect({ DOCKER_HOST: url }));
      expect(failure).toMatchObject({
        code: "engine.forbidden",
        hint: expect.stringContaining("usermod -aG docker"),
      });
      expect(failure.message).toBe(`you may not use the Docker Engine at ${url} (DOCKER_HOST)`);
    } finally {
      if (asRoot) process.seteuid?.(0);
    }
  });
});

/** A socket file whose server is gone without removing it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { execa } = await import("execa");
  const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  await execa(process.execPath, ["-e", script, path], { reject: false });
}
