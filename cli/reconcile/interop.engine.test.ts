import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { executePlan } from "../engine/execute.js";
import { observeLabelled } from "../engine/observe.js";
import { readFileDigests } from "../engine/read-file-digests.js";
import { digestFile } from "./inline-files.js";
import { planDown } from "./plan-down.js";
import { renderPlan } from "./render-plan.js";
import { createEngineFixture, type EngineFixture, pullImages } from "./testing/engine-fixture.js";

const image = "busybox:1.37.0";

/** Every supported key that a container can be made with, in its short and its long form. */
const everything = `
services:
  base:
    image: ${image}
    command: ["sleep", "600"]
    init: true
    environment: {PLAIN: "1", QUOTED: 'p<a>&"ss', EMPTY: ""}
    env_file: [extra.env]
    labels: {tier: base}
    ports: ["127.0.0.1::8080", "9000"]
    expose: ["7000", "53/udp"]
    volumes:
      - data:/data
      - ./file.txt:/short.txt:ro
      - {type: bind, source: ./file.txt, target: /long.txt, read_only: true, bind: {create_host_path: false}}
      - {type: bind, source: ./file.txt, target: /relabelled.txt, bind: {create_host_path: false, selinux: z}}
      - {type: volume, source: data, target: /again, read_only: true}
      - {type: tmpfs, target: /fast, tmpfs: {size: 1m}}
      - /scratch
    tmpfs: ["/run:size=1m"]
    networks:
      default: {aliases: [store, shop]}
      back:
    healthcheck: {test: ["CMD", "true"], interval: 10s, timeout: 2s, retries: 2, start_period: 30s, start_interval: 500ms}
    restart: unless-stopped
    user: "0:0"
    working_dir: /data
    hostname: base
    stop_grace_period: 3s
    stop_signal: SIGINT
    ulimits: {nofile: {soft: 1024, hard: 2048}, core: 0}
    mem_limit: 64m
    mem_reservation: 32m
    cpus: 0.3
    shm_size: 32m
    extra_hosts: ["gate=10.1.2.3", "host.docker.internal:host-gateway"]
    logging: {driver: json-file, options: {max-size: 1m}}
    cap_add: [NET_ADMIN]
    cap_drop: [MKNOD]
    dns: [1.1.1.1]
    security_opt: ["no-new-privileges:true"]
    sysctls: {net.core.somaxconn: "64"}
    configs: [{source: inline, target: /etc/inline.txt, mode: 0440}, from-file]
    secrets: [from-file, {source: from-variable, target: token}]
    x-anything: {kept: out}
  job:
    image: ${image}
    command: ["true"]
  limited:
    image: ${image}
    command: ["sleep", "600"]
    init: true
    read_only: true
    tty: true
    stdin_open: true
    entrypoint: ["env"]
    container_name: \${COMPOSE_PROJECT_NAME}-own-name
    deploy: {resources: {limits: {memory: 32m, cpus: "0.5", pids: 64}, reservations: {memory: 16m}}}
    depends_on:
      base: {condition: service_started, restart: true}
      job: {condition: service_completed_successfully}
    healthcheck: {disable: true}
  sharing:
    image: ${image}
    command: ["sleep", "600"]
    init: true
    network_mode: service:base
    pid: service:base
    depends_on: [base]
configs:
  inline: {content: "from the compose file\\n"}
  from-file: {file: ./file.txt}
secrets:
  from-file: {file: ./file.txt}
  from-variable: {environment: PATH}
volumes: {data: }
networks:
  back: {internal: true, labels: {tier: back}}
`;

let fixture: EngineFixture;
afterEach(() => fixture.remove());
beforeAll(() => pullImages(image));

async function prepare(composeFile = everything): Promise<void> {
  fixture = await createEngineFixture(composeFile);
  fixture.write("file.txt", "a file of the host\n");
  fixture.write("extra.env", "FROM_FILE=yes\n");
}

const nothing = ["Nothing to do."];

describe("a stack that docker compose made", () => {
  it("has an empty plan, also when all of it was recreated by docker compose", async () => {
    await prepare();
    fixture.compose("up", "-d");
    expect(renderPlan(await fixture.plan())).toEqual(nothing);
    fixture.compose("up", "-d", "--force-recreate");
    expect(renderPlan(await fixture.plan())).toEqual(nothing);
  });

  it("is judged by the content of its inline configs, which docker compose itself does not see", async () => {
    await prepare();
    fixture.compose("up", "-d");
    fixture.write(
      "compose.yaml",
      `name: ${fixture.name}\n${everything.replace("from the compose", "from another")}`,
    );
    expect(fixture.compose("up", "-d", "--dry-run")).not.toMatch(/Recreate/);
    const lines = renderPlan(await fixture.plan());
    expect(lines).toContainEqual(expect.stringMatching(/^recreate \S+-base-1 +configs\.inline changed$/));
    expect(lines.filter((line) => line.startsWith("recreate"))).toHaveLength(2); // sharing shares its network
  });

  it("is taken away by our down, by its labels alone", async () => {
    await prepare();
    fixture.compose("up", "-d");
    fixture.write("compose.yaml", "services: [broken");
    const observed = await observeLabelled(fixture.engine, fixture.name);
    const plan = planDown(observed, { volumes: true, timeoutSeconds: 1 });
    expect((await executePlan(plan, { engine: fixture.engine })).failure).toBeUndefined();
    expect(await fixture.remains()).toEqual([]);
  });
});

