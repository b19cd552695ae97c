import { describe, expect, it } from "vitest";
import type { Service } from "../../compose/model.js";
import { makeContainer, makeFacts, makeProject } from "../testing/make-facts.js";
import { judgeLeftovers } from "./check-leftovers.js";
import { judgePresence } from "./check-presence.js";
import { checkStates, judgeState } from "./check-states.js";

const service = (more: Partial<Service> = {}): Service => ({ command: null, entrypoint: null, ...more });
const surroundings = { nowMs: Date.parse("2026-01-02T12:00:00Z"), isJob: false, limitPlace: "compose.yml:5" };
const unhealthy = {
  Status: "unhealthy",
  FailingStreak: 4,
  Log: [{ Start: "", End: "", ExitCode: 1, Output: "refused\n" }],
} as const;

describe("judgeState", () => {
  it.each([
    [{}, 0, "container.unhealthy ok", null],
    [{ Health: { ...unhealthy, Status: "starting" as const } }, 0, "container.unhealthy ok", null],
    [{ Health: unhealthy }, 0, "container.unhealthy error", "{mybroker} restart kafka"],
    [{ Status: "paused" as const }, 0, "container.paused error", "docker unpause app-kafka-1"],
    [
      { Status: "restarting" as const, ExitCode: 2 },
      5,
      "container.restarting error",
      "{mybroker} logs -n 50 kafka",
    ],
    [{}, 3, "container.restarts warning", "{mybroker} logs -n 50 kafka"],
    [{ StartedAt: "2026-01-02T11:00:00Z" }, 3, "container.unhealthy ok", null],
    [
      { OOMKilled: true, Running: false, Status: "exited" as const, ExitCode: 137 },
      0,
      "container.out-of-memory error",
      `\${EDITOR:-vi} +5 compose.yml`,
    ],
    [
      { Running: false, Status: "exited" as const, ExitCode: 143 },
      0,
      "container.stopped warning",
      "{mybroker} start kafka",
    ],
    [
      { Running: false, Status: "created" as const },
      0,
      "container.stopped warning",
      "{mybroker} start kafka",
    ],
    [
      { Running: false, Status: "exited" as const, ExitCode: 3 },
      0,
      "container.exited error",
      "{mybroker} start kafka",
    ],
  ])("%j after %d restarts: %s", (state, restarts, told, fix) => {
    const finding = judgeState(makeContainer("kafka", state, restarts), surroundings);
    expect(`${finding.id} ${finding.level}`).toBe(told);
    expect(finding.fix).toBe(fix);
  });

  it("shows the last output of a healthcheck, and is content with a job that is done", () => {
    expect(judgeState(makeContainer("kafka", { Health: unhealthy }), surroundings).evidence).toEqual([
      "refused",
    ]);
    const done = makeContainer("job", { Running: false, Status: "exited", ExitCode: 0 });
    expect(judgeState(done, { ...surroundings, isJob: true }).level).toBe("ok");
  });

  it("does not advise to start what a program of the user's stands in for", async () => {
    const stopped = makeContainer("gateway", { Running: false, Status: "exited", ExitCode: 143 });
    const facts = {
      project: makeProject({ services: { gateway: service() } }),
      containers: async () => [stopped],
      replaced: async () => new Map([["gateway", 42]]),
    };
    expect(await checkStates(makeFacts(facts))).toEqual([]);
  });
});

describe("judgePresence", () => {
  const project = {
    name: "app",
    services: {
      kafka: service(),
      grafana: service(),
      gateway: service({ profiles: ["services"] }),
      order: service({ profiles: ["services"] }),
    },
  };
  const judge = (present: string[], replaced: [string, number][] = []) =>
    judgePresence({ project, present: new Set(present), replaced: new Map(replaced) })
      .filter(({ level, id }) => level !== "ok" || id === "container.replaced")
      .map(({ id, subject }) => `${id} ${subject}`);

  it.each([
    [[], ["project.not-running app"]],
    [["kafka", "grafana"], []],
    [["kafka"], ["container.missing grafana"]],
    [["kafka", "grafana", "order"], ["container.missing gateway"]],
  ])("with containers of %j", (present, told) => expect(judge(present)).toEqual(told));

  it("says which service is a program of the user's", () => {
    expect(judge(["kafka", "grafana", "order"], [["gateway", 42]])).toEqual(["container.replaced gateway"]);
  });
});

describe("judgeLeftovers", () => {
  const project = {
    services: { kafka: service(), gateway: service({ profiles: ["services"] }) },
    disabledServices: { tool: service({ profiles: ["tools"] }) },
  };
  const judge = (...names: string[]) =>
    judgeLeftovers(
      names.map((name) => makeContainer(name)),
      project,
    )
      .filter(({ level }) => level !== "ok")
      .map(({ id, subject, fix }) => `${id} ${subject} ${fix}`);

  it.each([
    [["kafka", "gateway"], []],
    [["gateway"], ["container.profile-off gateway {mybroker} up"]],
    [["kafka", "tool"], ["container.profile-off tool {mybroker} stop tool"]],
    [["kafka", "old"], ["container.orphan app-old-1 {mybroker} up --remove-orphans"]],
  ])("of %j", (names, told) => expect(judge(...names)).toEqual(told));
});
