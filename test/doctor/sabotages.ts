import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { createKafka } from "../../kit/kafka.js";
import type { DoctoredStack } from "./doctored-stack.js";

export interface Sabotage {
  readonly name: string;
  break(stack: DoctoredStack): Promise<unknown>;
  /** What is to be found, and the service or thing that it is about. */
  readonly id: string;
  readonly subject: string;
  /** Ids of what follows from it and may be told as well. */
  readonly also?: readonly string[];
  /** What the user does where the fix line only shows them something. Else the line itself has to mend it. */
  readonly mend?: (stack: DoctoredStack) => Promise<unknown>;
  /** What is no fault and has to go before the next: run in any case. */
  readonly tidy?: (stack: DoctoredStack) => Promise<unknown>;
  /** Takes long, for something has to restart, to run out or to be made anew: with MYBROKER_LONG_RUNS only. */
  readonly isLong?: true;
}

const asRoot = (statement: string) => [
  "sh",
  "-c",
  `MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -e "${statement}"`,
];
const ctl = (stack: DoctoredStack, ...words: string[]) =>
  stack.exec("rabbitmq", "rabbitmqctl", "-q", ...words);
const redis = (stack: DoctoredStack, service: string, ...words: string[]) =>
  stack.exec(service, "redis-cli", "-e", ...words);
const docker = (stack: DoctoredStack, service: string, ...words: string[]) =>
  execa("docker", [...words, `${stack.name}-${service}-1`]);

/** Replaces in a file; a text that is not there is a mistake of the test. */
function edit(stack: DoctoredStack, file: string, [from, to]: readonly [string | RegExp, string]): void {
  const text = stack.read(file);
  const changed = text.replace(from, () => to);
  if (changed === text) throw new Error(`${file} has no ${from}`);
  stack.write(file, changed);
}

