import { text } from "node:stream/consumers";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerCreateBody, Engine, EngineEvent, LogChunk } from "./engine.js";
import { EngineError } from "./engine-error.js";
import { connectForTests } from "./testing/connect-for-tests.js";

const image = "busybox:1.37.0";
const label = `mybroker.test=engine-${process.pid}`;

let engine: Engine;

beforeAll(async () => {
  engine = await connectForTests();
  for await (const _ of engine.pullImage(image, {})) {
    // Only the image is wanted here.
  }
});

afterAll(async () => {
  for (const { id } of await engine.listContainers({ labels: [label] })) {
    await engine.removeContainer(id, { force: true, anonymousVolumes: true });
  }
  for (const { id } of await engine.listNetworks([label])) await engine.removeNetwork(id);
  for (const { name } of await engine.listVolumes([label])) await engine.removeVolume(name);
  engine.close();
});

function labels(): Record<string, string> {
  const [key = "", value = ""] = label.split("=");
  return { [key]: value };
}

async function create(name: string, body: Partial<ContainerCreateBody>): Promise<string> {
  const { id } = await engine.createContainer(`mybroker-engine-test-${process.pid}-${name}`, {
    Image: image,
    Labels: labels(),
    HostConfig: {},
    NetworkingConfig: { EndpointsConfig: {} },
    ...body,
  });
  return id;
}

async function textOf(chunks: AsyncIterable<LogChunk>): Promise<{ stdout: string; stderr: string }> {
  const parts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const chunk of chunks) parts[chunk.channel].push(chunk.bytes);
  return { stdout: Buffer.concat(parts.stdout).toString(), stderr: Buffer.concat(parts.stderr).toString() };
}

async function nextEvent(events: AsyncIterable<EngineEvent>, action: string): Promise<EngineEvent> {
  for await (const event of events) if (event.action.startsWith(action)) return event;
  throw new Error(`no ${action} event came`);
}

describe("a container's life", () => {
  it("is created, started, seen, stopped and removed, and each repetition is no error", async () => {
    const id = await create("life", { Cmd: ["sleep", "600"], StopSignal: "SIGKILL" });
    await engine.startContainer(id);
    await engine.startContainer(id);

    const [summary] = await engine.listContainers({ labels: [label] });
    expect(summary).toMatchObject({ id, state: "running", image, name: expect.stringContaining("-life") });
    expect((await engine.inspectContainer(id))?.State.Running).toBe(true);

    await engine.stopContainer(id, 5);
    await engine.stopContainer(id, 5);
    await engine.renameContainer(id, `mybroker-engine-test-${process.pid}-renamed`);
    expect((await engine.inspectContainer(id))?.Name).toContain("renamed");

    await engine.removeContainer(id, { force: true, anonymousVolumes: true });
    await engine.removeContainer(id, { force: true, anonymousVolumes: true });
    expect(await engine.inspectContainer(id)).toBeUndefined();
  });

  it("is told by events that were subscribed to before the start", async () => {
    const stop = new AbortController();
    const events = await engine.events(
      { labels: [label], types: ["container"], actions: ["die"] },
      stop.signal,
    );
    const id = await create("events", { Cmd: ["sh", "-c", "exit 3"] });
    await engine.startContainer(id);

    const died = await nextEvent(events, "die");
    stop.abort();
    expect(died).toMatchObject({ type: "container", action: "die", id });
    expect(died.attributes.exitCode).toBe("3");
    expect(Math.abs(died.timeMs - Date.now())).toBeLessThan(60_000);
  });

  it("is told by an event however soon after the subscription it comes", async () => {
    for (let round = 0; round < 30; round += 1) {
      const stop = new AbortController();
      const Name = `mybroker-engine-test-${process.pid}-event-${round}`;
      const events = await engine.events({ types: ["volume"], actions: ["create"] }, stop.signal);
      await engine.createVolume({ Name, Labels: labels() });
      for await (const event of events) if (event.id === Name) break;
      stop.abort();
      await engine.removeVolume(Name);
    }
  });

  it("reports health by events that begin with health_status", async () => {
    const stop = new AbortController();
    const events = await engine.events({ labels: [label], actions: ["health_status"] }, stop.signal);
    const second = 1e9;
    const id = await create("health", {
      Cmd: ["sleep", "600"],
      StopSignal: "SIGKILL",
      Healthcheck: {
        Test: ["CMD", "true"],
        Interval: second,
        StartPeriod: 10 * second,
        StartInterval: second / 10,
      },
    });
    await engine.startContainer(id);
    expect((await nextEvent(events, "health_status")).action).toBe("health_status: healthy");
    stop.abort();
  });
});

