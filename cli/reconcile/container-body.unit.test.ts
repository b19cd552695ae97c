import { describe, expect, it } from "vitest";
import type { Project, Service } from "../compose/model.js";
import { buildContainerBody } from "./container-body.js";
import { collectFiles } from "./inline-files.js";
import { requiredHostPaths } from "./mounts.js";
import { exampleProject, exampleService } from "./testing/example-project.js";

function build(facts: Partial<Service>, projectFacts: Partial<Project> = {}) {
  const service = exampleService(facts);
  return buildContainerBody({
    project: exampleProject({ cache: service }, projectFacts),
    serviceName: "cache",
    service,
    containerName: "app-cache-1",
    labels: { own: "1" },
    containerIdOf: (name) => (name === "db" ? "abc" : undefined),
    inherited: new Map(),
  });
}

const host = (facts: Partial<Service>, projectFacts: Partial<Project> = {}) =>
  build(facts, projectFacts).HostConfig;

describe("the create payload", () => {
  it("has the plain keys under the engine's names", () => {
    expect(
      build({
        hostname: "cache",
        user: "999:999",
        working_dir: "/data",
        tty: true,
        stdin_open: true,
        stop_signal: "SIGINT",
        stop_grace_period: "1m30s",
        command: ["a"],
        entrypoint: [],
      }),
    ).toMatchObject({
      Image: "redis:7.4",
      Hostname: "cache",
      User: "999:999",
      WorkingDir: "/data",
      Tty: true,
      OpenStdin: true,
      StopSignal: "SIGINT",
      StopTimeout: 90,
      Cmd: ["a"],
      Entrypoint: [],
      Labels: { own: "1" },
    });
  });

  it("leaves out what the file leaves out, so that the image's values hold", () => {
    const body = build({});
    for (const key of ["Cmd", "Entrypoint", "User", "Healthcheck", "StopTimeout"])
      expect(body).not.toHaveProperty(key);
  });

  it("lists the environment, a key without a value bare", () => {
    expect(build({ environment: { A: "1", EMPTY: "", GONE: null } }).Env).toEqual(["A=1", "EMPTY=", "GONE"]);
  });

  it("gives the healthcheck in nanoseconds", () => {
    const healthcheck = {
      test: ["CMD", "x"],
      interval: "10s",
      timeout: "500ms",
      retries: 3,
      start_period: "2m0s",
    };
    expect(build({ healthcheck: { ...healthcheck, start_interval: "1s" } }).Healthcheck).toEqual({
      Test: ["CMD", "x"],
      Interval: 10e9,
      Timeout: 0.5e9,
      Retries: 3,
      StartPeriod: 120e9,
      StartInterval: 1e9,
    });
    expect(build({ healthcheck: { disable: true } }).Healthcheck).toEqual({ Test: ["NONE"] });
  });

  it("publishes ports, also several of one target, and opens ranges", () => {
    const body = build({
      expose: ["9000-9001", "53/udp"],
      ports: [
        { target: 80, published: "8080", host_ip: "127.0.0.1", protocol: "tcp" },
        { target: 80, published: "8081" },
        { target: 90 },
      ],
    });
    expect(Object.keys(body.ExposedPorts as object)).toEqual([
      "9000/tcp",
      "9001/tcp",
      "53/udp",
      "80/tcp",
      "90/tcp",
    ]);
    expect(body.HostConfig.PortBindings).toEqual({
      "80/tcp": [
        { HostIp: "127.0.0.1", HostPort: "8080" },
        { HostIp: "", HostPort: "8081" },
      ],
      "90/tcp": [{ HostIp: "", HostPort: "" }],
    });
  });

  it("has every limit", () => {
    expect(
      host({
        mem_limit: "67108864",
        mem_reservation: "1024",
        memswap_limit: "-1",
        cpus: 0.3,
        shm_size: "4096",
        ulimits: { nproc: 10, nofile: { soft: 1, hard: 2 } },
        restart: "on-failure:3",
        read_only: true,
        init: true,
        privileged: true,
        cap_add: ["NET_ADMIN"],
        cap_drop: ["ALL"],
        dns: ["1.1.1.1"],
        security_opt: ["no-new-privileges:true"],
        sysctls: { "net.core.somaxconn": "10" },
        extra_hosts: ["host.docker.internal=host-gateway"],
        logging: { driver: "local", options: { "max-size": "1m" } },
        tmpfs: ["/tmp", "/run:size=1m,mode=755"],
        pid: "service:db",
      }),
    ).toMatchObject({
      Memory: 67108864,
      MemoryReservation: 1024,
      MemorySwap: -1,
      NanoCpus: 300_000_000,
      ShmSize: 4096,
      Ulimits: [
        { Name: "nproc", Soft: 10, Hard: 10 },
        { Name: "nofile", Soft: 1, Hard: 2 },
      ],
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
      ReadonlyRootfs: true,
      Init: true,
      Privileged: true,
      CapAdd: ["NET_ADMIN"],
      CapDrop: ["ALL"],
      Dns: ["1.1.1.1"],
      SecurityOpt: ["no-new-privileges:true"],
      Sysctls: { "net.core.somaxconn": "10" },
      ExtraHosts: ["host.docker.internal:host-gateway"],
      LogConfig: { Type: "local", Config: { "max-size": "1m" } },
      Tmpfs: { "/tmp": "", "/run": "size=1m,mode=755" },
      PidMode: "container:abc",
    });
  });

  it("lets deploy.resources win over the older keys", () => {
    const resources = { limits: { cpus: "0.5", memory: "1024", pids: 9 }, reservations: { memory: "512" } };
    expect(host({ mem_limit: "1", cpus: 2, deploy: { placement: {}, resources } })).toMatchObject({
      Memory: 1024,
      MemoryReservation: 512,
      NanoCpus: 500_000_000,
      PidsLimit: 9,
    });
  });
});