async function withAdmin(
  stack: DoctoredStack,
  work: (admin: ReturnType<Awaited<ReturnType<typeof createKafka>>["admin"]>) => Promise<unknown>,
): Promise<void> {
  const kafka = await createKafka({
    clientId: "sabotage",
    brokers: [`127.0.0.1:${stack.portOf("kafka")}`],
    timeoutMs: 5_000,
    retries: 3,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Unreachable: a service answers late while it waits for a server that hangs. */
const notReady = ["service.not-ready", "service.unreachable", "container.unhealthy"] as const;

/** A service that reads topics with the help of its cache does not read on without it. */
const withoutCache = [...notReady, "kafka.lag"] as const;

/** Logins and rights. */
const logins: readonly Sabotage[] = [
  {
    name: "MySQL: the application's password was changed in the server",
    break: (stack) =>
      stack.exec("broker-order-db", ...asRoot("ALTER USER broker IDENTIFIED BY 'not-a-secret'")),
    id: "mysql.login-refused",
    subject: "broker-order-db",
    also: notReady,
  },
  {
    name: "PostgreSQL: the password was changed in the server",
    break: (stack) =>
      stack.exec("b3-core-db", "psql", "-U", "b3", "-d", "b3_core", "-c", "ALTER ROLE b3 PASSWORD 'x'"),
    id: "postgres.login-refused",
    subject: "b3-core-db",
    also: notReady,
  },
  {
    name: "Redis: the password was changed in the server",
    break: (stack) => redis(stack, "broker-asset-cache", "CONFIG", "SET", "requirepass", "not-a-secret"),
    id: "redis.login-refused",
    subject: "broker-asset-cache",
    also: withoutCache,
  },
  {
    name: "MongoDB: the password was changed in the server",
    break: (stack) => changeMongoPassword(stack, stack.value("MONGO_ROOT_PASSWORD"), "not-a-secret"),
    id: "mongodb.login-refused",
    subject: "broker-mongodb",
    also: notReady,
    // The line needs a MongoDB that has lost its user; this one has it still, and the stand-in lets nobody in at all.
    mend: (stack) => changeMongoPassword(stack, "not-a-secret", stack.value("MONGO_ROOT_PASSWORD")),
  },
  {
    name: "RabbitMQ: the password was changed in the server",
    isLong: true,
    break: (stack) => ctl(stack, "change_password", "mybroker", "not-a-secret"),
    id: "rabbitmq.login-refused",
    subject: "rabbitmq",
    also: [...notReady, "prometheus.target-down", "rabbitmq.no-consumer"],
  },
  {
    name: "MySQL: the application may only read",
    isLong: true,
    break: (stack) =>
      stack.exec(
        "broker-asset-db",
        ...asRoot(
          "REVOKE ALL PRIVILEGES, GRANT OPTION FROM broker; GRANT SELECT ON broker_asset.* TO broker",
        ),
      ),
    id: "mysql.no-rights",
    subject: "broker-asset-db",
    also: notReady,
  },
  {
    name: ".env has another password than the volume",
    isLong: true,
    break: async (stack) => edit(stack, ".env", [/^B3_CORE_PASSWORD=.*$/m, "B3_CORE_PASSWORD=not-a-secret"]),
    id: "postgres.login-refused",
    subject: "b3-core-db",
    also: ["env.volume-password", "env.stale-container"],
  },
];

function changeMongoPassword(stack: DoctoredStack, from: string, to: string): Promise<string> {
  const change = `db.updateUser("root", {pwd: ${JSON.stringify(to)}})`;
  return stack.exec(
    "broker-mongodb",
    "mongosh",
    "--quiet",
    "-u",
    "root",
    "-p",
    from,
    "admin",
    "--eval",
    change,
  );
}

/** What servers hold, and whether they take more. */
const stores: readonly Sabotage[] = [
  {
    name: "MySQL: a table was dropped",
    break: (stack) => stack.exec("broker-order-db", ...asRoot("DROP TABLE broker_order.executions")),
    id: "mysql.missing-table",
    subject: "broker-order-db",
  },
  {
    name: "MySQL: read-only",
    break: (stack) => stack.exec("broker-wallet-db", ...asRoot("SET GLOBAL read_only=ON")),
    id: "mysql.read-only",
    subject: "broker-wallet-db",
    also: notReady,
  },
  {
    name: "PostgreSQL: read-only",
    isLong: true,
    break: (stack) =>
      stack.exec(
        ...(["b3-core-db", "psql", "-U", "b3", "-d", "b3_core", "-c"] as const),
        "ALTER DATABASE b3_core SET default_transaction_read_only=on",
      ),
    id: "postgres.read-only",
    subject: "b3-core-db",
    also: notReady,
  },
  {
    name: "Redis: no room for another key",
    break: (stack) => redis(stack, "b3-market-cache", "CONFIG", "SET", "maxmemory", "1"),
    id: "redis.refuses-writes",
    subject: "b3-market-cache",
    also: notReady,
  },
  {
    name: "Redis: evicts by another policy",
    break: (stack) => redis(stack, "broker-wallet-cache", "CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
    id: "redis.eviction-policy",
    subject: "broker-wallet-cache",
  },
];

const route = "/e/exchange.broker.orders/q/audit.broker.orders/b3.order.results";
const rabbit: readonly Sabotage[] = [
  {
    name: "RabbitMQ: a queue was deleted",
    break: (stack) => ctl(stack, "delete_queue", "mq-b3-to-broker"),
    id: "rabbitmq.missing-queue",
    subject: "rabbitmq",
    also: [...notReady, "rabbitmq.no-consumer"],
  },
  {
    name: "RabbitMQ: a binding was deleted",
    break: (stack) => stack.page("DELETE", `/api/bindings/%2F${route}`),
    id: "rabbitmq.missing-binding",
    subject: "rabbitmq",
  },
  {
    name: "RabbitMQ: an exchange was deleted",
    break: (stack) => stack.page("DELETE", "/api/exchanges/%2F/dlx.broker.orders"),
    id: "rabbitmq.missing-exchange",
    subject: "rabbitmq",
  },
  {
    name: "RabbitMQ: a policy was deleted",
    break: (stack) => ctl(stack, "clear_policy", "orders"),
    id: "rabbitmq.missing-policy",
    subject: "rabbitmq",
  },
  {
    name: "RabbitMQ: a queue has another type",
    break: async (stack) => {
      await ctl(stack, "delete_queue", "dlq-broker-to-b3");
      const body = { durable: true, auto_delete: false, arguments: { "x-queue-type": "classic" } };
      await stack.page("PUT", "/api/queues/%2F/dlq-broker-to-b3", body);
    },
    id: "rabbitmq.wrong-queue-type",
    subject: "rabbitmq",
    also: ["rabbitmq.missing-binding"],
  },
  {
    name: "RabbitMQ: low on disk",
    isLong: true,
    break: (stack) => ctl(stack, "set_disk_free_limit", "1000GB"),
    id: "rabbitmq.alarm",
    subject: "rabbitmq",
    also: [...notReady, "service.outbox-lag"],
  },
  {
    name: "RabbitMQ: dead letters",
    break: (stack) =>
      stack.page("POST", "/api/exchanges/%2F/dlx.broker.orders/publish", {
        properties: {},
        routing_key: "b3.order.results",
        payload: "not for anybody",
        payload_encoding: "string",
      }),
    id: "rabbitmq.dead-letters",
    subject: "rabbitmq",
    mend: (stack) => ctl(stack, "purge_queue", "dlq-b3-to-broker"),
  },
];

const groupTrouble = ["kafka.no-members", "kafka.lag", ...notReady] as const;
const kafka: readonly Sabotage[] = [
  {
    name: "Kafka: a topic was deleted",
    break: (stack) => withAdmin(stack, (admin) => admin.deleteTopics({ topics: ["wallet-events-v1"] })),
    id: "kafka.missing-topic",
    subject: "kafka",
    also: groupTrouble,
  },
  {
    name: "Kafka: a topic has too few partitions",
    break: (stack) =>
      withAdmin(stack, async (admin) => {
        await admin.deleteTopics({ topics: ["wallet-events-v1"] });
        await admin.createTopics({ topics: [{ topic: "wallet-events-v1", numPartitions: 1 }] });
      }),
    id: "kafka.too-few-partitions",
    subject: "kafka",
    also: groupTrouble,
  },
  {
    name: "Kafka: a store hangs, and its service does not read on",
    isLong: true,
    break: async (stack) => {
      await docker(stack, "broker-mongodb", "kill", "--signal", "STOP");
      // Quotes stop with the store too: only an order still writes what the report is to read.
      const order = await stack.run("order", "buy", "PETR4", "100", "--price", "0.01");
      if (order.exitCode !== 0) throw new Error(order.stdout + order.stderr);
    },
    id: "kafka.lag",
    subject: "broker-report",
    also: [...notReady, "mongodb.unreachable"],
    mend: (stack) => docker(stack, "broker-mongodb", "kill", "--signal", "CONT"),
  },
  {
    name: "Kafka: clients are sent to an address that this host does not know",
    isLong: true,
    break: async (stack) => {
      edit(stack, "docker-compose.yml", ["HOST://127.0.0.1:${KAFKA_HOST_PORT:-9092}", "HOST://kafka:9092"]);
      await stack.compose("--profile", "services", "up", "--detach", "--no-deps", "--wait", "kafka");
    },
    id: "kafka.advertised-unreachable",
    subject: "kafka",
    // Made by Compose, with a hash of its own; and the services are only finding it again.
    also: [...groupTrouble, "container.config-drift"],
  },
];

const leftOver = `
  left-over:
    image: redis:7.4.9-alpine
    profiles: [tools]
`;

/** Of a container whose clock is off, doctor sees what its answers are dated with; a clock of its own none has. */
const lateClock = `
  late-clock:
    image: node:24.20.0-slim
    command:
      - node
      - -e
      - >-
        require("http").createServer((_, answer) => {
        answer.setHeader("Date", new Date(Date.now() - 3600000).toUTCString());
        answer.end("well");
        }).listen(8080)
    ports: ["127.0.0.1::8080"]
    x-mybroker: { kind: http, port: 8080, uiPort: 8080, healthUrl: / }
`;

const containers: readonly Sabotage[] = [
  {
    name: "a container is paused",
    isLong: true,
    break: (stack) => docker(stack, "broker-wallet-cache", "pause"),
    id: "container.paused",
    subject: "broker-wallet-cache",
    also: withoutCache,
  },
  {
    name: "a port accepts connections and is silent",
    isLong: true,
    break: (stack) => docker(stack, "b3-market-cache", "kill", "--signal", "STOP"),
    id: "redis.unreachable",
    subject: "b3-market-cache",
    also: notReady,
  },
  {
    name: "a container is off its network",
    isLong: true,
    break: (stack) =>
      execa("docker", [
        "network",
        "disconnect",
        `${stack.name}_default`,
        `${stack.name}-broker-asset-cache-1`,
      ]),
    id: "container.off-network",
    subject: "broker-asset-cache",
    also: [...withoutCache, "redis.unreachable"],
  },
  {
    name: "a container of a service that the files do not have any more",
    break: (stack) =>
      execa("docker", [
        ...["run", "--detach", "--name", `${stack.name}-ghost-1`, "--network", "none"],
        ...[
          "--label",
          `com.docker.compose.project=${stack.name}`,
          "--label",
          "com.docker.compose.service=ghost",
        ],
        ...["--label", "com.docker.compose.oneoff=False", "--label", "com.docker.compose.container-number=1"],
        ...["redis:7.4.9-alpine", "redis-server", "--save", ""],
      ]),
    id: "container.orphan",
    subject: "ghost",
    mend: (stack) => execa("docker", ["rm", "--force", `${stack.name}-ghost-1`]),
  },
  {
    name: "a container of a profile that is off was left over",
    break: async (stack) => {
      edit(stack, "docker-compose.yml", ["\nservices:\n", `\nservices:\n${leftOver}`]);
      await stack.run("--profile", "tools", "up", "left-over");
    },
    id: "container.profile-off",
    subject: "left-over",
    tidy: (stack) => docker(stack, "left-over", "rm", "--force"),
  },
  {
    name: "the clock of a container is an hour late",
    isLong: true,
    break: async (stack) => {
      edit(stack, "docker-compose.yml", ["\nservices:\n", `\nservices:\n${lateClock}`]);
      await stack.run("up", "late-clock");
    },
    id: "machine.clock-skew",
    subject: "late-clock",
    mend: async (stack) => {
      edit(stack, "docker-compose.yml", [lateClock, ""]);
      await docker(stack, "late-clock", "rm", "--force");
    },
  },
  {
    name: "another image in .env than the container has",
    break: async (stack) =>
      edit(stack, ".env", [/^BROKER_WALLET_CACHE_IMAGE=.*$/m, "BROKER_WALLET_CACHE_IMAGE=redis:other"]),
    id: "container.image-drift",
    subject: "broker-wallet-cache",
    mend: async (stack) =>
      edit(stack, ".env", [
        /^BROKER_WALLET_CACHE_IMAGE=.*$/m,
        "BROKER_WALLET_CACHE_IMAGE=redis:7.4.9-alpine",
      ]),
  },
  {
    name: "a key of .env was changed after the containers were made",
    isLong: true,
    break: async (stack) => edit(stack, ".env", [/^LP_SIZE=.*$/m, "LP_SIZE=2000"]),
    id: "env.stale-container",
    subject: "b3-matching-engine",
    also: ["service.failing", ...notReady],
  },
];

const settings: readonly Sabotage[] = [
  {
    name: "a port is published beyond this machine",
    isLong: true,
    break: async (stack) =>
      edit(stack, "docker-compose.yml", [
        '"127.0.0.1:${PROMETHEUS_HOST_PORT:-9090}:9090"',
        '"0.0.0.0:${PROMETHEUS_HOST_PORT:-9090}:9090"',
      ]),
    id: "config.open-port",
    subject: "prometheus",
    also: ["container.config-drift"],
    mend: async (stack) =>
      edit(stack, "docker-compose.yml", [
        '"0.0.0.0:${PROMETHEUS_HOST_PORT:-9090}:9090"',
        '"127.0.0.1:${PROMETHEUS_HOST_PORT:-9090}:9090"',
      ]),
  },
  {
    name: ".env lacks a key of the example",
    break: async (stack) => edit(stack, ".env", [/^QUOTE_SEED=.*\n/m, ""]),
    id: "env.missing-key",
    subject: "QUOTE_SEED",
  },
  {
    name: "Prometheus is not told of a service",
    isLong: true,
    break: (stack) => rm(join(stack.folder, "templates/prometheus/targets/broker-report.json")),
    id: "prometheus.missing-target",
    subject: "broker-report",
  },
];

/** Each on a stack that Docker calls healthy throughout. */
export const sabotages: readonly Sabotage[] = [
  ...settings,
  ...logins,
  ...stores,
  ...rabbit,
  ...kafka,
  ...containers,
];
