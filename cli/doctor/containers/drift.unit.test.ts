import { beforeEach, describe, expect, it } from "vitest";
import type { Project } from "../../compose/model.js";
import { executePlan } from "../../engine/execute.js";
import { observeProject } from "../../engine/observe.js";
import { planUp } from "../../reconcile/plan-up.js";
import { SimulatedEngine } from "../../reconcile/testing/simulated-engine.js";
import { makeProject } from "../testing/make-facts.js";
import { findDrift } from "./check-drift.js";
import { findDetached } from "./check-networks.js";

const secretKeys = new Set(["DB_PASS"]);
let engine: SimulatedEngine;

function project(
  change: { image?: string; environment?: Record<string, string>; user?: string } = {},
): Project {
  const db = {
    command: null,
    entrypoint: null,
    image: "db:1",
    environment: { PASS: "not-a-secret-1" },
    networks: { default: null },
    ...change,
  };
  return makeProject({
    services: { db },
    networks: { default: { name: "app_default", ipam: {} } },
    environment: { DB_PASS: change.environment?.PASS ?? "not-a-secret-1" },
  });
}

async function told(wanted: Project): Promise<string[]> {
  const observed = await observeProject(engine.engine, wanted);
  const findings = [
    ...findDrift({ project: wanted, observed, secretKeys }),
    ...findDetached(wanted, observed),
  ];
  expect(JSON.stringify(findings)).not.toContain("not-a-secret");
  return findings.filter(({ level }) => level !== "ok").map(({ id, message }) => `${id} ${message}`);
}

beforeEach(async () => {
  engine = new SimulatedEngine();
  engine.addImage("db:1");
  const observed = await observeProject(engine.engine, project());
  await executePlan(planUp(project(), observed), {
    engine: engine.engine,
    signal: new AbortController().signal,
  });
});

describe("drift", () => {
  it("is none right after up", async () => expect(await told(project())).toEqual([]));

  it("of the environment is told by names", async () => {
    expect(await told(project({ environment: { PASS: "not-a-secret-2", MORE: "x" } }))).toEqual([
      "env.stale-container db has another environment than the files say: MORE and PASS",
    ]);
  });

  it("of an image that the engine does not have", async () => {
    expect(await told(project({ image: "db:2" }))).toEqual([
      "container.image-drift db runs another image than the files say",
    ]);
  });

  it("of the image and of everything else", async () => {
    engine.addImage("db:1");
    expect(await told(project({ user: "1000" }))).toEqual([
      "container.image-drift db runs another image than the files say",
      "container.config-drift db is not as the files say: user",
    ]);
  });
});
