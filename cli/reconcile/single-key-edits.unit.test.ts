import { describe, expect, it } from "vitest";
import type { Project, Service } from "../compose/model.js";
import { executePlan } from "../engine/execute.js";
import { observeProject } from "../engine/observe.js";
import { digestFile } from "./inline-files.js";
import { planUp } from "./plan-up.js";
import { renderPlan } from "./render-plan.js";
import { exampleProject, exampleService } from "./testing/example-project.js";
import { SimulatedEngine } from "./testing/simulated-engine.js";

function baseService(): Service {
  return exampleService({
    command: ["redis-server"],
    environment: { LOG_LEVEL: "info", DB_PASS: "test-only-old", URL: "redis://:test-only-old@db" },
    ports: [{ mode: "ingress", host_ip: "127.0.0.1", target: 6379, published: "6380", protocol: "tcp" }],
    volumes: [
      { type: "volume", source: "data", target: "/data", volume: {} },
      { type: "bind", source: "/app/redis.conf", target: "/redis.conf", bind: { create_host_path: false } },
    ],
    healthcheck: { test: ["CMD", "redis-cli", "ping"], interval: "10s", timeout: "3s", retries: 5 },
    labels: { tier: "cache" },
    restart: "unless-stopped",
    mem_limit: "67108864",
    ulimits: { nofile: { soft: 1024, hard: 2048 } },
    logging: { driver: "json-file", options: { "max-size": "1m" } },
    extra_hosts: ["gate=10.0.0.1"],
    configs: [{ source: "rules", target: "/etc/rules" }],
    stop_grace_period: "5s",
    tmpfs: ["/tmp:size=1m"],
  });
}

const digest = (content: string) => digestFile({ content, uid: 0, gid: 0, mode: 0o444 });

type Edit = (service: Service, project: { -readonly [Key in keyof Project]: Project[Key] }) => void;

/** What is edited -> how the plan names it. */
const edits: Record<string, { edit: Edit; named: string }> = {
  "environment, another value": {
    edit: (service) => Object.assign(service.environment ?? {}, { LOG_LEVEL: "debug" }),
    named: "environment.LOG_LEVEL: info -> debug",
  },
  "environment, one more": {
    edit: (service) => Object.assign(service.environment ?? {}, { EXTRA: "1" }),
    named: "environment.EXTRA: + 1",
  },
  "environment, one less": {
    edit: (service) => delete service.environment?.LOG_LEVEL,
    named: "environment.LOG_LEVEL: - info",
  },
  "environment, a secret": {
    edit: (service) => Object.assign(service.environment ?? {}, { DB_PASS: "test-only-new" }),
    named: "environment.DB_PASS: •••• -> ••••",
  },
  "environment, a secret inside a value": {
    edit: (service) => Object.assign(service.environment ?? {}, { URL: "redis://:test-only-new@db" }),
    named: "environment.URL: •••• -> ••••",
  },
  command: {
    edit: (service) => {
      service.command = ["redis-server", "--save", ""];
    },
    named: 'command: ["redis-server"] -> ["redis-server","--save",""]',
  },
  entrypoint: {
    edit: (service) => {
      service.entrypoint = ["/bin/sh"];
    },
    named: 'entrypoint: + ["/bin/sh"]',
  },
  "ports, another host port": {
    edit: (service) => Object.assign(service.ports?.[0] ?? {}, { published: "6390" }),
    named: "ports.6379/tcp: 127.0.0.1:6380 -> 127.0.0.1:6390",
  },
  "ports, another address": {
    edit: (service) => Object.assign(service.ports?.[0] ?? {}, { host_ip: "0.0.0.0" }),
    named: "ports.6379/tcp: 127.0.0.1:6380 -> 0.0.0.0:6380",
  },
  "volumes, read-only": {
    edit: (service) => Object.assign(service.volumes?.[0] ?? {}, { read_only: true }),
    named: "volumes./data: volume app_data -> volume app_data ro",
  },
  "volumes, another source": {
    edit: (service) => Object.assign(service.volumes?.[1] ?? {}, { source: "/app/other.conf" }),
    named: "volumes./redis.conf: bind /app/redis.conf -> bind /app/other.conf",
  },
  "healthcheck.test": {
    edit: (service) => Object.assign(service.healthcheck ?? {}, { test: ["CMD", "true"] }),
    named: 'healthcheck.test: ["CMD","redis-cli","ping"] -> ["CMD","true"]',
  },
  "healthcheck.interval": {
    edit: (service) => Object.assign(service.healthcheck ?? {}, { interval: "1m30s" }),
    named: "healthcheck.interval: 10s -> 1m30s",
  },
  labels: {
    edit: (service) => Object.assign(service.labels ?? {}, { tier: "store" }),
    named: "labels.tier: cache -> store",
  },
  restart: {
    edit: (service) => {
      service.restart = "on-failure:3";
    },
    named: "restart: unless-stopped -> on-failure:3",
  },
  mem_limit: {
    edit: (service) => {
      service.mem_limit = "134217728";
    },
    named: "mem_limit: 64m -> 128m",
  },
  "ulimits.nofile": {
    edit: (service) => {
      service.ulimits = { nofile: { soft: 1024, hard: 4096 } };
    },
    named: "ulimits.nofile: 1024:2048 -> 1024:4096",
  },
  "logging.options": {
    edit: (service) => {
      service.logging = { driver: "json-file", options: { "max-size": "5m" } };
    },
    named: "logging.options.max-size: 1m -> 5m",
  },
  "logging, taken out": {
    edit: (service) => delete service.logging,
    named: "logging.options.max-size: - 1m",
  },
  extra_hosts: {
    edit: (service) => {
      service.extra_hosts = ["gate=10.0.0.2"];
    },
    named: "extra_hosts: gate:10.0.0.1 -> gate:10.0.0.2",
  },
  networks: {
    edit: (service) => {
      service.networks = { default: null, back: null };
    },
    named: "networks.app_back: + attached",
  },
  "networks.aliases": {
    edit: (service) => {
      service.networks = { default: { aliases: ["store"] } };
    },
    named: "networks.app_default.aliases: app-cache-1, cache -> app-cache-1, cache, store",
  },
  "configs.content": {
    edit: (_, project) => {
      project.configs = { rules: { name: "app_rules", content: "allow none" } };
    },
    named: `configs.rules: content ${digest("allow all")} -> content ${digest("allow none")}`,
  },
  user: {
    edit: (service) => {
      service.user = "999";
    },
    named: "user: + 999",
  },
  stop_grace_period: {
    edit: (service) => {
      service.stop_grace_period = "1m";
    },
    named: "stop_grace_period: 5s -> 60s",
  },
  tmpfs: {
    edit: (service) => {
      service.tmpfs = ["/tmp:size=2m"];
    },
    named: "tmpfs./tmp: size=1m -> size=2m",
  },
  hostname: {
    edit: (service) => {
      service.hostname = "cache";
    },
    named: "hostname: + cache",
  },
  cpus: {
    edit: (service) => {
      service.cpus = 0.3;
    },
    named: "cpus: + 0.3",
  },
  read_only: {
    edit: (service) => {
      service.read_only = true;
    },
    named: "read_only: + true",
  },
};

