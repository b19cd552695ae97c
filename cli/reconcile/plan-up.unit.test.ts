import { describe, expect, it } from "vitest";
import type { Project, Service } from "../compose/model.js";
import { executePlan } from "../engine/execute.js";
import { observeProject } from "../engine/observe.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { UpOptions } from "./plan-context.js";
import { planUp, planUpImages } from "./plan-up.js";
import { renderPlan } from "./render-plan.js";
import { exampleProject, exampleService } from "./testing/example-project.js";
import { SimulatedEngine } from "./testing/simulated-engine.js";

function withImage(): SimulatedEngine {
  const simulated = new SimulatedEngine();
  simulated.addImage("redis:7.4", { Volumes: { "/scratch": {} } });
  return simulated;
}

async function plan(simulated: SimulatedEngine, project: Project, options: UpOptions = {}) {
  return planUp(project, await observeProject(simulated.engine, project), options);
}

async function text(simulated: SimulatedEngine, project: Project, options: UpOptions = {}): Promise<string> {
  return renderPlan(await plan(simulated, project, options)).join("\n");
}

async function up(simulated: SimulatedEngine, project: Project, options: UpOptions = {}): Promise<void> {
  const result = await executePlan(await plan(simulated, project, options), { engine: simulated.engine });
  expect(result.failure).toBeUndefined();
}

const healthy = { condition: "service_healthy", required: true } as const;

describe("a first up", () => {
  it("makes networks, volumes and containers, and starts along the graph", async () => {
    const project = exampleProject({
      web: exampleService({ depends_on: { db: healthy } }),
      db: exampleService({ volumes: [{ type: "volume", source: "data", target: "/data", volume: {} }] }),
    });
    expect(await text(withImage(), project)).toBe(
      [
        "create network app_default  does not exist",
        "create volume app_data      does not exist",
        "create app-db-1             does not exist",
        "start app-db-1              was just made",
        "create app-web-1            does not exist",
        "start app-web-1             was just made",
        "    after db (healthy)",
      ].join("\n"),
    );
  });

  it("pulls an image once for all services that use it, before their containers", async () => {
    const project = exampleProject({ a: exampleService(), b: exampleService() });
    const made = await plan(new SimulatedEngine(), project);
    expect(made.steps.filter((step) => step.action === "pull-image").map((step) => step.name)).toEqual([
      "redis:7.4",
    ]);
    const creations = made.steps.filter((step) => step.action === "create-container");
    expect(creations.map((step) => step.dependsOn.includes("pull-image redis:7.4"))).toEqual([true, true]);
  });

  it("refuses a missing image where pulling is off", async () => {
    const project = exampleProject({ a: exampleService({ pull_policy: "never" }) });
    await expect(plan(new SimulatedEngine(), project)).rejects.toThrow(
      /redis:7\.4 of a is not on this engine/,
    );
  });

  it("has only pulls and builds in the plan for images", async () => {
    const project = exampleProject({
      a: exampleService(),
      b: exampleService({ build: { context: "." }, image: "own" }),
    });
    const observed = await observeProject(new SimulatedEngine().engine, project);
    expect(renderPlan(planUpImages(project, observed))).toEqual([
      "pull image redis:7.4  is not on this engine",
      "build image own       is not on this engine",
    ]);
  });
});