describe("volumes", () => {
  it("go to Binds where they suffice and to Mounts where they do not, as Compose sends them", () => {
    const settings = host({
      volumes: [
        { type: "volume", source: "data", target: "/data", volume: {} },
        { type: "bind", source: "/src", target: "/src", read_only: true, bind: { create_host_path: true } },
        { type: "bind", source: "/strict", target: "/strict", bind: { create_host_path: false } },
        { type: "volume", target: "/scratch", volume: {} },
        { type: "volume", source: "data", target: "/sub", volume: { subpath: "a", nocopy: true } },
        { type: "tmpfs", target: "/fast", tmpfs: { size: "1024", mode: 0o700 } },
      ],
    });
    expect(settings.Binds).toEqual(["app_data:/data:rw", "/src:/src:ro"]);
    expect(settings.Mounts).toEqual([
      { Type: "bind", Source: "/strict", Target: "/strict", BindOptions: {} },
      { Type: "volume", Target: "/scratch", VolumeOptions: {} },
      { Type: "volume", Source: "app_data", Target: "/sub", VolumeOptions: { NoCopy: true, Subpath: "a" } },
      { Type: "tmpfs", Target: "/fast", TmpfsOptions: { SizeBytes: 1024, Mode: 0o700 } },
    ]);
  });

  it("keep SELinux relabelling, and the source must then exist before the engine is asked", () => {
    const service = exampleService({
      volumes: [
        {
          type: "bind",
          source: "/a",
          target: "/a",
          read_only: true,
          bind: { create_host_path: false, selinux: "z" },
        },
      ],
    });
    expect(host(service).Binds).toEqual(["/a:/a:ro,z"]);
    expect(requiredHostPaths(service)).toEqual(["/a"]);
  });
});

describe("networks", () => {
  it("are all endpoints, the first by priority then name is the mode, with Compose's aliases", () => {
    const networks = { zone: { name: "app_zone", ipam: {} }, back: { name: "app_back", ipam: {} } };
    const body = build(
      { networks: { zone: { aliases: ["z"], ipv4_address: "10.0.0.2", priority: 1 }, back: null } },
      { networks },
    );
    expect(body.HostConfig.NetworkMode).toBe("app_zone");
    expect(body.NetworkingConfig.EndpointsConfig).toEqual({
      app_zone: { Aliases: ["app-cache-1", "cache", "z"], IPAMConfig: { IPv4Address: "10.0.0.2" } },
      app_back: { Aliases: ["app-cache-1", "cache"] },
    });
  });

  it("may be shared: with the host, or with a container once it is known", () => {
    expect(build({ network_mode: "host" }).NetworkingConfig.EndpointsConfig).toEqual({});
    expect(host({ network_mode: "service:db" }).NetworkMode).toBe("container:abc");
    expect(host({ network_mode: "service:later" }).NetworkMode).toBe("service:later");
  });
});

describe("configs and secrets", () => {
  it("from files are mounted read-only, inline ones are copied with their owner and mode", () => {
    const service = exampleService({
      configs: [{ source: "inline", target: "/etc/a", uid: "7", gid: "8", mode: "0440" }, { source: "file" }],
      secrets: [{ source: "variable" }],
    });
    const facts: Partial<Project> = {
      environment: { TOKEN: "test-only" },
      configs: { inline: { name: "i", content: "text" }, file: { name: "f", file: "/app/f" } },
      secrets: { variable: { name: "v", environment: "TOKEN" } },
    };
    expect(host(service, facts).Mounts).toEqual([
      { Type: "bind", Source: "/app/f", Target: "/file", ReadOnly: true },
    ]);
    expect(collectFiles(exampleProject({ cache: service }, facts), service).inline).toEqual([
      { key: "configs.inline", target: "/etc/a", content: "text", uid: 7, gid: 8, mode: 0o440 },
      {
        key: "secrets.variable",
        target: "/run/secrets/variable",
        content: "test-only",
        uid: 0,
        gid: 0,
        mode: 0o444,
      },
    ]);
  });

  it("that are external are refused by name", () => {
    const service = exampleService({ configs: [{ source: "far" }] });
    const project = exampleProject({ cache: service }, { configs: { far: { name: "far", external: true } } });
    expect(() => collectFiles(project, service)).toThrow(
      "configs.far is external; only Swarm has external configs",
    );
  });
});
