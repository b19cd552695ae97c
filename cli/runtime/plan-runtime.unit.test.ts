import { describe, expect, it } from "vitest";
import type { RuntimeStatus, ServiceSetting, ServiceState } from "../../contracts/embedded-control.js";
import { planRuntime } from "./plan-runtime.js";

function setting(name: string, basis: Record<string, string> = {}): ServiceSetting {
  return { name, kind: "redis", start: true, basis };
}

function running(states: Record<string, ServiceState>, basis: Record<string, string> = {}): RuntimeStatus {
  const services = Object.entries(states).map(([name, state]) => ({
    name,
    kind: "redis" as const,
    state,
    address: null,
    path: `/data/${name}`,
    readyMs: 1,
    problem: null,
    startedAt: null,
    basis,
  }));
  return { version: "1.0.0", pid: 7, startedAt: "", residentBytes: 1, dataFolder: "/data", services };
}

function plan(facts: {
  settings?: ServiceSetting[];
  wanted?: string[];
  running?: RuntimeStatus;
  version?: string;
  forceRestart?: boolean;
}) {
  return planRuntime({
    settings: facts.settings ?? [setting("a"), setting("b")],
    wanted: new Set(facts.wanted ?? ["a", "b"]),
    running: facts.running,
    version: facts.version ?? "1.0.0",
    forceRestart: facts.forceRestart ?? false,
  });
}

describe("planRuntime", () => {
  it("starts what is wanted where no process runs", () => {
    expect(plan({ wanted: ["b"] })).toEqual({ action: "start", services: ["b"], causes: [] });
  });

  it("has nothing to do where all of it is ready", () => {
    expect(plan({ running: running({ a: "ready", b: "ready" }) })).toMatchObject({ action: "nothing" });
  });

  it("adds what was not started before, and only that", () => {
    expect(plan({ running: running({ a: "ready", b: "stopped" }) })).toMatchObject({
      action: "add",
      services: ["b"],
    });
  });

  it("restarts on other settings and names each; what ran runs again", () => {
    const before = running({ a: "ready", b: "ready" }, { port: "x", password: "y" });
    const settings = [setting("a", { port: "z", password: "q" }), setting("b", { port: "x", password: "y" })];
    expect(plan({ settings, wanted: ["a"], running: before })).toEqual({
      action: "restart",
      services: ["a", "b"],
      causes: ["a: password, port changed"],
    });
  });

  it.each([
    [{ version: "1.1.0" }, "mybroker 1.0.0 -> 1.1.0"],
    [{ forceRestart: true }, "asked for with --force-recreate"],
    [{ settings: [setting("a")], wanted: ["a"] }, "b: no longer in the compose file"],
    [{ settings: [setting("a"), setting("b"), setting("c")] }, "c: new in the compose file"],
  ])("restarts for %o", (facts, cause) => {
    const planned = plan({ ...facts, running: running({ a: "ready", b: "ready" }) });
    expect(planned).toMatchObject({ action: "restart", causes: [cause] });
  });
});
