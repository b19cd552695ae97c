import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type RawService, services, stack, withDefaults } from "./testing/stack-files.js";

const optionsFile = resolve(import.meta.dirname, "fixtures/mysql-8.0-options.txt");
const mysqlOptions = new Set(
  readFileSync(optionsFile, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#")),
);

/** Images that stand in for MySQL in tests are newer than 8.0, which would accept what 8.0 refuses. */
function unknownToMysql80(command: readonly string[]): string[] {
  const names = command.map((flag) => /^--([^=]+)/.exec(flag)?.[1]?.replaceAll("_", "-") ?? flag);
  return names.filter((name) => !mysqlOptions.has(name));
}

/** Variables that the official images document; a misspelt one is ignored there without a word. */
const documented: Readonly<Record<string, RegExp>> = {
  mysql: /^MYSQL_(ROOT_PASSWORD|DATABASE|USER|PASSWORD|ROOT_HOST|INITDB_SKIP_TZINFO)$/,
  postgres: /^POSTGRES_(PASSWORD|USER|DB|INITDB_ARGS|INITDB_WALDIR|HOST_AUTH_METHOD)$/,
  mongodb: /^MONGO_INITDB_(ROOT_USERNAME|ROOT_PASSWORD|DATABASE)$/,
  redis: /^REDISCLI_AUTH$/,
  kafka: /^(CLUSTER_ID|KAFKA_[A-Z0-9_]+)$/,
  rabbitmq: /^RABBITMQ_(DEFAULT_USER|DEFAULT_PASS|SERVER_ADDITIONAL_ERL_ARGS)$/,
};

function withKind(kind: string): (readonly [string, RawService])[] {
  return services.filter(([, service]) => service["x-mybroker"].kind === kind);
}

describe("settings of the servers", () => {
  it("the list tells MySQL 8.0 from later ones", () => {
    expect(unknownToMysql80(["--container-aware=ON", "--innodb_log_writer_threads=OFF"])).toEqual([
      "container-aware",
    ]);
  });

  it.each(withKind("mysql"))("%s has flags of MySQL 8.0 only", (_, { command = [] }) => {
    expect(command.length).toBeGreaterThan(5);
    expect(unknownToMysql80(command)).toEqual([]);
  });

  it.each(withKind("mysql"))(
    "%s keeps what decides over durability at its default",
    (_, { command = [] }) => {
      expect(command.join(" ")).not.toMatch(/flush|sync|doublewrite|redo/);
    },
  );

  it("PostgreSQL has settings of version 15 only, and no weaker durability", () => {
    const command = stack.services["b3-core-db"]?.command ?? [];
    const names = command.filter((_, index) => command[index - 1] === "-c").map((text) => text.split("=")[0]);
    expect(names).toEqual(["shared_buffers", "timezone"]);
  });

  it("MongoDB has flags of version 7.0 only", () => {
    const flags = (stack.services["broker-mongodb"]?.command ?? []).filter((text) => text.startsWith("--"));
    expect(flags).toEqual(["--wiredTigerCacheSizeGB", "--quiet"]);
  });

  it.each(withKind("redis"))("%s reads settings of Redis 7 from a file of the container", (name, service) => {
    const [config] = service.configs ?? [];
    expect(service.command).toEqual(["redis-server", config?.target]);
    const lines = withDefaults(stack.configs[config?.source ?? ""]?.content ?? "")
      .trim()
      .split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["requirepass", "maxmemory", "maxmemory-policy"]);
    expect(lines[0]).toContain(`${name.toUpperCase().replaceAll("-", "_")}_PASSWORD`);
  });

  it("Kafka is given the whole of KRaft, one copy of its own topics and no topic that nobody declared", () => {
    expect(stack.services.kafka?.environment).toMatchObject({
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_LOG_DIRS: "/var/lib/kafka/data",
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: 0,
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1,
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: 1,
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: 1,
    });
    const advertised = withDefaults(String(stack.services.kafka?.environment?.KAFKA_ADVERTISED_LISTENERS));
    expect(advertised).toBe("HOST://127.0.0.1:9092,INTERNAL://kafka:29092");
  });

  it.each(services.filter(([, service]) => service["x-mybroker"].kind in documented))(
    "%s takes only variables that its image documents",
    (_, service) => {
      const pattern = documented[service["x-mybroker"].kind] ?? /^$/;
      expect(Object.keys(service.environment ?? {}).filter((name) => !pattern.test(name))).toEqual([]);
    },
  );
});

describe("web pages", () => {
  it("ask for their password and call nobody", () => {
    expect(stack.services["kafka-ui"]?.environment).toMatchObject({
      AUTH_TYPE: "LOGIN_FORM",
      DYNAMIC_CONFIG_ENABLED: "false",
    });
    expect(stack.services.grafana?.environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: "false",
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
    });
    expect((stack.services.prometheus?.command ?? []).join(" ")).not.toContain("--web.enable");
  });
});