describe("errors", () => {
  it("have the kind of what happened", async () => {
    const missing = create("missing-image", { Image: "mybroker-no-such-image:1" });
    await expect(missing).rejects.toMatchObject({ name: "EngineError", kind: "not-found", statusCode: 404 });

    const first = await create("twice", { Cmd: ["true"] });
    await expect(create("twice", { Cmd: ["true"] })).rejects.toMatchObject({
      kind: "conflict",
      statusCode: 409,
    });
    await engine.removeContainer(first, { force: true, anonymousVolumes: true });

    const Binds = ["/no/such/folder/of/mybroker:/x"];
    const Mounts = [{ Type: "bind", Source: "/no/such/folder/of/mybroker", Target: "/x" }];
    await expect(create("source", { HostConfig: { Mounts } })).rejects.toMatchObject({
      kind: "mount-source",
    });
    await expect(
      create("network", { HostConfig: { Binds, NetworkMode: "mybroker-none" } }),
    ).resolves.toBeTypeOf("string");
  });

  it("name a port that another container has", async () => {
    const bindings = (HostPort: string) => ({
      ExposedPorts: { "80/tcp": {} },
      Cmd: ["sleep", "600"],
      StopSignal: "SIGKILL",
      HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort }] } },
    });
    const holder = await create("port-holder", bindings(""));
    await engine.startContainer(holder);
    const ports = (await engine.inspectContainer(holder))?.NetworkSettings.Ports;
    const taken = ports?.["80/tcp"]?.[0]?.HostPort ?? "";
    const rival = await create("port-rival", bindings(taken));
    await expect(engine.startContainer(rival)).rejects.toMatchObject({ kind: "port-taken" });
  });
});

describe("output", () => {
  it("keeps the channels apart, with and without following", async () => {
    const id = await create("output", { Cmd: ["sh", "-c", "echo out; echo err >&2; echo -n tail"] });
    await engine.startContainer(id);
    const followed = await textOf(engine.logs(id, { follow: true }));
    expect(followed).toEqual({ stdout: "out\ntail", stderr: "err\n" });
    expect(await textOf(engine.logs(id, { tail: 1 }))).toEqual({ stdout: "tail", stderr: "" });
    expect(await textOf(engine.logs(id, { since: "1h" }))).toEqual(followed);
    expect(await textOf(engine.logs(id, { until: "1h" }))).toEqual({ stdout: "", stderr: "" });
  });

  it("of a container with a TTY is raw, even when it begins like a frame", async () => {
    const id = await create("tty", {
      Tty: true,
      Cmd: ["printf", "\\001\\000\\000\\000\\000\\000\\000\\002hi"],
    });
    await engine.startContainer(id);
    const { stdout } = await textOf(engine.logs(id, { follow: true }));
    expect(stdout).toBe("\u0001\0\0\0\0\0\0\u0002hi");
  });

  it("of a 20 MB line arrives whole", async () => {
    const id = await create("long-line", {
      Cmd: ["sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x; echo"],
    });
    await engine.startContainer(id);
    let bytes = 0;
    for await (const chunk of engine.logs(id, { follow: true })) bytes += chunk.bytes.length;
    expect(bytes).toBe(20_000_001);
  });

  it("ends without an error when the signal is aborted", async () => {
    const id = await create("abort", { Cmd: ["sh", "-c", "echo ready; sleep 600"], StopSignal: "SIGKILL" });
    await engine.startContainer(id);
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const chunk of engine.logs(id, { follow: true, signal: stop.signal })) {
      seen.push(Buffer.from(chunk.bytes).toString());
      stop.abort();
    }
    expect(seen).toEqual(["ready\n"]);
  });
});

describe("exec", () => {
  let id: string;
  beforeAll(async () => {
    id = await create("exec", { Cmd: ["sleep", "600"], StopSignal: "SIGKILL" });
    await engine.startContainer(id);
  });

  it("returns output and exit code", async () => {
    const command = ["sh", "-c", "echo $NAME in $PWD; echo bad >&2; exit 7"];
    const options = { command, env: ["NAME=x"], workingDir: "/tmp", tty: false, stdin: false };
    const session = await engine.exec(id, options);
    expect(await textOf(session.output)).toEqual({ stdout: "x in /tmp\n", stderr: "bad\n" });
    expect(await session.exitCode()).toBe(7);
  });

  it("passes input on, and its end", async () => {
    const session = await engine.exec(id, { command: ["cat"], tty: false, stdin: true });
    session.stdin.end("to and fro");
    expect((await textOf(session.output)).stdout).toBe("to and fro");
    expect(await session.exitCode()).toBe(0);
  });

  it("is left at once on a signal, also where the command says nothing", async () => {
    const stop = new AbortController();
    const options = { command: ["cat"], tty: false, stdin: true, signal: stop.signal };
    const session = await engine.exec(id, options);
    const output = textOf(session.output);
    stop.abort();
    expect(await output).toEqual({ stdout: "", stderr: "" });
    const late = await engine.exec(id, options);
    expect(await textOf(late.output)).toEqual({ stdout: "", stderr: "" });
  });

  it("has a terminal of the size that was asked for", async () => {
    const command = ["sh", "-c", "read line; stty size"];
    const session = await engine.exec(id, { command, tty: true, stdin: true });
    await session.resize(123, 45);
    session.stdin.write("\n");
    expect((await textOf(session.output)).stdout).toContain("45 123");
  });
});

