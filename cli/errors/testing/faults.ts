import { readFileSync } from "node:fs";
import type { ServerKind, Service } from "../../compose/model.js";

/** A container that cannot come up, for a reason that has to be found out. */
export interface FaultyContainer {
  readonly image: string;
  readonly kind?: ServerKind;
  readonly command?: string[];
  readonly env?: Record<string, string>;
  readonly host?: Record<string, unknown>;
  /** Container port that the server would answer at. */
  readonly port?: number;
  readonly body?: Record<string, unknown>;
  /** A tar archive unpacked into the container before its start. */
  readonly file?: { readonly name: string; readonly content: string };
  readonly healthcheck?: Service["healthcheck"];
}

/** One of them, and the id of the known cause that has to be found; undefined where none is known. */
export interface Fault extends FaultyContainer {
  readonly name: string;
  readonly cause: string | undefined;
  /** Run first, on the same volumes, until it is ready or has ended. */
  readonly before?: FaultyContainer;
}

const example = readFileSync(new URL("../../../.env.example", import.meta.url), "utf8");
const imageOf = (key: string): string => new RegExp(`^${key}_IMAGE=(.*)$`, "m").exec(example)?.[1] ?? "";
const [mysql, postgres, mongo] = ["BROKER_ORDER_DB", "B3_CORE_DB", "BROKER_MONGODB"].map(imageOf) as [
  string,
  string,
  string,
];
const [redis, rabbitmq, prometheus] = ["B3_MARKET_CACHE", "RABBITMQ", "PROMETHEUS"].map(imageOf) as [
  string,
  string,
  string,
];
export const busybox = "busybox:1.37.0";

/** A server is asked at its port, so that no slow machine lets it pass for running before it fails. */
const usualPorts: Partial<Record<ServerKind, number>> = {
  mysql: 3306,
  postgres: 5432,
  redis: 6379,
  rabbitmq: 5672,
  http: 9090,
};

export const projectName = `faults${process.pid}`;
const volumeOf = (name: string): string => `${projectName}_${name}`;
const mount = (name: string, target: string) => ({
  Mounts: [{ Type: "volume", Source: volumeOf(name), Target: target }],
});
const postgresWith = (password: string): FaultyContainer => ({
  image: postgres,
  kind: "postgres",
  env: { POSTGRES_PASSWORD: password },
  host: mount("postgres", "/var/lib/postgresql/data"),
});

/** With a check, a program that ends is never taken for one that runs, however slow the machine is. */
const neverHealthy = {
  healthcheck: { test: ["CMD-SHELL", "exit 1"], start_period: "60s" },
  body: { Healthcheck: { Test: ["CMD-SHELL", "exit 1"], Interval: 5e8, StartPeriod: 6e10 } },
};

