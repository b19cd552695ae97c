import { describe, expect, it } from "vitest";
import type { Plan, Step } from "../reconcile/plan.js";
import { planUp } from "../reconcile/plan-up.js";
import { exampleProject, exampleService } from "../reconcile/testing/example-project.js";
import { SimulatedEngine } from "../reconcile/testing/simulated-engine.js";
import { createDryRunEngine } from "./dry-run.js";
import { EngineError } from "./engine-error.js";
import { executePlan } from "./execute.js";
import type { ExecutionEvent } from "./execution.js";
import { observeProject } from "./observe.js";

function withImage(): SimulatedEngine {
  const simulated = new SimulatedEngine();
  simulated.addImage("redis:7.4");
  return simulated;
}

const healthy = { condition: "service_healthy", required: true } as const;

function chain() {
  return exampleProject({
    db: exampleService(),
    web: exampleService({ depends_on: { db: healthy } }),
    lone: exampleService(),
  });
}

async function planChain(simulated: SimulatedEngine): Promise<Plan> {
  return planUp(chain(), await observeProject(simulated.engine, chain()));
}

function stepOf(facts: Partial<Step> & Pick<Step, "action" | "name">): Step {
  const id = `${facts.action} ${facts.name}`;
  return { id, dependsOn: [], cause: "test", changes: [], ...facts } as Step;
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const planOf = (...steps: Step[]): Plan => ({ project: "app", steps, services: [], warnings: [] });

describe("a failing step", () => {
  it("keeps later steps from beginning and lets those that run come to their end", async () => {
    const simulated = withImage();
    const plan = await planChain(simulated);
    const lone = deferred();
    simulated.beforeCall = async (call) => {
      if (call === "startContainer app-db-1") {
        throw new EngineError({ kind: "port-taken", message: "port is already allocated" });
      }
      if (call === "startContainer app-lone-1") await lone.promise;
    };
    const events: ExecutionEvent[] = [];
    const running = executePlan(plan, {
      engine: simulated.engine,
      onEvent: (event) => {
        events.push(event);
        if (event.kind === "failed") lone.resolve();
      },
    });
    const result = await running;
    expect(result.failure?.step.id).toBe("start-container app-db-1");
    expect(result.completed).toContain("start-container app-lone-1");
    expect(result.notRun).toEqual(["start-container app-web-1"]);
    expect(result.interrupted).toBe(false);
    expect(events.filter((event) => event.kind === "failed")).toHaveLength(1);
  });

  it("ends waits that are going on", async () => {
    const simulated = withImage();
    const plan = await planChain(simulated);
    simulated.beforeCall = (call) => {
      if (call === "startContainer app-lone-1") throw new EngineError({ kind: "other", message: "no" });
    };
    const result = await executePlan(plan, {
      engine: simulated.engine,
      waitUntil: () => new Promise(() => {}),
    });
    expect(result.failure?.step.id).toBe("start-container app-lone-1");
    expect(result.notRun).toEqual(["start-container app-web-1"]);
  });
});

describe("waiting", () => {
  it("starts a dependent once its dependency fulfils the condition, and holds nobody else up", async () => {
    const simulated = withImage();
    const ready = deferred();
    const asked: string[] = [];
    const result = await executePlan(await planChain(simulated), {
      engine: simulated.engine,
      concurrency: 1,
      waitUntil: async (service, condition) => {
        asked.push(`${service} ${condition} ${simulated.calls.includes("startContainer app-db-1")}`);
        await ready.promise;
      },
      onEvent: (event) => {
        if (event.kind === "done" && event.step.id === "start-container app-lone-1") ready.resolve();
      },
    });
    expect(result.notRun).toEqual([]);
    expect(asked).toEqual(["db service_healthy true"]);
    expect(simulated.calls.at(-1)).toBe("startContainer app-web-1");
  });

  it("goes on without a dependency that is not required, and says so", async () => {
    const simulated = withImage();
    const project = exampleProject({
      db: exampleService(),
      web: exampleService({ depends_on: { db: { ...healthy, required: false } } }),
    });
    const warnings: string[] = [];
    const result = await executePlan(planUp(project, await observeProject(simulated.engine, project)), {
      engine: simulated.engine,
      waitUntil: () => Promise.reject(new Error("db exited with 1")),
      onEvent: (event) => {
        if (event.kind === "warning") warnings.push(event.text);
      },
    });
    expect(result.failure).toBeUndefined();
    expect(warnings).toEqual(["goes on without db: db exited with 1"]);
  });

  it("fails the dependent of a required one", async () => {
    const simulated = withImage();
    const result = await executePlan(await planChain(simulated), {
      engine: simulated.engine,
      waitUntil: () => Promise.reject(new Error("db exited with 1")),
    });
    expect(result.failure).toMatchObject({ step: { id: "start-container app-web-1" } });
    expect(simulated.calls).not.toContain("startContainer app-web-1");
  });
});

describe("an interruption", () => {
  it("begins nothing more, also where it came before the first step", async () => {
    const simulated = withImage();
    const result = await executePlan(await planChain(simulated), {
      engine: simulated.engine,
      signal: AbortSignal.abort(),
    });
    expect(simulated.calls).toEqual([]);
    expect(result).toMatchObject({ interrupted: true, completed: [] });
  });

  it("finishes a replacement that has begun, so that no half of it stays", async () => {
    const simulated = withImage();
    const before = exampleProject({ db: exampleService() });
    await executePlan(planUp(before, await observeProject(simulated.engine, before)), {
      engine: simulated.engine,
    });
    const after = exampleProject({ db: exampleService({ user: "1" }) });
    const plan = planUp(after, await observeProject(simulated.engine, after));
    const controller = new AbortController();
    simulated.beforeCall = (call) => {
      if (call === "stopContainer app-db-1") controller.abort();
    };
    const result = await executePlan(plan, { engine: simulated.engine, signal: controller.signal });
    expect(result.interrupted).toBe(true);
    expect([...simulated.containers.values()].map(({ name, status }) => `${name} ${status}`)).toEqual([
      "app-db-1 created",
    ]);
  });
});

describe("bounded parallelism", () => {
  it("runs independent steps at once, but never more than allowed", async () => {
    const simulated = withImage();
    let running = 0;
    let most = 0;
    simulated.beforeCall = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const volumes = Array.from({ length: 12 }, (_, index) =>
      stepOf({ action: "create-volume", name: `v${index}`, body: { Name: `v${index}`, Labels: {} } }),
    );
    await executePlan(planOf(...volumes), { engine: simulated.engine, concurrency: 4 });
    expect(most).toBe(4);
    expect(simulated.volumes.size).toBe(12);
  });
});

describe("what another run has done meanwhile", () => {
  it("is taken as it is: network, container of the same kind, container gone", async () => {
    const simulated = withImage();
    const plan = await planChain(simulated);
    for (const step of plan.steps) {
      if (step.action === "create-network") await simulated.createNetwork(step.body);
      if (step.action === "create-container") await simulated.createContainer(step.name, step.body);
    }
    const gone = stepOf({ action: "stop-container", name: "gone", containerId: "gone" });
    const result = await executePlan({ ...plan, steps: [...plan.steps, gone] }, { engine: simulated.engine });
    expect(result.failure).toBeUndefined();
    expect([...simulated.containers.values()].map(({ status }) => status)).toEqual([
      "running",
      "running",
      "running",
    ]);
  });

  it("is a failure where a stranger has the name", async () => {
    const simulated = withImage();
    const plan = await planChain(simulated);
    const body = { Image: "redis:7.4", HostConfig: {}, NetworkingConfig: { EndpointsConfig: {} } };
    await simulated.createContainer("app-db-1", body);
    const result = await executePlan(plan, { engine: simulated.engine });
    expect(result.failure).toMatchObject({ step: { name: "app-db-1" }, error: { kind: "conflict" } });
  });

  it("stays where it is still in use, with a warning", async () => {
    const simulated = withImage();
    simulated.beforeCall = (call) => {
      if (call.startsWith("remove")) throw new EngineError({ kind: "conflict", message: "in use" });
    };
    const warnings: string[] = [];
    const result = await executePlan(planOf(stepOf({ action: "remove-volume", name: "data" })), {
      engine: simulated.engine,
      onEvent: (event) => {
        if (event.kind === "warning") warnings.push(`${event.step.name} ${event.text}`);
      },
    });
    expect(result.failure).toBeUndefined();
    expect(warnings).toEqual(["data is still in use and stays"]);
  });
});

describe("a missing host path of a relabelled bind", () => {
  it("is told before the engine would make a folder of it", async () => {
    const simulated = withImage();
    Object.assign(simulated.endpoint, { url: "unix:///test" });
    const source = "/nonexistent/prometheus.yml";
    const project = exampleProject({
      web: exampleService({
        volumes: [
          { type: "bind", source, target: "/p.yml", bind: { create_host_path: false, selinux: "z" } },
        ],
      }),
    });
    const plan = planUp(project, await observeProject(simulated.engine, project));
    const result = await executePlan(plan, { engine: simulated.engine });
    expect(result.failure?.error).toMatchObject({ kind: "mount-source" });
    expect(simulated.containers.size).toBe(0);
  });
});

describe("a dry run", () => {
  it("runs the same plan, changes nothing and writes down every changing call", async () => {
    const simulated = withImage();
    const plan = await planChain(simulated);
    const { engine, calls } = createDryRunEngine(simulated.engine);
    const result = await executePlan(plan, { engine });
    expect(result.failure).toBeUndefined();
    expect(simulated.calls).toEqual([]);
    expect(calls.map(({ call, target }) => `${call} ${target.replace(/dry-run-\d+/, "ID")}`).sort()).toEqual([
      "createContainer app-db-1",
      "createContainer app-lone-1",
      "createContainer app-web-1",
      "createNetwork app_default",
      "startContainer ID",
      "startContainer ID",
      "startContainer ID",
    ]);
  });

  it("lets readings through", async () => {
    const simulated = withImage();
    const { engine } = createDryRunEngine(simulated.engine);
    expect((await engine.inspectImage("redis:7.4"))?.tags).toEqual(["redis:7.4"]);
    expect(engine.endpoint.url).toBe("tcp://simulated");
  });
});
