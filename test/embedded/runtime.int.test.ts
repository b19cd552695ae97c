import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isProcessAlive } from "../../cli/kernel/process-alive.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { waitUntil } from "./support/wait-until.js";

interface UpData {
  changed: boolean;
  services: { service: string; by: string; address: string | null }[];
  process: { pid: number };
}

interface PsData {
  services: { service: string; state: string; address: string | null; path: string | null }[];
  process: { pid: number; residentBytes: number } | null;
}

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.remove());
beforeEach(async () => {
  project = await createEmbeddedProject(cli);
});
afterEach(() => project.remove());

describe("up without Docker", () => {
  it("runs everything in one process, says so once, and has nothing to do the second time", async () => {
    const first = await project.run("up");
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stderr).toMatch(
      /^No Docker engine at\s\S*no-docker\.sock:\srunning\sembedded,\sin\sone\sprocess\.$/m,
    );
    expect(first.stderr).toContain("up --runtime docker");
    expect(first.stdout).toMatch(/^20 ready in .* embedded \(one process, pid \d+\)\.$/m);
    const second = await project.run("up");
    expect(second).toMatchObject({ exitCode: 0, stderr: "" });
    expect(second.stdout).toContain("20 ready, nothing to do");
    expect(statSync(join(project.place, "control.sock")).mode & 0o777).toBe(0o600);
    expect(statSync(project.place).mode & 0o777).toBe(0o700);
  });

  it("tells programs the same", async () => {
    const { data, runtime } = await project.json<UpData>("up", "--verify");
    expect(runtime).toBe("embedded");
    const addresses = Object.fromEntries(data.services.map(({ service, address }) => [service, address]));
    expect(addresses).toMatchObject({
      kafka: `127.0.0.1:${project.ports.kafka}`,
      rabbitmq: `127.0.0.1:${project.ports.rabbitmq}`,
      "broker-wallet-db": null,
    });
    expect(
      data.services
        .filter(({ by }) => by === "probe")
        .map(({ service }) => service)
        .sort(),
    ).toEqual(["kafka", "rabbitmq"]);
    const ps = await project.json<PsData>("ps");
    expect(ps.runtime).toBe("embedded");
    expect(ps.data.process).toMatchObject({ pid: data.process.pid });
    expect(ps.data.services.every(({ state }) => state === "ready")).toBe(true);
    expect(
      existsSync(ps.data.services.find(({ service }) => service === "broker-wallet-db")?.path ?? ""),
    ).toBe(true);
  });

  it("starts what is named, then the rest in the same process", async () => {
    const first = await project.json<UpData>("up", "kafka");
    expect(first.data.services.map(({ service }) => service)).toEqual(["kafka"]);
    const owners = ["broker-market-data", "broker-report"].flatMap((owner) => ["-x", owner]);
    const second = await project.json<UpData>("up", "-x", "broker-mongodb", ...owners);
    expect(second.data.process.pid).toBe(first.data.process.pid);
    expect(second.data.services.map(({ service }) => service)).not.toContain("broker-mongodb");
    const ps = await project.json<PsData>("ps", "-a");
    expect(ps.data.services.find(({ service }) => service === "broker-mongodb")?.state).toBe("stopped");
  });

  it("restarts for a changed password and says why; data stays", async () => {
    await project.run("up");
    const pid = project.readOwnerPid();
    const env = readFileSync(join(project.folder, ".env"), "utf8");
    writeFileSync(
      join(project.folder, ".env"),
      env.replace(/^RABBITMQ_PASSWORD=.*$/m, "RABBITMQ_PASSWORD=not-a-secret"),
    );
    const run = await project.run("up");
    expect(run.stderr).toContain("Restarting: rabbitmq: password changed.");
    expect(run.exitCode).toBe(0);
    expect(project.readOwnerPid()).not.toBe(pid);
    expect(isProcessAlive(pid)).toBe(false);
  });

  it("says what it would do and does nothing", async () => {
    const run = await project.run("up", "--dry-run", "--exit-code");
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain("start runtime mybroker");
    expect(existsSync(join(project.stateFolder, "mybroker", "projects"))).toBe(false);
  });

  it("stays in the foreground, prints the log, and ends cleanly with a signal", async () => {
    const child = project.start(["up", "--foreground"]);
    await waitUntil(() => child.stdoutSoFar().includes("kafka | ready in"));
    const pid = project.readOwnerPid();
    child.kill("SIGINT");
    const ended = await child.ended;
    expect(ended.exitCode).toBe(130);
    expect(ended.stdout).toMatch(/^kafka \| ready in/m);
    expect(ended.stdout).toMatch(/^runtime \| stopped$/m);
    expect(isProcessAlive(pid)).toBe(false);
  });

  it("prints the runtime first in CI", async () => {
    const { stderr } = await project.start(["up", "kafka"], { CI: "true" }).ended;
    expect(stderr.split("\n")[0]).toBe("Runtime: embedded");
  });

  it("refuses what has no embedded form, exit 2", async () => {
    for (const args of [
      ["up", "grafana"],
      ["up", "--runtime", "podman"],
    ]) {
      expect(await project.run(...args)).toMatchObject({ exitCode: 2, stdout: "" });
    }
    await project.run("up", "kafka");
    for (const args of [["exec", "kafka", "ls"], ["open"], ["pull"]]) {
      const run = await project.run(...args);
      expect(run.exitCode).toBe(2);
      expect(run.stderr).toContain("--runtime docker");
    }
  });
});

