import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashServices } from "./hash.js";
import { composeLabels } from "./label-names.js";
import { buildContainerLabels, buildNetworkLabels, buildVolumeLabels } from "./labels.js";
import { loadProject } from "./load-project.js";
import type { Project } from "./model.js";

const clone = join(import.meta.dirname, "../..");
const image = "busybox:1.37.0";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-labels-"));
  execFileSync("docker", ["pull", "-q", image]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `docker compose` where the plugin is installed, else the program of its own. */
function findPlugin(): [program: string, ...prefix: string[]] {
  const isPlugin = spawnSync("docker", ["compose", "version"]).status === 0;
  return isPlugin ? ["docker", "compose"] : ["docker-compose"];
}

function compose(cwd: string, ...args: string[]): string {
  const [program, ...prefix] = findPlugin();
  return execFileSync(program, [...prefix, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function inspect(kind: "container" | "network" | "volume", name: string): Record<string, string> {
  const [found] = JSON.parse(execFileSync("docker", [kind, "inspect", name], { encoding: "utf8" }));
  if (kind !== "container") return found.Labels;
  const [{ Config }] = JSON.parse(execFileSync("docker", ["image", "inspect", image], { encoding: "utf8" }));
  const own = Object.entries(found.Config.Labels).filter(([key]) => Config.Labels?.[key] === undefined);
  return Object.fromEntries(own) as Record<string, string>;
}

function load(cwd: string, envFiles: readonly string[] = []): Promise<Project> {
  const env = process.env;
  return loadProject({ cwd, homeDir: env.HOME ?? "/", env, files: [], envFiles, profiles: ["*"] });
}

/** `config` prints a literal $ as $$. */
function unescapeDollars(text: string): string {
  return text.replaceAll("$$", "$");
}

describe("the stack's own compose file", () => {
  it("resolves to what docker compose makes of it, hashes too", async () => {
    const needed = compose(
      clone,
      "--profile",
      "*",
      "config",
      "--no-interpolate",
      "--variables",
      "--format",
      "json",
    );
    const { length } = Object.keys(JSON.parse(needed));
    expect(length).toBeGreaterThan(0);
    const names = Object.entries(JSON.parse(needed) as Record<string, { Required: boolean }>)
      .filter(([, { Required }]) => Required)
      .map(([name]) => name);
    const envFile = join(folder, "stack.env");
    writeFileSync(envFile, names.map((name) => `${name}=test-only-${name}\n`).join(""));
    const flags = ["--env-file", envFile, "--profile", "*", "config"];
    const golden = JSON.parse(unescapeDollars(compose(clone, ...flags, "--format", "json")));
    const hashes = compose(clone, ...flags, "--hash", "*")
      .trim()
      .split("\n");

    const { name, services, networks, volumes, configs, ...project } = await load(clone, [envFile]);
    const plain = Object.entries(services).map(([key, service]) => {
      return [
        key,
        Object.fromEntries(Object.entries(service).filter(([field]) => !field.startsWith("x-"))),
      ] as const;
    });
    const ours = {
      name,
      services: Object.fromEntries(plain),
      networks,
      volumes,
      configs,
      ...project.extensions,
    };
    expect(JSON.parse(JSON.stringify(ours))).toEqual(golden);
    expect(hashServices({ services })).toEqual(Object.fromEntries(hashes.map((line) => line.split(" "))));
  });
});

describe("labels of objects that docker compose made", () => {
  const name = `mybroker-labels-${process.pid}`;

  beforeAll(() => {
    writeFileSync(join(folder, "one.env"), "FROM_FILE=a<b>&c\nOVER=file\n");
    writeFileSync(
      join(folder, "compose.yaml"),
      `name: ${name}
services:
  first:
    image: ${image}
    env_file: one.env
    environment: { OVER: own, UNSET: , "10": a, "9": b }
    labels: { own: label }
    networks: [back, default]
    volumes: ["data:/data", "./here:/here"]
    healthcheck: { test: "true", interval: 90s, retries: 0 }
    ulimits: { nofile: 100 }
    cpus: 0.3
  second:
    image: ${image}
    depends_on: { first: { condition: service_started, restart: true } }
    network_mode: service:first
networks: { back: { labels: { a: b }, internal: true, ipam: { config: [{ subnet: 10.213.7.0/24 }] } } }
volumes: { data: { labels: { c: d } } }
`,
    );
    compose(folder, "create");
  });
  afterAll(() => {
    compose(folder, "down", "-v", "-t", "0");
  });

  it("on containers are the labels that we write, hash included", async () => {
    const project = await load(folder);
    const firstId = execFileSync("docker", ["container", "inspect", "-f", "{{.Id}}", `${name}-first-1`], {
      encoding: "utf8",
    }).trim();
    for (const serviceName of ["first", "second"]) {
      const theirs = inspect("container", `${name}-${serviceName}-1`);
      const service = project.services[serviceName];
      if (service === undefined) throw new Error(`no service ${serviceName}`);
      const imageId = theirs[composeLabels.image];
      const findContainerId = () => firstId;
      const version = { [composeLabels.version]: theirs[composeLabels.version] ?? "" };
      const ours = buildContainerLabels({
        project,
        serviceName,
        service,
        number: 1,
        imageId,
        findContainerId,
      });
      expect({ ...ours, ...version }).toEqual(theirs);
    }
  });

  it("on networks and volumes are ours, but for the hash that a volume is better without", async () => {
    const project = await load(folder);
    const version = {
      [composeLabels.version]: inspect("network", `${name}_back`)[composeLabels.version] ?? "",
    };
    for (const key of ["back", "default"]) {
      expect({ ...buildNetworkLabels(project, key), ...version }).toEqual(
        inspect("network", `${name}_${key}`),
      );
    }
    const { [composeLabels.configHash]: hash, ...theirs } = inspect("volume", `${name}_data`);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect({ ...buildVolumeLabels(project, "data"), ...version }).toEqual(theirs);
  });
});
