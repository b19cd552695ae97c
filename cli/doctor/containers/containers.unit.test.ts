import { describe, expect, it } from "vitest";
import type { Service } from "../../compose/model.js";
import { makeContainer, makeFacts, makeProject } from "../testing/make-facts.js";
import { checkLeftovers } from "./check-leftovers.js";
import { checkPresence } from "./check-presence.js";
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

describe("checkPresence", () => {
  const ofDomain = (more: Partial<Service> = {}) => service({ profiles: ["services"], ...more });
  const project = makeProject({
    services: {
      kafka: service(),
      db: service(),
      grafana: service({ depends_on: { metrics: { condition: "service_started", required: true } } }),
      metrics: service(),
      gateway: ofDomain({ environment: { ORDER_URL: "http://order:8080", STORE: "db" } }),
      order: ofDomain({ environment: { DATABASE_URL: "mysql://db:3306/orders" } }),
      wallet: ofDomain(),
    },
  });
  const look = async (present: string[], replaced: [string, number][] = []) => {
    const containers = present.map((name) => makeContainer(name));
    const found = { containers: async () => containers, replaced: async () => new Map(replaced) };
    return (await checkPresence(makeFacts({ project, ...found })))
      .filter(({ level, id }) => level !== "ok" || id === "container.replaced")
      .map(({ id, subject }) => `${id} ${subject}`);
  };

  it.each([
    ["nothing", [], ["project.not-running app"]],
    ["`up kafka`", ["kafka"], []],
    ["`up --infra`", ["kafka", "db", "grafana", "metrics"], []],
    ["one of many removed", ["kafka", "grafana", "metrics"], ["container.missing db"]],
    ["a dependency removed", ["grafana"], ["container.missing metrics"]],
    ["a host of an address removed", ["order"], ["container.missing db"]],
    ["a neighbour removed", ["gateway", "wallet", "db"], ["container.missing order"]],
  ])("of %s", async (_, present, told) => expect(await look(present)).toEqual(told));

  it("says which service is a program of the user's", async () => {
    expect(await look(["kafka"], [["gateway", 42]])).toEqual(["container.replaced gateway"]);
  });
});

describe("checkLeftovers", () => {
  const project = makeProject({
    services: { kafka: service(), gateway: service({ profiles: ["services"] }) },
    disabledServices: { tool: service({ profiles: ["tools"] }) },
  });
  const look = async (...names: string[]) => {
    const containers = async () => names.map((name) => makeContainer(name));
    return (await checkLeftovers(makeFacts({ project, containers })))
      .filter(({ level }) => level !== "ok")
      .map(({ id, subject, fix }) => `${id} ${subject} ${fix}`);
  };

  it.each([
    [["kafka", "gateway"], []],
    [["gateway"], ["container.profile-off gateway {mybroker} up"]],
    [["kafka", "tool"], ["container.profile-off tool {mybroker} stop tool"]],
    [["kafka", "old"], ["container.orphan app-old-1 {mybroker} up --remove-orphans"]],
  ])("of %j", async (names, told) => expect(await look(...names)).toEqual(told));
});