describe("selection", () => {
  const services = (): Record<string, Service> => ({
    web: exampleService({ depends_on: { db: healthy } }),
    db: exampleService(),
    other: exampleService(),
  });

  it("takes dependencies along", async () => {
    expect((await plan(withImage(), exampleProject(services()), { services: ["web"] })).services).toEqual([
      "db",
      "web",
    ]);
  });

  it("leaves them out with noDeps, and waits for nothing then", async () => {
    const made = await plan(withImage(), exampleProject(services()), { services: ["web"], noDeps: true });
    expect(made.services).toEqual(["web"]);
    expect(renderPlan(made).join("\n")).not.toContain("after db");
  });

  it("leaves the excluded out and does not wait for them", async () => {
    const made = await plan(withImage(), exampleProject(services()), { exclude: ["db"] });
    expect(made.services).toEqual(["web", "other"]);
    expect(renderPlan(made).join("\n")).not.toContain("after db");
  });

  it("names the nearest service for one that does not exist", async () => {
    const failure = await plan(withImage(), exampleProject(services()), { services: ["wab"] }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(MybrokerError);
    expect(failure).toMatchObject({ exitCode: 2, hint: "Did you mean:  web" });
  });
});

describe("what is there", () => {
  it("is started where it stopped, with its exit code as the cause", async () => {
    const simulated = withImage();
    const project = exampleProject({ db: exampleService() });
    await up(simulated, project);
    const container = simulated.byName("app-db-1");
    if (container) Object.assign(container, { status: "exited", exitCode: 137 });
    expect(await text(simulated, project)).toBe("start app-db-1  exited with 137");
  });

  it("is left alone where it is a job that others wait for and that ended well", async () => {
    const simulated = withImage();
    const project = exampleProject({
      job: exampleService(),
      web: exampleService({
        depends_on: { job: { condition: "service_completed_successfully", required: true } },
      }),
    });
    await up(simulated, project);
    const job = simulated.byName("app-job-1");
    if (job) job.status = "exited";
    expect(await text(simulated, project)).toBe("Nothing to do.");
    if (job) job.exitCode = 1;
    expect(await text(simulated, project)).toBe("start app-job-1  exited with 1");
  });

  it("is recreated for a new image of the same name, and keeps its anonymous volumes", async () => {
    const simulated = withImage();
    const project = exampleProject({ db: exampleService() });
    await up(simulated, project);
    const before = simulated.byName("app-db-1")?.volumes.get("/scratch");
    simulated.addImage("redis:7.4", { Volumes: { "/scratch": {} } });
    expect(await text(simulated, project)).toMatch(/^recreate app-db-1 {2}image changed\n {4}image: 0+1?/);
    await up(simulated, project);
    expect(before).toBeDefined();
    expect(simulated.byName("app-db-1")?.volumes.get("/scratch")).toBe(before);
    expect(await text(simulated, project)).toBe("Nothing to do.");
  });

  it("is recreated when forced: the named services only", async () => {
    const simulated = withImage();
    const project = exampleProject({
      web: exampleService({ depends_on: { db: healthy } }),
      db: exampleService(),
    });
    await up(simulated, project);
    expect(await text(simulated, project, { services: ["web"], forceRecreate: true })).toBe(
      [
        "recreate app-web-1  asked for with --force-recreate",
        "start app-web-1     was just made",
        "    after db (healthy)",
      ].join("\n"),
    );
  });

  it("is stopped and started around a dependency that is replaced, where restart says so", async () => {
    const simulated = withImage();
    const dependsOn = { db: { ...healthy, restart: true } };
    const before = exampleProject({ web: exampleService({ depends_on: dependsOn }), db: exampleService() });
    await up(simulated, before);
    const after = exampleProject({
      web: exampleService({ depends_on: dependsOn }),
      db: exampleService({ user: "1" }),
    });
    expect(await text(simulated, after)).toBe(
      [
        "stop app-web-1     db is recreated",
        "recreate app-db-1  user changed",
        "    user: + 1",
        "start app-db-1     was just made",
        "start app-web-1    db is recreated",
        "    after db (healthy)",
      ].join("\n"),
    );
    await up(simulated, after);
    expect(await text(simulated, after)).toBe("Nothing to do.");
  });

  it("loses its surplus containers, highest number first", async () => {
    const simulated = withImage();
    await up(simulated, exampleProject({ web: exampleService({ scale: 3 }) }));
    expect([...simulated.containers.values()].map(({ name }) => name).sort()).toEqual([
      "app-web-1",
      "app-web-2",
      "app-web-3",
    ]);
    expect(await text(simulated, exampleProject({ web: exampleService() }))).toBe(
      [
        "stop app-web-2    the service has 1 container",
        "remove app-web-2  the service has 1 container",
        "stop app-web-3    the service has 1 container",
        "remove app-web-3  the service has 1 container",
      ].join("\n"),
    );
  });

  it("is warned of where its service left the file, and removed when asked", async () => {
    const simulated = withImage();
    await up(simulated, exampleProject({ web: exampleService(), old: exampleService() }));
    const project = exampleProject({ web: exampleService() });
    const made = await plan(simulated, project);
    expect(made.steps).toEqual([]);
    expect(made.warnings).toEqual([
      "app-old-1: not in the compose file (any more); up --remove-orphans removes it",
    ]);
    expect(await text(simulated, project, { removeOrphans: true })).toContain(
      "remove app-old-1  its service is not in the compose file",
    );
  });

  it("is not an orphan where its profile is only switched off", async () => {
    const simulated = withImage();
    await up(simulated, exampleProject({ web: exampleService(), extra: exampleService() }));
    const project = exampleProject(
      { web: exampleService() },
      { disabledServices: { extra: exampleService() } },
    );
    expect((await plan(simulated, project, { removeOrphans: true })).steps).toEqual([]);
  });
});

describe("networks and volumes", () => {
  it("makes a changed network again, with all that hangs on it", async () => {
    const simulated = withImage();
    const network = (internal: boolean) => ({
      networks: { default: { name: "app_default", ipam: {}, internal } },
    });
    await up(simulated, exampleProject({ db: exampleService() }, network(false)));
    const project = exampleProject({ db: exampleService() }, network(true));
    expect(await text(simulated, project)).toBe(
      [
        "stop app-db-1               network app_default is made again",
        "remove network app_default  internal changed",
        "    internal: false -> true",
        "create network app_default  internal changed",
        "recreate app-db-1           networks.app_default changed",
        "    networks.app_default: another network of that name -> attached",
        "start app-db-1              was just made",
      ].join("\n"),
    );
    await up(simulated, project);
    expect(await text(simulated, project)).toBe("Nothing to do.");
  });

  it("recreates a container whose network was removed and is made again", async () => {
    const simulated = withImage();
    const project = exampleProject({ db: exampleService() });
    await up(simulated, project);
    const container = simulated.byName("app-db-1");
    if (container) container.status = "exited";
    simulated.networks.delete("app_default");
    await up(simulated, project);
    expect(simulated.calls.slice(-5)).toEqual([
      "createContainer 000000000003_app-db-1",
      "stopContainer app-db-1",
      "removeContainer app-db-1",
      "renameContainer 000000000003_app-db-1 app-db-1",
      "startContainer app-db-1",
    ]);
  });

  it("never touches a volume whose definition changed, and says so", async () => {
    const simulated = withImage();
    const mount = [{ type: "volume" as const, source: "data", target: "/data", volume: {} }];
    const services = { db: exampleService({ volumes: mount }) };
    await up(simulated, exampleProject(services));
    const volumes = { data: { name: "app_data", driver_opts: { type: "tmpfs" } } };
    const made = await plan(simulated, exampleProject(services, { volumes }));
    expect(made.steps).toEqual([]);
    expect(made.warnings[0]).toMatch(/^volume app_data was made with another driver_opts\.type and is kept/);
  });

  it("refuses an external network that does not exist", async () => {
    const networks = { default: { name: "outside", ipam: {}, external: true } };
    await expect(plan(withImage(), exampleProject({ db: exampleService() }, { networks }))).rejects.toThrow(
      "the network outside is declared external and does not exist",
    );
  });
});

describe("what an interrupted run left", () => {
  it("goes on where a replacement only lacks its name", async () => {
    const simulated = withImage();
    const project = exampleProject({ db: exampleService() });
    await up(simulated, project);
    const container = simulated.byName("app-db-1");
    if (container) Object.assign(container, { name: "0123456789ab_app-db-1", status: "created" });
    expect(await text(simulated, project)).toBe(
      ["rename app-db-1  left by an interrupted run", "start app-db-1   was never started"].join("\n"),
    );
  });

  it("removes a replacement whose original is still there", async () => {
    const simulated = withImage();
    const project = exampleProject({ db: exampleService() });
    await up(simulated, project);
    const original = simulated.byName("app-db-1");
    if (original) await simulated.createContainer("0123456789ab_app-db-1", original.body);
    expect(await text(simulated, project)).toBe("remove 0123456789ab_app-db-1  left by an interrupted run");
  });

  it("copies inline files again into a container that never started", async () => {
    const simulated = withImage();
    const configs = { rules: { name: "app_rules", content: "allow all" } };
    const project = exampleProject({ db: exampleService({ configs: [{ source: "rules" }] }) }, { configs });
    await up(simulated, project);
    const container = simulated.byName("app-db-1");
    if (container) Object.assign(container, { status: "created", files: new Map() });
    await up(simulated, project);
    expect(container?.files.get("/rules")?.toString()).toBe("allow all");
  });
});
