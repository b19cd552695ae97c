import { describe, expect, it } from "vitest";
import type { Repair } from "../check.js";
import type { ToldFinding } from "../examine.js";
import { makeFacts } from "../testing/make-facts.js";
import { carryOutFixes, planFixes } from "./plan-fixes.js";
import { repairWith } from "./repair-with.js";

function problem(id: string, subject: string, repair?: Repair): ToldFinding {
  const facts = { id, subject, level: "error", message: "", ignored: undefined } as const;
  const check = { id, title: "", finds: [id], run: async () => [] };
  return {
    ...facts,
    check,
    fix: repair?.command ?? "type this",
    ...(repair === undefined ? {} : { repair }),
  };
}

const topic = (name: string, run: Repair["run"] = async () => {}): Repair => ({
  command: `create topic ${name}`,
  stage: "servers",
  run,
});

describe("planFixes", () => {
  it("joins what one command does, orders files, containers, servers, and leaves the rest to a person", () => {
    const plan = planFixes([
      problem("kafka.topic-missing", "kafka", topic("orders")),
      problem("container.stopped", "kafka", repairWith("start", "kafka")),
      problem("env.volume-password", "db"),
      problem("container.stopped", "rabbitmq", repairWith("start", "rabbitmq")),
      problem("env.missing-key", "A", repairWith("init")),
      problem("env.missing-key", "B", repairWith("init")),
      problem("kafka.topic-missing", "kafka", topic("orders")),
    ]);
    expect(plan.steps.map(({ repair, findings }) => [repair.command, findings.length])).toEqual([
      ["{mybroker} init", 2],
      ["{mybroker} start kafka rabbitmq", 2],
      ["create topic orders", 2],
    ]);
    expect(plan.manual.map(({ id }) => id)).toEqual(["env.volume-password"]);
  });

  it("lets `up` of everything stand for `up` of a part", () => {
    const [all, part] = [repairWith("up"), repairWith("up", "kafka")];
    for (const repairs of [
      [all, part],
      [part, all],
    ]) {
      const plan = planFixes(repairs.map((repair, index) => problem("a.b", String(index), repair)));
      expect(plan.steps.map(({ repair }) => repair.command)).toEqual(["{mybroker} up"]);
    }
  });
});

describe("carryOutFixes", () => {
  const fail: Repair["run"] = () => Promise.reject(new Error("no leader"));

  it("goes on after a repair that failed, and says what it said", async () => {
    const plan = planFixes([problem("a.one", "x", topic("one", fail)), problem("a.two", "x", topic("two"))]);
    const told: string[] = [];
    const outcomes = await carryOutFixes(plan, {
      facts: makeFacts(),
      stillWrong: async (findings) => findings,
      tell: ({ repair }, status) => void told.push(`${repair.command} ${status}`),
    });
    expect(outcomes.map(({ status, problem: said }) => [status, said])).toEqual([
      ["failed", "no leader"],
      ["done", null],
    ]);
    expect(told).toEqual([
      "create topic one working",
      "create topic one failed",
      "create topic two working",
      "create topic two done",
    ]);
  });

  it("leaves out what an earlier round mended as well", async () => {
    const done: string[] = [];
    const note = (name: string, words: [string, ...string[]]): Repair => ({
      command: name,
      stage: "containers",
      words,
      run: async () => void done.push(name),
    });
    const unpaused = problem("container.paused", "db", note("unpause db", ["unpause"]));
    const waiting = problem("container.unhealthy", "order", note("restart order", ["restart"]));
    const asked: string[] = [];
    const outcomes = await carryOutFixes(planFixes([waiting, unpaused]), {
      facts: makeFacts(),
      stillWrong: async (findings) => {
        asked.push(...findings.map(({ subject }) => subject));
        return [];
      },
      tell: () => {},
    });
    expect(done).toEqual(["unpause db"]);
    expect(asked).toEqual(["order"]);
    expect(outcomes.map(({ status }) => status)).toEqual(["done", "unneeded"]);
  });
});