export const faults: Fault[] = [
  {
    name: "mongo-without-avx",
    cause: "mongo.no-avx",
    image: busybox,
    kind: "mongodb",
    command: ["sh", "-c", "exit 132"],
  },
  {
    name: "memory",
    cause: "memory.exhausted",
    image: busybox,
    kind: "http",
    command: ["sh", "-c", "tail /dev/zero"],
    host: { Memory: 16 * 1024 * 1024, MemorySwap: 16 * 1024 * 1024 },
  },
  { name: "image", cause: "image.absent", image: "busybox:0.0.0-none" },
  { name: "program", cause: "command.not-found", image: redis, command: ["redis-servr"] },
  { name: "not-executable", cause: "command.not-executable", image: busybox, command: ["/etc/passwd"] },
  {
    name: "mount-missing",
    cause: "bind.missing",
    image: busybox,
    host: { Mounts: [{ Type: "bind", Source: "/nowhere/at-all", Target: "/x" }] },
  },
  {
    name: "mount-folder",
    cause: "bind.is-folder",
    image: prometheus,
    kind: "http",
    command: ["--config.file=/etc", "--storage.tsdb.path=/prometheus"],
  },
  { name: "mysql-no-password", cause: "mysql.no-root-password", image: mysql, kind: "mysql" },
  {
    name: "mysql-setting",
    cause: "mysql.unknown-setting",
    image: mysql,
    kind: "mysql",
    command: ["--no-such-setting=1"],
    env: { MYSQL_ROOT_PASSWORD: "test-secret" },
  },
  { name: "postgres-no-password", cause: "postgres.no-password", image: postgres, kind: "postgres" },
  {
    name: "postgres-other-version",
    cause: "postgres.incompatible-data",
    ...postgresWith("test-secret-a"),
    host: mount("old-postgres", "/var/lib/postgresql/data"),
    before: {
      image: postgres,
      host: mount("old-postgres", "/data"),
      body: { User: "0", Entrypoint: ["sh", "-c"] },
      command: [
        "mkdir -p /data/global && echo 9.4 > /data/PG_VERSION && : > /data/global/pg_control && : > /data/postgresql.conf && chown -R postgres /data && chmod 700 /data",
      ],
    },
  },
  {
    name: "postgres-other-password",
    cause: "volume.other-password",
    ...postgresWith("test-secret-b"),
    before: postgresWith("test-secret-a"),
  },
  {
    name: "disk-full",
    cause: "disk.full",
    ...postgresWith("test-secret-a"),
    host: { Tmpfs: { "/var/lib/postgresql/data": "size=12m,mode=1777" } },
  },
  {
    name: "redis-config",
    cause: "redis.bad-config",
    image: redis,
    kind: "redis",
    command: ["redis-server", "--maxmemory-policy", "none-of-these"],
  },
  {
    name: "redis-read-only",
    cause: "volume.read-only",
    image: redis,
    kind: "redis",
    command: ["redis-server", "--appendonly", "yes", "--dir", "/usr"],
    body: { User: "0" },
    host: { ReadonlyRootfs: true },
  },
  {
    name: "redis-other-password",
    cause: "container.other-password",
    image: redis,
    kind: "redis",
    command: ["redis-server", "--requirepass", "test-secret-b"],
  },
  {
    name: "folder-of-root",
    cause: "volume.wrong-owner",
    image: prometheus,
    kind: "http",
    command: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
    host: { Tmpfs: { "/prometheus": "mode=0700,uid=0" } },
    file: { name: "etc/prometheus/prometheus.yml", content: "" },
  },
  {
    name: "prometheus-config",
    cause: "prometheus.bad-config",
    image: prometheus,
    kind: "http",
    command: ["--config.file=/etc/prometheus/prometheus.yml"],
    file: { name: "etc/prometheus/prometheus.yml", content: "no_such_key: 1\n" },
  },
  {
    name: "wrong-architecture",
    cause: "cpu.wrong-architecture",
    image: busybox,
    command: ["/tmp/program"],
    file: { name: "tmp/program", content: "\x7fELF of another kind" },
  },
  {
    name: "rabbitmq-cookie",
    cause: "rabbitmq.erlang-cookie",
    image: rabbitmq,
    kind: "rabbitmq",
    body: { User: "rabbitmq" },
    host: mount("rabbitmq", "/var/lib/rabbitmq"),
    before: {
      image: rabbitmq,
      host: mount("rabbitmq", "/data"),
      body: { User: "0", Entrypoint: ["sh", "-c"] },
      command: [
        "echo TESTCOOKIE > /data/.erlang.cookie && chmod 644 /data/.erlang.cookie && chown -R rabbitmq /data",
      ],
    },
  },
  {
    name: "reasons-of-its-own",
    cause: undefined,
    image: busybox,
    command: ["sh", "-c", "echo its very own reason; exit 3"],
    ...neverHealthy,
  },
  {
    name: "crash-loop",
    cause: undefined,
    image: busybox,
    command: ["sh", "-c", "echo its very own reason; exit 1"],
    ...neverHealthy,
    host: { RestartPolicy: { Name: "always" } },
  },
  {
    name: "unhealthy",
    cause: undefined,
    image: busybox,
    command: ["sleep", "600"],
    healthcheck: { test: ["CMD-SHELL", "x"], start_period: "1s" },
    body: {
      StopSignal: "SIGKILL",
      Healthcheck: {
        Test: ["CMD-SHELL", "echo its very own reason; exit 1"],
        Interval: 5e8,
        Timeout: 5e9,
        Retries: 1,
        StartPeriod: 1e6,
      },
    },
  },
];

export const volumes = ["postgres", "old-postgres", "rabbitmq"].map(volumeOf);
export const images = [...new Set([busybox, mysql, postgres, mongo, redis, rabbitmq, prometheus])];

export function portOf({ port, kind }: Pick<FaultyContainer, "port" | "kind">): number | undefined {
  return port ?? (kind === undefined ? undefined : usualPorts[kind]);
}
