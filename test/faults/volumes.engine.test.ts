import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ofProject } from "../../cli/compose/label-names.js";
import { findFreePorts } from "../support/free-ports.js";
import { expectNamed, testSecret } from "./expect-named.js";
import { busybox, createFixture, type Fixture, imageOf } from "./fixture.js";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture("volumes");
  setPassword(testSecret);
});
afterEach(() => fixture.remove());

function setPassword(value: string): void {
  fixture.write(".env", `# secret\nPASSWORD=${value}\n`, 0o600);
}

/** A first start that fills the volume, as any user had it. */
async function startAndRemove(): Promise<void> {
  const up = await fixture.cli("up");
  expect(up.exitCode, up.stderr).toBe(0);
  const down = await fixture.cli("down");
  expect(down.exitCode, down.stderr).toBe(0);
}

/** A shell in a container that has the volume of "data" at /data; run to its end. */
async function changeVolume(image: string, script: string): Promise<void> {
  const { engine, project } = fixture;
  for await (const _ of engine.pullImage(image, {})) {
    // Only the image is wanted.
  }
  const { id } = await engine.createContainer(`${project}-change`, {
    Image: image,
    Entrypoint: ["sh", "-c", script],
    User: "0",
    Labels: { "com.docker.compose.project": project },
    HostConfig: { Mounts: [{ Type: "volume", Source: `${project}_data`, Target: "/data" }] },
    NetworkingConfig: { EndpointsConfig: {} },
  });
  await engine.startContainer(id);
  await expect
    .poll(async () => (await engine.inspectContainer(id))?.State.Status, { timeout: 20_000, interval: 50 })
    .toBe("exited");
  expect((await engine.inspectContainer(id))?.State.ExitCode).toBe(0);
  await engine.removeContainer(id, { force: true, anonymousVolumes: true });
}

const postgres = `
  db:
    image: ${imageOf("B3_CORE_DB")}
    environment: { POSTGRES_PASSWORD: "\${PASSWORD:?}" }
    ports: ["127.0.0.1::5432"]
    volumes: ["data:/var/lib/postgresql/data"]
    x-mybroker: { kind: postgres, port: 5432, credentials: { password: PASSWORD } }
volumes: { data: {} }`;

const mysql = `
  db:
    image: ${imageOf("BROKER_ORDER_DB")}
    command: [--performance-schema=OFF, --skip-log-bin, --innodb-buffer-pool-size=32M]
    environment:
      MYSQL_DATABASE: orders
      MYSQL_USER: broker
      MYSQL_PASSWORD: "\${PASSWORD:?}"
      MYSQL_ROOT_PASSWORD: "\${PASSWORD:?}"
    ports: ["127.0.0.1::3306"]
    volumes: ["data:/var/lib/mysql"]
    x-mybroker: { kind: mysql, port: 3306, credentials: { user: BROKER_USER, password: PASSWORD, database: ORDERS } }
volumes: { data: {} }`;

const kafka = `
  kafka:
    image: ${imageOf("KAFKA")}
    environment:
      CLUSTER_ID: \${CLUSTER:-bXlicm9rZXItdGVzdC1hYQ}
      KAFKA_NODE_ID: "1"
      KAFKA_PROCESS_ROLES: broker,controller
      KAFKA_CONTROLLER_QUORUM_VOTERS: 1@localhost:9093
      KAFKA_LISTENERS: HOST://:9092,CONTROLLER://:9093
      KAFKA_ADVERTISED_LISTENERS: HOST://127.0.0.1:\${KAFKA_PORT}
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: HOST:PLAINTEXT,CONTROLLER:PLAINTEXT
      KAFKA_CONTROLLER_LISTENER_NAMES: CONTROLLER
      KAFKA_INTER_BROKER_LISTENER_NAME: HOST
      KAFKA_LOG_DIRS: /var/lib/kafka/data
      KAFKA_HEAP_OPTS: -Xms64m -Xmx192m
    ports: ["127.0.0.1:\${KAFKA_PORT}:9092"]
    volumes: ["data:/var/lib/kafka/data"]
    x-mybroker: { kind: kafka, port: 9092 }
volumes: { data: {} }`;

const rabbitmq = `
  rabbitmq:
    image: ${imageOf("RABBITMQ")}
    hostname: rabbitmq
    ports: ["127.0.0.1::5672"]
    volumes: ["data:/var/lib/rabbitmq"]
    x-mybroker: { kind: rabbitmq, port: 5672 }
volumes: { data: {} }`;