describe("commands on the embedded runtime", () => {
  it("stop, start and restart services; the process goes on", async () => {
    await project.run("up");
    const pid = project.readOwnerPid();
    expect((await project.json<{ services: string[] }>("stop", "kafka")).data.services).toEqual(["kafka"]);
    expect((await project.json<PsData>("ps", "kafka")).data.services[0]?.state).toBe("stopped");
    expect((await project.json<{ services: string[] }>("start")).data.services).toEqual(["kafka"]);
    expect((await project.json<{ services: string[] }>("restart")).data.services).toHaveLength(20);
    expect(project.readOwnerPid()).toBe(pid);
    expect(await project.run("stop", "kafak")).toMatchObject({ exitCode: 2 });
  });

  it("prints the log, also of a dead runtime, and follows it to its end", async () => {
    await project.run("up");
    const follower = project.start(["logs", "-f", "--grep", "runtime|asked"]);
    await project.run("down");
    expect((await follower.ended).stdout).toContain("stops: asked to");
    const last = await project.run("logs", "-n", "1", "kafka");
    expect(last).toMatchObject({ exitCode: 0, stdout: "kafka | stopped" });
    const none = await project.run("logs", "--until", "2020-01-01T00:00:00Z");
    expect(none).toMatchObject({ exitCode: 0, stdout: "" });
  });

  it("down twice is fine; -v asks, then removes the data", async () => {
    await project.run("up");
    const pid = project.readOwnerPid();
    const { data } = await project.json<{ removed: { process: number; keptDataFolder: string } }>("down");
    expect(data.removed).toMatchObject({ process: pid, keptDataFolder: join(project.place, "data") });
    expect(isProcessAlive(pid)).toBe(false);
    const twice = await project.run("down");
    expect(twice.exitCode).toBe(0);
    expect(twice.stdout).toContain("Nothing to remove");
    expect(await project.run("down", "-v")).toMatchObject({ exitCode: 2 });
    expect((await project.run("-y", "down", "-v")).exitCode).toBe(0);
    expect(existsSync(project.place)).toBe(false);
  });

  it("prints addresses and files for programs", async () => {
    await project.run("up");
    const kafka = await project.run("env", "kafka");
    expect(kafka.stdout).toContain(`KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:${project.ports.kafka}`);
    const store = await project.run("env", "broker-wallet-db");
    const file = /^BROKER_WALLET_DB_FILE=(.*)$/m.exec(store.stdout)?.[1] ?? "";
    expect(existsSync(file)).toBe(true);
    const rabbitmq = await project.run("env", "rabbitmq");
    expect(rabbitmq.stdout).toMatch(/^RABBITMQ_URL=amqp:\/\/mybroker:[\w-]{16,}@127\.0\.0\.1:\d+$/m);
    expect(await project.run("env", "grafana")).toMatchObject({ exitCode: 2 });
  });

  it("leaves alone what was never asked for", async () => {
    await project.run("up", "kafka");
    expect((await project.json<{ services: string[] }>("restart")).data.services).toEqual(["kafka"]);
    await project.run("stop");
    expect((await project.json<{ services: string[] }>("start")).data.services).toEqual(["kafka"]);
    expect((await project.json<{ services: string[] }>("start", "rabbitmq")).data.services).toEqual([
      "rabbitmq",
    ]);
  });

  it("goes on when the terminal that started it is closed", async () => {
    await project.run("up", "kafka");
    const pid = project.readOwnerPid();
    process.kill(pid, "SIGHUP");
    expect((await project.json<PsData>("ps")).data.process?.pid).toBe(pid);
    process.kill(pid, "SIGTERM");
    await waitUntil(() => !isProcessAlive(pid));
    expect((await project.run("logs", "runtime")).stdout).toMatch(/stops: SIGTERM\n.*stopped$/);
  });

  it("greets with what runs", async () => {
    await project.run("up");
    const { stdout } = await project.run();
    expect(stdout).toContain(`all 20 services ready, embedded in one process, pid ${project.readOwnerPid()}`);
  });

  it("works where the files are broken", async () => {
    await project.run("up", "kafka");
    writeFileSync(join(project.folder, "docker-compose.yml"), "services: [");
    expect((await project.json<PsData>("ps")).data.process).not.toBeNull();
    const down = await project.run("down");
    expect(down.exitCode).toBe(0);
    expect(down.stdout).toContain("Stopped the process");
  });
});

