import { createRequire } from "node:module";
import { format } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connectEngine } from "./connect.js";
import type { Engine, EngineEvent } from "./engine.js";
import { EngineError } from "./engine-error.js";
import type { FileReader } from "./file-reader.js";
import { type FakeEngine, type FakeRoute, startFakeEngine } from "./testing/fake-engine.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  vi.restoreAllMocks();
});

const never = new AbortController().signal;

async function start(
  routes: Record<string, FakeRoute> = {},
  files: FileReader = { readText: () => undefined, exists: () => false },
): Promise<{ fake: FakeEngine; engine: Engine }> {
  const fake = await startFakeEngine({ routes });
  cleanups.push(() => fake.close());
  const context = {
    env: { DOCKER_HOST: fake.url },
    homeDir: "/home/ana",
    uid: 1000,
    platform: "linux" as const,
  };
  const engine = await connectEngine(context, { files });
  cleanups.push(() => engine.close());
  return { fake, engine };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function errorOf(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describe("requests", () => {
  it("carry the negotiated version, filters as JSON and the body as it is", async () => {
    const { fake, engine } = await start({
      "POST /containers/create": { status: 201, json: { Id: "1", Warnings: null } },
    });
    await engine.listContainers({ labels: ["a=b", "c"] });
    const list = fake.calls.at(-1);
    expect(list?.query.get("all")).toBe("true");
    expect(JSON.parse(list?.query.get("filters") ?? "")).toEqual({ label: ["a=b", "c"] });

    const body = { Image: "x", Env: ["A=1", "B"], HostConfig: {}, NetworkingConfig: { EndpointsConfig: {} } };
    expect(await engine.createContainer("name one", body)).toEqual({ id: "1", warnings: [] });
    expect(fake.calls.at(-1)).toMatchObject({ method: "POST", path: "/containers/create", body });
    expect(fake.calls.at(-1)?.query.get("name")).toBe("name one");
  });

  it("reach the engine with any name", async () => {
    const { fake, engine } = await start();
    expect(await engine.inspectVolume("a b?c#ã%20")).toBeUndefined();
    expect(decodeURIComponent(fake.calls.at(-1)?.path ?? "")).toBe("/volumes/a b?c#ã%20");
  });

  it("leave out what is not asked for", async () => {
    const { fake, engine } = await start({ "POST /containers/:id/stop": { status: 204, text: "" } });
    await engine.stopContainer("1");
    expect([...(fake.calls.at(-1)?.query.keys() ?? [])]).toEqual([]);
    await engine.stopContainer("1", 0);
    expect(fake.calls.at(-1)?.query.get("t")).toBe("0");
  });

  it("ask again where a kept connection died, but only where asking changes nothing", async () => {
    let cuts = 1;
    const cutOnce = () => (cuts-- > 0 ? ({ cut: true } as const) : ({ json: [] } as const));
    const { fake, engine } = await start({
      "GET /containers/json": cutOnce,
      "POST /containers/:id/start": { cut: true },
    });
    expect(await engine.listContainers({})).toEqual([]);
    expect((await errorOf(engine.startContainer("1"))).kind).toBe("connection");
    expect(fake.calls.filter((call) => call.path.endsWith("/start"))).toHaveLength(1);
  });

  it("are errors where something else than JSON comes back", async () => {
    const { engine } = await start({ "GET /networks": { text: "<html>proxy</html>" } });
    expect((await errorOf(engine.listNetworks([]))).message).toMatch(/something else than JSON: "<html>/);
  });
});

describe("wishes that are already true", () => {
  it.each([
    ["start", 304, (engine: Engine) => engine.startContainer("1")],
    ["stop", 304, (engine: Engine) => engine.stopContainer("1")],
  ])("%s answered %i", async (action, status, call) => {
    const { engine } = await start({ [`POST /containers/:id/${action}`]: { status, text: "" } });
    await expect(call(engine)).resolves.toBeUndefined();
  });

  it.each([
    [404, "No such container: 1"],
    [409, "removal of container 1 is already in progress"],
  ])("removal answered %i", async (status, message) => {
    const { engine } = await start({ "DELETE /containers/:id": { status, json: { message } } });
    await expect(
      engine.removeContainer("1", { force: true, anonymousVolumes: false }),
    ).resolves.toBeUndefined();
  });

  it("but a container that runs and is not to be forced stays an error", async () => {
    const message =
      'cannot remove container "a": container is running: stop the container before removing or force remove';
    const { engine } = await start({ "DELETE /containers/:id": { status: 409, json: { message } } });
    const removal = engine.removeContainer("1", { force: false, anonymousVolumes: false });
    expect(await errorOf(removal)).toMatchObject({ kind: "conflict", message });
  });
});

describe("names", () => {
  it("of linked containers are their own", async () => {
    const entry = {
      Id: "1",
      Names: ["/other/alias", "/mine"],
      Image: "x",
      ImageID: "y",
      State: "running",
      Status: "Up",
      Created: 1,
      Labels: null,
      Ports: null,
      Mounts: null,
    };
    const { engine } = await start({ "GET /containers/json": { json: [entry] } });
    expect((await engine.listContainers({}))[0]).toEqual({
      id: "1",
      name: "mine",
      image: "x",
      state: "running",
      createdAt: 1,
      labels: {},
      ports: [],
    });
  });
});

describe("events", () => {
  it("come from the moment the promise resolves", async () => {
    const { fake, engine } = await start();
    const stop = new AbortController();
    const events = await engine.events(
      { labels: ["a"], types: ["container"], actions: ["die"] },
      stop.signal,
    );
    expect(fake.subscribers()).toBe(1);
    expect(JSON.parse(fake.calls.at(-1)?.query.get("filters") ?? "")).toEqual({
      label: ["a"],
      type: ["container"],
      event: ["die"],
    });
    fake.emit({
      action: "health_status: healthy",
      id: "1",
      attributes: { name: "db" },
      timeMs: 1_763_829_215_123,
    });
    const seen: EngineEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      stop.abort();
    }
    expect(seen).toEqual([
      {
        type: "container",
        action: "health_status: healthy",
        id: "1",
        attributes: { name: "db" },
        timeMs: 1_763_829_215_123,
      },
    ]);
  });

  it("replay from the time that is asked for", async () => {
    const { fake, engine } = await start();
    await engine.events({ sinceMs: 1_763_829_215_123 }, never);
    expect(fake.calls.at(-1)?.query.get("since")).toBe("1763829215.123");
    const beforeMs = Date.now();
    await engine.events({}, never);
    expect(Number(fake.calls.at(-1)?.query.get("since")) * 1000).toBeGreaterThanOrEqual(beforeMs - 1);
  });

  it("may be given up before anybody reads them", async () => {
    const { fake, engine } = await start();
    const stop = new AbortController();
    await engine.events({}, stop.signal);
    expect(fake.subscribers()).toBe(1);
    stop.abort();
    await expect.poll(() => fake.subscribers()).toBe(0);
  });

  it("end as an error of the connection where the engine goes away, in good order or not", async () => {
    const { fake, engine } = await start();
    const events = collect(await engine.events({}, never));
    fake.endEvents();
    expect(await errorOf(events)).toMatchObject({
      kind: "connection",
      message: "the engine ended its event stream",
    });

    const others = errorOf(collect(await engine.events({}, never)));
    await fake.close();
    expect((await others).kind).toBe("connection");
  });

  it("are refused at once by an engine that refuses", async () => {
    const { engine } = await start({ "GET /events": { status: 500, json: { message: "no" } } });
    expect(await errorOf(engine.events({}, never))).toMatchObject({
      kind: "other",
      message: "no",
      statusCode: 500,
    });
  });
});

describe("pull", () => {
  const drain = (engine: Engine, reference: string) => collect(engine.pullImage(reference, {}));

  it("ends when the stream ends, also without a last newline", async () => {
    const lines = [{ status: "Pulling fs layer", id: "a" }, '{"status":"Pull complete","id":"a"}'];
    const { fake, engine } = await start({ "POST /images/create": { lines } });
    expect(await drain(engine, "ghcr.io/org/app:1.2@sha256:00")).toEqual([
      { layer: "a", phase: "waiting" },
      { layer: "a", phase: "done" },
    ]);
    const { query } = fake.calls.at(-1) ?? {};
    expect([query?.get("fromImage"), query?.get("tag")]).toEqual(["ghcr.io/org/app", "sha256:00"]);
  });

  it.each([
    ["toomanyrequests: You have reached your pull rate limit", "rate-limited"],
    ["manifest for x:1 not found: manifest unknown: manifest unknown", "manifest-unknown"],
    ["unauthorized: authentication required", "unauthorized"],
    ['Get "https://r/v2/": dial tcp 10.0.0.1:443: i/o timeout', "registry-unreachable"],
    ["failed to register layer: write /x: no space left on device", "no-space"],
    ["never heard of it", "other"],
  ])("fails on the line: %s", async (message, kind) => {
    const begin = { status: "Pulling fs layer", id: "a" };
    for (const failure of [{ errorDetail: { message }, error: message }, { error: message }]) {
      const { engine } = await start({
        "POST /images/create": { lines: [begin, failure, { status: "Pull complete", id: "a" }] },
      });
      expect(await errorOf(drain(engine, "x:1"))).toMatchObject({ kind, message });
    }
  });

  it.each([
    ["is cut in the middle", [{ status: "Downloading", id: "a" }, '{"status":']],
    ["is not JSON", ["<html>login to the hotel network</html>\n"]],
  ])("fails where the stream %s", async (_, lines) => {
    const { engine } = await start({ "POST /images/create": { lines } });
    expect((await errorOf(drain(engine, "x:1"))).message).toMatch(/not JSON/);
  });

  it("fails where the engine dies in the middle", async () => {
    async function* lines(): AsyncGenerator<unknown> {
      yield { status: "Downloading", id: "a", progressDetail: { current: 1, total: 2 } };
      throw new Error("the scripted engine dies");
    }
    const { engine } = await start({ "POST /images/create": () => ({ lines: lines() }) });
    expect((await errorOf(drain(engine, "x:1"))).kind).toBe("connection");
  });

  it("that is aborted does not look finished", async () => {
    async function* lines(): AsyncGenerator<unknown> {
      yield { status: "Downloading", id: "a", progressDetail: { current: 1, total: 2 } };
      await new Promise(() => {});
    }
    const { engine } = await start({ "POST /images/create": () => ({ lines: lines() }) });
    const stop = new AbortController();
    const pull = async () => {
      for await (const _ of engine.pullImage("x:1", { signal: stop.signal })) stop.abort();
    };
    expect((await errorOf(pull())).message).toBe("the pull of x:1 was interrupted");
  });

  it("logs in with the stored credentials, and says why there were none only when refused", async () => {
    const config = (value: object): FileReader => ({
      exists: () => false,
      readText: () => JSON.stringify(value),
    });
    const auths = { "r.example": { username: "ana", password: "test-password" } };
    const { fake, engine } = await start({ "POST /images/create": { lines: [] } }, config({ auths }));
    await drain(engine, "r.example/x:1");
    const sent = Buffer.from(String(fake.calls.at(-1)?.headers["x-registry-auth"]), "base64url").toString();
    expect(JSON.parse(sent)).toMatchObject({ username: "ana", password: "test-password" });

    const answer = { status: 404, json: { message: "pull access denied for x" } };
    const other = await start({ "POST /images/create": answer }, config({ credsStore: "no-such-helper" }));
    const error = await errorOf(drain(other.engine, "x:1"));
    expect(error).toMatchObject({ kind: "unauthorized", statusCode: 404 });
    expect(error.message).toBe(
      "pull access denied for x (asked without a login: docker-credential-no-such-helper failed)",
    );
  });
});

describe("the debug log of docker-modem", () => {
  it("holds neither the registry's password nor the open connections", async () => {
    const dockerode = createRequire(import.meta.url).resolve("dockerode");
    const modem = createRequire(dockerode).resolve("docker-modem");
    const debug = createRequire(modem)("debug");
    const lines: string[] = [];
    vi.spyOn(debug, "log").mockImplementation((...words: unknown[]) => lines.push(format(...words)));
    debug.enable("modem");
    cleanups.push(() => debug.disable());

    const auths = { "r.example": { username: "ana", password: "test-password" } };
    const files = { exists: () => false, readText: () => JSON.stringify({ auths }) };
    const { fake, engine } = await start({ "POST /images/create": { lines: [] } }, files);
    await collect(engine.pullImage("r.example/x:1", {}));

    const sent = String(fake.calls.at(-1)?.headers["x-registry-auth"]);
    const log = lines.filter((line) => line.includes("Sending")).join("\n");
    expect(log).toContain("/images/create");
    expect(log).not.toContain(sent);
    expect(log).not.toContain("test-password");
    expect(log).not.toContain("_httpMessage");
  });
});

describe("probeRegistry", () => {
  it.each([
    ["present", { json: {} }],
    ["missing", { status: 404, json: { message: "manifest unknown: manifest unknown" } }],
    ["unauthorized", { status: 401, json: { message: "unauthorized: authentication required" } }],
    ["rate-limited", { status: 429, json: { message: "toomanyrequests: rate limit" } }],
    ["unreachable", { status: 500, json: { message: "dial tcp: lookup r: no such host" } }],
    ["unreachable", { hang: true as const }],
  ])("%s", async (kind, answer) => {
    const { fake, engine } = await start({ "GET /distribution/org/app:1/json": answer });
    expect(await engine.probeRegistry("org/app:1", 200)).toMatchObject({ kind });
    expect(fake.calls.at(-1)?.path).toBe("/distribution/org/app:1/json");
  });
});

describe("logs", () => {
  const inspect = { "GET /containers/:id/json": { json: { Config: { Tty: false } } } };

  it("end as an error of the connection where the engine dies in the middle", async () => {
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield Buffer.from([1, 0, 0, 0, 0, 0, 0, 2, 104, 105]);
      await arrived;
      throw new Error("the scripted engine dies");
    }
    const { engine } = await start({ ...inspect, "GET /containers/:id/logs": () => ({ bytes: bytes() }) });
    const seen: string[] = [];
    const read = async () => {
      for await (const chunk of engine.logs("1", { follow: true })) {
        seen.push(Buffer.from(chunk.bytes).toString());
        arrive();
      }
    };
    expect((await errorOf(read())).kind).toBe("connection");
    expect(seen).toEqual(["hi"]);
  });

  it("of a container that is gone are not found", async () => {
    const { engine } = await start({
      "GET /containers/:id/json": { status: 404, json: { message: "No such container: 1" } },
    });
    expect((await errorOf(collect(engine.logs("1", {})))).kind).toBe("not-found");
  });
});