describe("files, statistics, networks, volumes, images", () => {
  it("copies a tar in before the start and out again", async () => {
    const id = await create("files", { Cmd: ["true"] });
    const tar = pack();
    tar.entry({ name: "note.txt" }, "written by a test");
    tar.finalize();
    await engine.putArchive(id, "/tmp", tar);
    expect(await text(await engine.getArchive(id, "/tmp/note.txt"))).toContain("written by a test");
    await expect(engine.getArchive(id, "/tmp/none")).rejects.toBeInstanceOf(EngineError);
  });

  it("samples memory and CPU of a running container", async () => {
    const id = await create("stats", { Cmd: ["sh", "-c", "while :; do :; done"], StopSignal: "SIGKILL" });
    await engine.startContainer(id);
    const stats = await engine.sampleStats(id);
    expect(stats.memoryBytes).toBeGreaterThan(10_000);
    expect(stats.memoryLimitBytes).toBeGreaterThan(stats.memoryBytes);
    expect(stats.cpu).toBeGreaterThan(0.05);
    await engine.removeContainer(id, { force: true, anonymousVolumes: true });
  });

  it("finds a network by its exact name only", async () => {
    const Name = `mybroker-engine-test-${process.pid}`;
    const { id } = await engine.createNetwork({ Name, Labels: labels() });
    expect(await engine.inspectNetwork(Name)).toMatchObject({
      id,
      name: Name,
      driver: "bridge",
      containerIds: [],
    });
    expect(await engine.inspectNetwork(Name.slice(0, -1))).toBeUndefined();
    expect(await engine.inspectNetwork(id.slice(0, 12))).toBeUndefined();
    const container = await create("networked", {
      Cmd: ["sleep", "600"],
      StopSignal: "SIGKILL",
      NetworkingConfig: { EndpointsConfig: { [Name]: { Aliases: ["other"] } } },
    });
    await engine.startContainer(container);
    expect((await engine.inspectNetwork(Name))?.containerIds).toEqual([container]);
    await expect(engine.removeNetwork(id)).rejects.toMatchObject({ kind: "conflict" });
    await engine.removeContainer(container, { force: true, anonymousVolumes: true });
    await engine.removeNetwork(id);
    await engine.removeNetwork(id);
  });

  it("measures a volume, and refuses to remove one in use", async () => {
    const Name = `mybroker-engine-test-${process.pid}`;
    await engine.createVolume({ Name, Labels: labels() });
    const id = await create("filler", {
      Cmd: ["sh", "-c", "head -c 300000 /dev/zero > /data/file"],
      HostConfig: { Binds: [`${Name}:/data:rw`] },
    });
    await engine.startContainer(id);
    await textOf(engine.logs(id, { follow: true }));
    expect((await engine.volumeSizes()).get(Name)).toBeGreaterThanOrEqual(300_000);
    await expect(engine.removeVolume(Name)).rejects.toMatchObject({ kind: "conflict" });
    await engine.removeContainer(id, { force: true, anonymousVolumes: false });
    expect(await engine.inspectVolume(Name)).toMatchObject({ name: Name, driver: "local", labels: labels() });
    await engine.removeVolume(Name);
    await engine.removeVolume(Name);
    expect(await engine.inspectVolume(Name)).toBeUndefined();
  });

  it("builds an image, reads it and removes it", async () => {
    const tag = `mybroker-engine-test:${process.pid}`;
    const tar = pack();
    tar.entry({ name: "Containerfile" }, `FROM ${image}\nARG WORD\nRUN echo "built $WORD"\n`);
    tar.finalize();
    const output: string[] = [];
    const options = { tar, dockerfile: "Containerfile", tag, labels: labels(), args: { WORD: "here" } };
    for await (const line of engine.buildImage(options)) output.push(line.stream ?? "");
    expect(output.join("")).toContain("built here");
    expect(await engine.inspectImage(tag)).toMatchObject({ tags: [tag], labels: labels() });
    expect((await engine.listImages([label])).flatMap((found) => found.tags)).toEqual([tag]);
    await engine.removeImage(tag);
    await engine.removeImage(tag);
    expect(await engine.inspectImage(tag)).toBeUndefined();
  });

  it("throws the error that a build's stream ends with", async () => {
    const tar = pack();
    tar.entry({ name: "Dockerfile" }, `FROM ${image}\nRUN exit 4\n`);
    tar.finalize();
    const build = engine.buildImage({
      tar,
      dockerfile: "Dockerfile",
      tag: "mybroker-none",
      labels: {},
      args: {},
    });
    const drain = async () => {
      for await (const _ of build) {
        // Until the error.
      }
    };
    await expect(drain()).rejects.toThrow(/non-zero code: 4/);
  });
});

describe("pull", () => {
  it("fails for an image that the registry does not have", async () => {
    const pull = async () => {
      for await (const _ of engine.pullImage("busybox:no-such-version", {})) {
        // Until the error.
      }
    };
    await expect(pull()).rejects.toBeInstanceOf(EngineError);
  });
});
