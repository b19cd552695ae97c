import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Service } from "../compose/model.js";
import { type JudgeInput, judgeContainer, type WatchedContainer } from "./judge-container.js";
import type { ReadyCondition } from "./outcome.js";
import { ended, ScriptedEngine, type StateChange } from "./testing/scripted-engine.js";

const conditions: ReadyCondition[] = [
  "service_started",
  "service_healthy",
  "service_completed_successfully",
  "ready",
];

function judge(state: StateChange, more: Partial<JudgeInput> = {}, watched: Partial<WatchedContainer> = {}) {
  const container = {
    details: new ScriptedEngine().put("it", state),
    deaths: 0,
    outOfMemory: false,
    ...watched,
  };
  return judgeContainer({
    container,
    service: {} as Service,
    condition: "ready",
    probed: false,
    awaitedToComplete: false,
    nowMs: 0,
    dateMs: Date.parse("2026-01-02T00:00:00Z"),
    ...more,
  });
}

const server = { "x-mybroker": { kind: "http", port: 80 } } as Service;
const restarted = { restart: "unless-stopped" } as Service;

describe("judgeContainer", () => {
  test.each([
    [
      "a container that was only created waits",
      { Status: "created", Running: false },
      {},
      { verdict: "wait" },
    ],
    [
      "one that the engine could not start is a failure",
      { Status: "created", Running: false, Error: "no such file" },
      {},
      { kind: "start-error", what: "could not be started: no such file" },
    ],
    ["healthy is ready where no server is asked", { health: "healthy" }, {}, { by: "health" }],
    [
      "healthy is no verdict where the server is asked",
      { health: "healthy" },
      { probed: true, service: server },
      { verdict: "wait" },
    ],
    [
      "running is enough for service_started",
      { health: "starting" },
      { condition: "service_started" },
      { by: "running" },
    ],
    ["and so is having run", ended(1), { condition: "service_started" }, { by: "running" }],
    [
      "exit 0 is not healthy",
      ended(0),
      { condition: "service_healthy" },
      { kind: "exited", what: "exited with 0 after 0.4 s" },
    ],
    [
      "exit 0 completes a one-shot",
      ended(0),
      { condition: "service_completed_successfully" },
      { by: "completed" },
    ],
    [
      "exit 0 of a service that is kept running is a failure",
      ended(0),
      { service: restarted },
      { kind: "exited" },
    ],
    ["exit 0 of a server is a failure", ended(0), { service: server }, { kind: "exited" }],
    [
      "a running one-shot is not complete",
      {},
      { condition: "service_completed_successfully" },
      { verdict: "wait" },
    ],
    [
      "a container that is being removed is waited out",
      { Status: "removing", Running: false },
      {},
      { verdict: "wait" },
    ],
    ["a dead one is a failure", ended(255, { Status: "dead" }), {}, { kind: "exited" }],
  ] as [string, StateChange, Partial<JudgeInput>, object][])("%s", (_name, state, more, expected) => {
    expect(judge(state, more)).toMatchObject(expected);
  });

  test("unhealthy fails after its start period, or after a minute where none is stated", () => {
    const stated = { healthcheck: { test: ["x"], start_period: "5s" } } as Service;
    const zero = { healthcheck: { test: ["x"], start_period: "0s" } } as Service;
    expect(judge({ health: "unhealthy" }, { service: stated })).toMatchObject({ kind: "unhealthy" });
    expect(
      judge({ health: "unhealthy" }, { service: zero, nowMs: 59_000 }, { runningSinceMs: 0 }),
    ).toMatchObject({ verdict: "wait" });
    expect(
      judge({ health: "unhealthy" }, { service: zero, nowMs: 61_000 }, { runningSinceMs: 0 }),
    ).toMatchObject({ kind: "unhealthy" });
  });

  test("unhealthy waits a minute for the servers that a domain service needs, whatever its start period", () => {
    const service = {
      healthcheck: { start_period: "30s" },
      "x-mybroker": { kind: "service", port: 80 },
    } as Service;
    const afterMs = (nowMs: number) =>
      judge({ health: "unhealthy" }, { service, nowMs }, { runningSinceMs: 0 });
    expect(afterMs(59_000)).toMatchObject({ verdict: "wait" });
    expect(afterMs(61_000)).toMatchObject({ kind: "unhealthy" });
  });

  test("a container killed for want of memory is told apart from one that was stopped", () => {
    expect(judge(ended(137, { OOMKilled: true }))).toMatchObject({ kind: "out-of-memory" });
    expect(judge(ended(137))).toMatchObject({ kind: "exited", what: "exited with 137 after 0.4 s" });
  });

  test("every state gives one verdict for every condition, and a failure always says what happened", () => {
    const states = fc.record({
      Status: fc.constantFrom("created", "running", "paused", "restarting", "removing", "exited", "dead"),
      Running: fc.boolean(),
      OOMKilled: fc.boolean(),
      ExitCode: fc.integer({ min: 0, max: 255 }),
      Error: fc.constantFrom("", "no such file"),
      StartedAt: fc.constantFrom("", "0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "nonsense"),
      FinishedAt: fc.constantFrom("", "0001-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
      health: fc.constantFrom("starting", "healthy", "unhealthy"),
    }) as fc.Arbitrary<StateChange>;
    fc.assert(
      fc.property(
        states,
        fc.constantFrom(...conditions),
        fc.boolean(),
        fc.nat(5),
        (state, condition, probed, deaths) => {
          const verdict = judge(state, { condition, probed }, { deaths });
          if (verdict.verdict === "failed") expect(verdict.what).toMatch(/^(exited|ran|could|is) /);
          if (verdict.verdict === "ready" && verdict.by === "completed") expect(state.ExitCode).toBe(0);
        },
      ),
    );
  });
});