function buildProject(edit: Edit = () => {}): Project {
  const cache = baseService();
  const other = exampleService({ depends_on: { cache: { condition: "service_started", required: true } } });
  const project = {
    ...exampleProject({ cache, other }),
    environment: { CACHE_PASSWORD: "test-only-new" },
    networks: {
      default: { name: "app_default", ipam: {} },
      back: { name: "app_back", ipam: {} },
    },
    configs: { rules: { name: "app_rules", content: "allow all" } },
  };
  edit(cache, project);
  return project;
}

async function startedEngine(): Promise<SimulatedEngine> {
  const simulated = new SimulatedEngine();
  simulated.addImage("redis:7.4", { Env: ["PATH=/bin"], Volumes: { "/data": {} }, Cmd: ["redis-server"] });
  const project = buildProject();
  const plan = planUp(project, await observeProject(simulated.engine, project));
  const result = await executePlan(plan, { engine: simulated.engine });
  expect(result.failure).toBeUndefined();
  return simulated;
}

describe("a single edited key", () => {
  it("is nothing where nothing was edited", async () => {
    const simulated = await startedEngine();
    const project = buildProject();
    expect(renderPlan(planUp(project, await observeProject(simulated.engine, project)))).toEqual([
      "Nothing to do.",
    ]);
  });

  it.each(Object.entries(edits))("is named: %s", async (_, { edit, named }) => {
    const simulated = await startedEngine();
    const project = buildProject(edit);
    const plan = planUp(project, await observeProject(simulated.engine, project), {
      secretNames: ["CACHE_PASSWORD"],
    });
    const recreated = plan.steps.filter((step) => step.action === "recreate-container");
    expect(recreated.map((step) => step.name)).toEqual(["app-cache-1"]);
    const lines = renderPlan(plan).map((line) => line.trim());
    expect(lines).toContain(named);
    expect(recreated[0]?.changes).toHaveLength(1);
  });
});
