import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isProcessAlive } from "../../../cli/kernel/process-alive.js";
import { openRaw } from "../../contract/kafka/wire/connection.js";
import { expectRefused } from "../../faults/expect-refused.js";
import { type BuiltCli, buildCli } from "../../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../../support/embedded-project.js";
import { readPartition } from "../kill/kafka-log.js";
import { waitUntil } from "../support/wait-until.js";
import { findFiles, flipByte, queue, readData, topic, writeData, written } from "./written-data.js";

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  await project.run("up", "kafka", "rabbitmq");
  await writeData(project);
  await killRuntime();
}, 60_000);
afterAll(async () => {
  await project.remove();
  cli.remove();
});
// One project for all: what is refused is left as it is, and each test puts back what it damaged.
async function killRuntime(): Promise<void> {
  const pid = project.readOwnerPid();
  process.kill(pid, "SIGKILL");
  await waitUntil(() => !isProcessAlive(pid));
}

function findFile(pattern: RegExp): string {
  const [path = ""] = findFiles(project, pattern);
  expect(path, String(pattern)).not.toBe("");
  return path;
}

const partitionFile = new RegExp(`${topic}/0/\\d+\\.log$`);
const queueFile = new RegExp(`durable/${queue}-.*\\.log$`);

describe("damaged data", () => {
  it.each([
    ["a segment of a queue", queueFile, (path: string) => flipByte(path, 40)],
    ["the list of topics", /topics\.json$/, (path: string) => writeFileSync(path, '{"version":1,')],
    ["the state of the broker", /broker\.json$/, (path: string) => writeFileSync(path, '{"version":1}')],
    ["the catalog of queues", /catalog\.json$/, (path: string) => truncateSync(path, 20)],
  ])("of %s is refused by name and left as it is", async (_, pattern, damage) => {
    const path = findFile(pattern);
    const sound = readFileSync(path);
    damage(path);
    const before = readFileSync(path);
    const says = [path, "is damaged"];
    expectRefused(await project.run("up", "kafka", "rabbitmq"), {
      exitCode: 3,
      says,
      hint: /down --volumes/,
    });
    const { ok, error } = await project.json("up", "kafka", "rabbitmq");
    expect({ ok, error }).toMatchObject({ ok: false, error: { code: "embedded.data-damaged", exitCode: 3 } });
    expect(error?.message).toContain(path);
    expect(readFileSync(path)).toEqual(before);
    expect((await project.run("ps")).stdout).toContain("Nothing runs.");
    writeFileSync(path, sound);
  });

  it.each([
    ["the list of topics", /topics\.json$/],
    ["the state of the broker", /broker\.json$/],
    ["the catalog of queues", /catalog\.json$/],
  ])("%s of a newer version is refused and left as it is", async (_, pattern) => {
    const path = findFile(pattern);
    const sound = readFileSync(path);
    const text = readFileSync(path, "utf8").replace(/"version": ?\d+/, '"version": 999');
    writeFileSync(path, text);
    const hint = /update it: {2}git pull/;
    expectRefused(await project.run("up", "kafka", "rabbitmq"), { exitCode: 3, says: [path, "newer"], hint });
    expect(readFileSync(path, "utf8")).toBe(text);
    writeFileSync(path, sound);
  });

  it("torn tails are cut off with a line in the log, and all that was confirmed is there", async () => {
    const paths = [findFiles(project, partitionFile).at(-1) ?? "", findFile(queueFile)];
    for (const path of paths) appendFileSync(path, readFileSync(path).subarray(0, 50));
    writeFileSync(findFile(/owner\.json$/), "garbage");
    expect((await project.run("up", "kafka", "rabbitmq")).exitCode).toBe(0);
    const { stdout } = await project.run("logs");
    for (const path of paths) expect(stdout).toContain(path);
    expect(stdout).toContain("of an unfinished write");
    expect(await readData(project)).toEqual({ records: written, messages: written });
  });

  it("in a closed segment, which no start reads, is answered with an error and told in the log", async () => {
    await project.run("down");
    const [path = ""] = findFiles(project, partitionFile);
    flipByte(path, 16);
    expect((await project.run("up", "kafka")).exitCode).toBe(0);
    const raw = await openRaw(`127.0.0.1:${project.ports.kafka}`);
    await expect(readPartition(raw, { topic, index: 0 })).rejects.toThrow(/error \d+/);
    expect(await readPartition(raw, { topic, index: 0, from: 1 })).toMatchObject({
      endOffset: written.length,
    });
    raw.close();
    expect((await project.run("logs", "kafka")).stdout).toContain(path);
  });
});