describe("what can go wrong", () => {
  it("kill -9 leaves nothing that a start minds", async () => {
    await project.run("up");
    const pid = project.readOwnerPid();
    process.kill(pid, "SIGKILL");
    await waitUntil(() => !isProcessAlive(pid));
    expect((await project.run("ps")).stdout).toContain("Nothing runs.");
    expect(existsSync(join(project.place, "control.sock"))).toBe(true);
    expect((await project.run("up")).exitCode).toBe(0);
    expect(project.readOwnerPid()).not.toBe(pid);
  });

  it("two at once: one starts it, the other finds it or is told to wait", async () => {
    const runs = await Promise.all([project.run("up"), project.run("up")]);
    for (const { exitCode, stderr } of runs.filter((run) => run.exitCode !== 0)) {
      expect(exitCode).toBe(3);
      expect(stderr).toContain("is changing the project mybroker right now");
    }
    expect(runs.map(({ exitCode }) => exitCode)).toContain(0);
    expect((await project.json<PsData>("ps")).data.services).toHaveLength(20);
  });

  it("a taken port is told with its holder, and nothing is started", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(project.ports.kafka, "127.0.0.1", resolve));
    try {
      const run = await project.run("up");
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain(`pid ${process.pid}`);
      expect(run.stderr).toContain(`KAFKA_HOST_PORT=`);
      expect((await project.run("--runtime", "embedded", "ps")).stdout).toContain("Nothing runs.");
    } finally {
      holder.close();
    }
  });

  it("another process that has the data is named", async () => {
    await project.run("up", "kafka");
    const pid = project.readOwnerPid();
    // As if its socket had been removed by a cleaner of old files.
    const socket = join(project.place, "control.sock");
    const { renameSync } = await import("node:fs");
    renameSync(socket, `${socket}.gone`);
    const run = await project.run("up", "broker-wallet-db");
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(`pid ${pid}`);
    expect(run.stderr).toContain(`kill ${pid}`);
    renameSync(`${socket}.gone`, socket);
  });

  it.each([
    ["newer", '{"dataVersion":999}', "written by a newer mybroker"],
    ["damaged", "garbage", "is damaged"],
  ])("%s data is refused and left as it is", async (_, text, says) => {
    await project.run("up", "kafka");
    await project.run("down");
    const path = join(project.place, "data", "version.json");
    writeFileSync(path, text);
    const run = await project.run("up");
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(says);
    expect(run.stderr).toContain("down --volumes");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("a damaged store is named, and the others are closed again", async () => {
    await project.run("up", "broker-wallet-db");
    await project.run("down");
    const path = join(project.place, "data", "stores", "broker-wallet-db.sqlite");
    writeFileSync(path, "garbage".repeat(1000));
    const run = await project.run("up");
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain("broker-wallet-db.sqlite");
    expect((await project.run("ps")).stdout).toContain("Nothing runs.");
  });

  it("a long path of the state folder moves the socket to a private one", async () => {
    const long = join(project.stateFolder, "x".repeat(60), "y".repeat(60));
    mkdirSync(long, { recursive: true });
    const env = { XDG_STATE_HOME: long };
    expect((await project.start(["up", "kafka"], env).ended).exitCode).toBe(0);
    expect((await project.start(["down"], env).ended).stdout).toContain("Stopped the process");
  });

  it("a process that hangs is ended by down", async () => {
    await project.run("up", "kafka");
    const pid = project.readOwnerPid();
    process.kill(pid, "SIGSTOP");
    const down = await project.run("down", "-t", "1");
    expect(down.exitCode).toBe(0);
    await waitUntil(() => !isProcessAlive(pid));
  });
});

describe.runIf(process.getuid?.() === 0)("on a disk that takes nothing", () => {
  it.each([
    ["full", ["-o", "size=96k"], "disk is full"],
    ["read-only", ["-o", "ro"], "read-only"],
  ])("%s: one message, exit 3, and nothing runs", async (_, options, says) => {
    // .env is whole, so that the embedded data is the first that has to be written.
    await project.run("init");
    const state = join(project.stateFolder, "small");
    mkdirSync(state);
    execFileSync("mount", ["-t", "tmpfs", ...options, "tmpfs", state]);
    try {
      const run = await project.start(["up"], { XDG_STATE_HOME: state }).ended;
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain(says);
      expect(run.stderr.match(/✖/g)).toHaveLength(1);
      const ps = await project.start(["--runtime", "embedded", "ps"], { XDG_STATE_HOME: state }).ended;
      expect(ps.stdout).toContain("Nothing runs.");
    } finally {
      execFileSync("umount", [state]);
    }
  });
});

describe.runIf(process.getuid?.() === 0)("as a user without rights", () => {
  it("a state folder that cannot be written is one message, exit 3", async () => {
    const other = await createEmbeddedProject(cli, { unprivileged: true });
    try {
      const locked = join(other.stateFolder, "locked");
      mkdirSync(locked, { mode: 0o555 });
      const run = await other.start(["up"], { XDG_STATE_HOME: locked }).ended;
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain("XDG_STATE_HOME");
      expect((await other.run("up")).exitCode).toBe(0);
    } finally {
      await other.remove();
    }
  });
});
