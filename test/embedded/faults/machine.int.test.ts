import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isProcessAlive } from "../../../cli/kernel/process-alive.js";
import { expectRefused } from "../../faults/expect-refused.js";
import { type BuiltCli, buildCli } from "../../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../../support/embedded-project.js";
import { waitUntil } from "../support/wait-until.js";
import { connectAmqp, connectKafka, queue, readData, topic, writeData, written } from "./written-data.js";

const isRoot = process.getuid?.() === 0;

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

/** The one document of a refusal, without a stack trace in it. */
async function expectRefusedJson(code: string, ...args: readonly string[]): Promise<void> {
  const { ok, error } = await project.json(...args);
  expect({ ok, error }).toMatchObject({ ok: false, error: { code, exitCode: 3 } });
  expect(JSON.stringify(error)).not.toMatch(/\bat \S+ \(?\/|\.js:\d+/);
}

describe("the runtime's end", () => {
  it("by kill -9 is told by ps and logs, and down and up mind nothing of it", async () => {
    await project.run("up", "kafka");
    const pid = project.readOwnerPid();
    process.kill(pid, "SIGKILL");
    await waitUntil(() => !isProcessAlive(pid));
    expect((await project.run("logs", "-n", "5")).stdout).toMatch(/^kafka +\| ready in/m);
    const down = await project.run("down");
    expect(down).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await project.run("ps")).stdout).toContain("Nothing runs.");
    expect((await project.run("down")).stdout).toContain("Nothing to remove");
    expect((await project.run("up", "kafka")).exitCode).toBe(0);
  });

  it("by down while up is starting it leaves one of both outcomes whole", async () => {
    const up = project.start(["up"]);
    await waitUntil(() => existsSync(join(project.stateFolder, "mybroker", "projects")));
    const down = await project.run("--runtime", "embedded", "down");
    const { exitCode } = await up.ended;
    expect([0, 3]).toContain(exitCode);
    if (down.exitCode !== 0) expect(down.stderr).toContain("is changing the project");
    const ps = await project.json<{ process: { pid: number } | null }>("ps");
    if (ps.data.process !== null) expect(ps.data.process.pid).toBe(project.readOwnerPid());
    expect((await project.run("--runtime", "embedded", "down")).exitCode).toBe(0);
    expect((await project.run("up", "kafka")).exitCode).toBe(0);
  });

  it("stale files of another process's pid and socket keep nobody from starting, and end nobody", async () => {
    await project.run("up", "kafka");
    await project.run("down");
    writeFileSync(join(project.place, "data", "owner.json"), JSON.stringify({ pid: process.pid }));
    writeFileSync(join(project.place, "control.sock"), "no socket");
    expect((await project.run("down")).exitCode).toBe(0);
    expect((await project.run("ps")).stdout).toContain("Nothing runs.");
    expect((await project.run("up", "kafka")).exitCode).toBe(0);
    expect(project.readOwnerPid()).not.toBe(process.pid);
  });
});

describe.runIf(isRoot)("a full disk", () => {
  /** The state folder on a small disk of its own. */
  function mountSmallDisk(sizeMiB: number): void {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", project.stateFolder]);
  }

  function freeBytes(): number {
    const { bavail, bsize } = statfsSync(project.stateFolder);
    return bavail * bsize;
  }

  afterEach(async () => {
    await project.run("--runtime", "embedded", "down");
    execFileSync("umount", ["-l", project.stateFolder]);
  });

  it("at the start is one message", async () => {
    mountSmallDisk(1);
    writeFileSync(join(project.stateFolder, "filler"), Buffer.alloc(freeBytes() - 8192));
    expectRefused(await project.run("up", "--runtime", "embedded"), {
      exitCode: 3,
      says: [/full|no space/i],
      hint: /df -h/,
    });
    await expectRefusedJson("embedded.disk-full", "up", "--runtime", "embedded");
    rmSync(join(project.stateFolder, "filler"));
  });

  it("while it runs is told to producers, ends nothing, and is over when there is room", async () => {
    mountSmallDisk(160);
    await project.run("up", "kafka", "rabbitmq");
    await writeData(project);
    const filler = join(project.stateFolder, "filler");
    const kafka = await connectKafka(project);
    const producer = kafka.producer({ retry: { retries: 0 } });
    await producer.connect();
    const send = () => producer.send({ topic, acks: -1, messages: [{ value: "late", partition: 0 }] });
    const connection = await connectAmqp(project);
    let isBlocked = false;
    connection.once("blocked", () => {
      isBlocked = true;
    });
    const unblocked = new Promise<void>((resolve) => connection.once("unblocked", () => resolve()));
    const channel = await connection.createConfirmChannel();
    const publish = () => channel.sendToQueue(queue, Buffer.from("late"), { persistent: true });

    writeFileSync(filler, Buffer.alloc(freeBytes() - 1_000_000));
    const refused = async (): Promise<boolean> =>
      send().then(
        () => false,
        () => true,
      );
    // Each broker notices by a write of its own.
    await waitUntil(async () => {
      publish();
      return (await refused()) && isBlocked;
    });
    expect((await project.run("ps")).exitCode).toBe(0);

    rmSync(filler);
    await unblocked;
    await channel.waitForConfirms();
    await waitUntil(async () => !(await refused()));
    await Promise.all([producer.disconnect(), connection.close()]);
    process.kill(project.readOwnerPid(), "SIGKILL");
    await project.run("up", "kafka", "rabbitmq");
    const { records, messages } = await readData(project);
    expect(records.slice(0, written.length)).toEqual(written);
    expect(messages.slice(0, written.length)).toEqual(written);
    expect(new Set(records.slice(written.length))).toEqual(new Set(["late"]));
  });
});

describe.runIf(isRoot)("as a user without rights", () => {
  let other: EmbeddedProject;
  beforeEach(async () => {
    other = await createEmbeddedProject(cli, { unprivileged: true });
    await other.run("up", "kafka", "rabbitmq");
    await other.run("down");
  });
  afterEach(async () => {
    for (const name of ["", "data", "data/kafka"]) chmodSync(join(other.place, name), 0o700);
    await other.remove();
  });

  it.each([
    ["data", 0o500],
    ["data", 0o000],
    ["data/kafka", 0o500],
    ["", 0o500],
  ])("%s that may not be written or read (mode %i) is one message", async (name, mode) => {
    chmodSync(join(other.place, name), mode);
    expectRefused(await other.run("up", "kafka", "rabbitmq"), {
      exitCode: 3,
      says: [other.place],
      hint: /ls -ld|XDG_STATE_HOME/,
    });
    const { error } = await other.json("up", "kafka", "rabbitmq");
    expect(error).toMatchObject({ code: "embedded.permission", exitCode: 3 });
  });
});
