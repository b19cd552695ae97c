import { beforeEach, describe, expect, it } from "vitest";
import type { Project } from "../../compose/model.js";
import { executePlan } from "../../engine/execute.js";
import { observeProject } from "../../engine/observe.js";
import { planUp } from "../../reconcile/plan-up.js";
import { SimulatedEngine } from "../../reconcile/testing/simulated-engine.js";
import { makeFacts, makeProject } from "../testing/make-facts.js";
import { checkDrift } from "./check-drift.js";
import { checkNetworks } from "./check-networks.js";

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

async function told(wanted: Project, replaced: readonly string[] = []): Promise<string[]> {
  const facts = makeFacts({
    ...{ project: wanted, secretKeys, observed: () => observeProject(engine.engine, wanted) },
    replaced: async () => new Map(replaced.map((name) => [name, 42])),
  });
  const findings = [...(await checkDrift(facts)), ...(await checkNetworks(facts))];
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

  it("of the network is told as something that is mended without making the container anew", async () => {
    const { NetworkingConfig: networking } = engine.byName("app-db-1")?.body ?? {};
    if (networking !== undefined) networking.EndpointsConfig = {};
    expect(await told(project())).toEqual([
      "container.off-network app-db-1 is not on the network app_default, so the others do not reach it",
    ]);
    expect(await told(project(), ["db"])).toEqual([]);
  });
});