describe("up names what is wrong with a volume", () => {
  it.each([
    { name: "PostgreSQL", services: postgres },
    { name: "MySQL", services: mysql },
  ])("$name's volume was made with another password", async ({ services }) => {
    fixture.compose(services);
    fixture.write(".env", `BROKER_USER=broker\nORDERS=orders\n# secret\nPASSWORD=${testSecret}\n`, 0o600);
    await startAndRemove();
    fixture.write(".env", `BROKER_USER=broker\nORDERS=orders\n# secret\nPASSWORD=${testSecret}-b\n`, 0o600);
    const volume = `${fixture.project}_data`;

    const known = await fixture.cli("up");
    expectNamed(known, {
      exitCode: 3,
      service: volume,
      cause: /was made with another password.*\(PASSWORD\)/,
    });
    expect(known.stderr).not.toContain(`${volume} too`);
    expect(await fixture.leftovers()).toEqual([volume]);

    // Nobody remembers the first password, as after `docker compose up`: the server is asked.
    fixture.forgetState();
    const unknown = await fixture.cli("up", "--wait-timeout", "100");
    expectNamed(unknown, { exitCode: 1, service: "db", cause: "volume.other-password" });
  });

  it("data files of another major version of PostgreSQL", async () => {
    fixture.compose(postgres);
    await startAndRemove();
    await changeVolume(busybox, "echo 9.4 > /data/PG_VERSION");
    const run = await fixture.cli("up");
    expectNamed(run, { exitCode: 1, service: "db", cause: "postgres.incompatible-data" });
  });

  it("data of a newer server, before it pulls or stops anything, also after down; and asks before a conversion", async () => {
    const redis = (image: string) => `
  cache:
    ${image}
    ports: ["127.0.0.1::6379"]
    volumes: ["data:/data"]
    x-mybroker: { kind: redis, port: 6379 }
volumes: { data: {} }`;
    const built = (version: string) =>
      redis(
        `build: { dockerfile_inline: "FROM ${imageOf("B3_MARKET_CACHE")}\\nENV REDIS_VERSION=${version}" }`,
      );
    const refused = {
      exitCode: 3,
      service: `${fixture.project}_data`,
      cause: /holds data of Redis 7\.4\.9, which 6\.2\.\d does not take/,
    };
    fixture.compose(redis(`image: ${imageOf("B3_MARKET_CACHE")}`));
    expect((await fixture.cli("up")).exitCode).toBe(0);
    fixture.compose(redis("image: redis:6.2.1"));
    expectNamed(await fixture.cli("up"), refused);
    // Only what was built says this version.
    fixture.compose(built("6.2.2"));
    const run = await fixture.cli("--progress", "quiet", "up");
    expectNamed(run, refused);
    expect(run.stderr).toMatch(/Do {6}go back: {2}image: redis:7\.4\.9-alpine {2}for cache/);
    expect(await fixture.states()).toEqual({ cache: "running" });
    await fixture.cli("down");
    expectNamed(await fixture.cli("up"), refused);
    expect(await fixture.leftovers()).toEqual([`${fixture.project}_data`]);

    fixture.compose(built("8.0.0"));
    const asked = await fixture.cli("up", "--build");
    expect([asked.exitCode, asked.stderr]).toEqual([
      2,
      expect.stringContaining("Redis 8.0.0 converts the data of 7.4.9"),
    ]);
    expect((await fixture.cli("--yes", "up")).exitCode).toBe(0);
    fixture.compose(redis(`image: ${imageOf("B3_MARKET_CACHE")}`));
    expectNamed(await fixture.cli("up"), {
      ...refused,
      cause: /data of Redis 8\.0\.0, which 7\.4\.9 does not/,
    });

    expect((await fixture.cli("--yes", "down", "--volumes", "--rmi", "local")).exitCode).toBe(0);
    // Also the one that lost its name to the second build.
    expect(await fixture.engine.listImages([ofProject(fixture.project)])).toEqual([]);
    expect((await fixture.cli("up")).exitCode).toBe(0);
  });

  it("data of another Kafka cluster", async () => {
    const port = `KAFKA_PORT=${(await findFreePorts(1))[0]}\n`;
    fixture.compose(kafka);
    fixture.write(".env", port);
    await startAndRemove();
    fixture.write(".env", `${port}CLUSTER=bXlicm9rZXItdGVzdC1iYg\n`);
    const run = await fixture.cli("up");
    expectNamed(run, { exitCode: 1, service: "kafka", cause: "kafka.cluster-id" });
  });

  it("an Erlang cookie that others may read", async () => {
    fixture.compose(rabbitmq);
    const created = await fixture.cli("up", "--no-wait");
    expect(created.exitCode).toBe(0);
    await fixture.cli("down");
    await changeVolume(
      imageOf("RABBITMQ"),
      "echo TESTCOOKIE > /data/.erlang.cookie && chown 999:999 /data/.erlang.cookie && chmod 644 /data/.erlang.cookie",
    );
    const run = await fixture.cli("up");
    expectNamed(run, { exitCode: 1, service: "rabbitmq", cause: "rabbitmq.erlang-cookie" });
  });
});
