import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MybrokerError } from "../../errors/mybroker-error.js";
import { makeContainer, makeFacts, makeProject } from "../testing/make-facts.js";
import { aheadOf, judgeClock } from "./check-clocks.js";
import { judgeComposeVersion } from "./check-compose.js";
import { judgeSpace } from "./check-disk.js";
import { judgeMemory } from "./check-memory.js";
import { judgeNodeVersion } from "./judge-node.js";
import { machineChecks } from "./machine-checks.js";

const mebibyte = 1024 ** 2;
const limits = (mem_limit: number, mem_reservation?: number, kind = "mysql") => ({
  command: null,
  entrypoint: null,
  mem_limit: String(mem_limit),
  ...(mem_reservation === undefined ? {} : { mem_reservation: String(mem_reservation) }),
  "x-mybroker": { kind: kind as "mysql", port: 1 },
});

describe("the machine", () => {
  it("names an engine that cannot be asked, with what the engine's error says to do", async () => {
    const failure = new MybrokerError({
      code: "engine.absent",
      message: "no engine",
      hint: "start it",
      exitCode: 3,
    });
    const [check] = machineChecks;
    const facts = makeFacts({ ground: { runtime: "unknown", failure } });
    expect(await check?.run(facts, new AbortController().signal)).toMatchObject([
      { id: "machine.engine-unreachable", level: "error", message: "no engine; start it" },
    ]);
  });

  it("is looked at by the registered checks: memory, disk and clocks of what was found", async () => {
    const folder = tmpdir();
    const facts = makeFacts({
      project: makeProject({ workingDir: folder, services: { db: limits(512 * mebibyte) } }),
      state: { folder } as never,
      containers: async () => [makeContainer("db"), makeContainer("stopped", { Running: false })],
      ground: {
        ...{ runtime: "docker", containers: [] },
        engine: {
          endpoint: { url: "tcp://there", source: "test", hostAddress: "127.0.0.1" },
          facts: { version: "28.5.2", apiVersion: "1.51", memoryBytes: mebibyte, clockAheadMs: 90_000 },
        } as never,
      },
    });
    const run = (id: string) =>
      machineChecks.find((check) => check.id === id)?.run(facts, new AbortController().signal);
    expect(await run("machine.engine")).toMatchObject([{ level: "ok", subject: "tcp://there" }]);
    expect(await run("machine.memory")).toMatchObject([
      { id: "machine.memory-short", fix: "{mybroker} stop db" },
    ]);
    expect(await run("machine.clock")).toMatchObject([{ id: "machine.clock-skew", subject: "engine" }]);
    expect(await run("machine.disk")).toMatchObject([
      { subject: folder, message: expect.stringContaining(` free for ${folder}`) },
    ]);
  });

  it.each([
    ["20.19.0", "ok"],
    ["24.1.0", "ok"],
    ["20.18.9", "error"],
    ["18.20.0", "error"],
  ])("Node.js %s: %s", (version, level) => expect(judgeNodeVersion(version).level).toBe(level));

  it.each([
    ["2.23.1", "ok"],
    ["2.40.3-desktop.1", "ok"],
    ["5.0.0", "ok"],
    ["2.23.0", "warning"],
    ["2.9.9", "warning"],
    ["1.29.2", "warning"],
  ])("Compose %s: %s", (version, level) => expect(judgeComposeVersion(version).level).toBe(level));

  it("warns where containers reserve more than the engine has, and says which can be spared", () => {
    const services = [
      { name: "db", definition: limits(512 * mebibyte, 230 * mebibyte) },
      { name: "grafana", definition: limits(256 * mebibyte, undefined, "http") },
    ];
    expect(judgeMemory(services, 1024 * mebibyte)).toMatchObject({ level: "ok" });
    expect(judgeMemory(services, 500 * mebibyte)).toMatchObject({
      level: "warning",
      message: "2 containers reserve 486 MiB, may take 768 MiB; the engine has 500 MiB",
      fix: "{mybroker} stop grafana",
    });
  });

  it.each([
    [1_000_000_000, "machine.disk-low", "ok"],
    [999_999_999, "machine.disk-low", "warning"],
    [200_000_000, "machine.disk-low", "warning"],
    [199_999_999, "machine.disk-full", "error"],
  ])("%d bytes free: %s %s", (free, id, level) => {
    expect(judgeSpace("/a b", free)).toMatchObject({ id, level });
    if (level !== "ok") expect(judgeSpace("/a b", free).fix).toBe("df -h '/a b'");
  });

  it.each([
    [1_999, "ok"],
    [-2_000, "ok"],
    [2_001, "warning"],
    [-90_000, "warning"],
  ])("a clock %d ms ahead: %s", (aheadMs, level) => expect(judgeClock("engine", aheadMs).level).toBe(level));

  it("never calls a clock wrong that is right, however long the answer takes and whatever second it fell in", () => {
    const times = fc.record({
      asked: fc.integer({ min: 1e12, max: 2e12 }),
      took: fc.nat(5_000),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(times, ({ asked, took, at }) => {
        const written = asked + at * took;
        const header = new Date(Math.floor(written / 1_000) * 1_000).toUTCString();
        expect(aheadOf(header, { askedMs: asked, answeredMs: asked + took })).toBeCloseTo(0, 5);
      }),
    );
    expect(aheadOf(null, { askedMs: 0, answeredMs: 0 })).toBeUndefined();
    const around = { askedMs: 1_700_000_000_000, answeredMs: 1_700_000_000_100 };
    expect(aheadOf(new Date(1_700_000_010_000).toUTCString(), around)).toBe(9_900);
    expect(aheadOf(new Date(1_699_999_990_000).toUTCString(), around)).toBe(-9_000);
  });
});