describe("a stack that we made", () => {
  it("is docker compose's own: nothing recreated; ps, logs, stop, start and down work", async () => {
    await prepare();
    await fixture.up();
    const dryRun = fixture.compose("up", "-d", "--dry-run");
    expect(dryRun).not.toMatch(/Recreate|Creat(e|ing)|Remov/);
    for (const name of ["base-1", "own-name", "sharing-1"])
      expect(dryRun).toMatch(new RegExp(`${name} +Running`));
    expect(fixture.compose("ps", "--services").trim().split("\n").sort()).toEqual([
      "base",
      "limited",
      "sharing",
    ]);
    fixture.compose("logs", "--tail", "1");
    fixture.compose("stop", "-t", "1");
    fixture.compose("start");
    expect(renderPlan(await fixture.plan())).toEqual(nothing);
    fixture.compose("down", "-v", "-t", "1");
    expect(await fixture.remains()).toEqual([]);
  });

  it("has an empty plan, and its files are where they belong, with owner and mode", async () => {
    await prepare();
    await fixture.up();
    expect(renderPlan(await fixture.plan())).toEqual(nothing);
    const seen = fixture.compose(
      "exec",
      "-T",
      "base",
      "sh",
      "-c",
      "cat /etc/inline.txt; stat -c %a /etc/inline.txt",
    );
    expect(seen).toBe("from the compose file\n440\n");
  });
});

describe("a service that is built", () => {
  it("is built from its folder less what .dockerignore names, once, and is the same to docker compose", async () => {
    await prepare(`
services:
  own:
    build:
      context: context
      args: {WORD: built}
      dockerfile_inline: |
        FROM ${image}
        ARG WORD
        COPY . /context
        RUN echo $$WORD > /word
    command: ["sleep", "600"]
    init: true
`);
    mkdirSync(join(fixture.folder, "context/folder"), { recursive: true });
    fixture.write("context/folder/kept", "");
    fixture.write("context/left-out.log", "");
    fixture.write("context/.dockerignore", "*.log\n");
    expect(renderPlan(await fixture.up())[0]).toMatch(/^build image \S+-own +is not on this engine$/);
    const seen = fixture.compose("exec", "-T", "own", "sh", "-c", "cat /word; cd /context; find . -type f");
    expect(seen.split("\n")).toEqual(expect.arrayContaining(["built", "./folder/kept"]));
    expect(seen).not.toMatch(/left-out|Dockerfile/);
    expect(renderPlan(await fixture.plan())).toEqual(nothing);
    expect(fixture.compose("up", "-d", "--dry-run")).not.toMatch(/Recreate|Creat(e|ing)/);
  });
});

describe("a run that dies at any of its calls", () => {
  const version = (value: number) => `
services:
  one: {image: "${image}", command: [sleep, "600"], init: true, environment: {VALUE: "${value}"}, configs: [inline]}
  two: {image: "${image}", command: [sleep, "600"], init: true, environment: {VALUE: "${value}"}, depends_on: [one], volumes: ["data:/data"]}
configs: {inline: {content: "text"}}
volumes: {data: }
`;

  it.each([...Array(12).keys()])("is healed by the next one: after call %i", async (calls) => {
    await prepare(version(1));
    if (calls % 2 === 1) await fixture.up();
    fixture.write("compose.yaml", `name: ${fixture.name}\n${version(2)}`);
    await fixture.upUntilCall(calls);
    await fixture.up();
    expect(renderPlan(await fixture.plan())).toEqual(nothing);
    const containers = (await fixture.remains()).filter((name) => /-(one|two)-/.test(name));
    expect(containers.sort()).toEqual([`${fixture.name}-one-1`, `${fixture.name}-two-1`]);
    const digest = digestFile({ content: "text", uid: 0, gid: 0, mode: 0o444 });
    const target = "/inline";
    expect(await readFileDigests(fixture.engine, `${fixture.name}-one-1`, [target])).toEqual({
      [target]: digest,
    });
  });
});
