import { describe, expect, it } from "vitest";
import type { Project, Service } from "../../compose/model.js";
import { maskSecrets } from "./mask-secrets.js";
import { describeServiceVariables } from "./service-variables.js";

function service(facts: Partial<Service>): Service {
  return { command: null, entrypoint: null, ...facts };
}

const project: Project = {
  name: "demo",
  workingDir: "/demo",
  files: [],
  envFiles: [],
  envFilesGiven: false,
  environment: { DB_PASS: "p@ss/1", DB_USER: "", CACHE_PASS: "c", RABBIT_USER: "r", RABBIT_PASS: "rp" },
  services: {
    "wallet-db": service({
      ports: [{ target: 3306, published: "3307" }],
      "x-mybroker": {
        kind: "mysql",
        port: 3306,
        credentials: { user: "DB_USER", password: "DB_PASS", database: "DB_NAME" },
      },
    }),
    "wallet-cache": service({
      ports: [{ target: 6379, published: "6380" }],
      "x-mybroker": { kind: "redis", port: 6379, credentials: { password: "CACHE_PASS" } },
    }),
    mongo: service({
      ports: [{ target: 27017, published: "27017" }],
      "x-mybroker": {
        kind: "mongodb",
        port: 27017,
        credentials: { user: "RABBIT_USER", password: "RABBIT_PASS" },
      },
    }),
    kafka: service({
      ports: [{ target: 9092, published: "9192" }],
      "x-mybroker": { kind: "kafka", port: 9092 },
    }),
    rabbitmq: service({
      ports: [
        { target: 5672, published: "5672" },
        { target: 15672, published: "15673" },
      ],
      "x-mybroker": {
        kind: "rabbitmq",
        port: 5672,
        uiPort: 15672,
        credentials: { user: "RABBIT_USER", password: "RABBIT_PASS" },
      },
    }),
    prometheus: service({
      ports: [{ target: 9090, published: "9091" }],
      "x-mybroker": { kind: "http", port: 9090 },
    }),
    grafana: service({
      ports: [{ target: 3000, published: "3000" }],
      "x-mybroker": {
        kind: "http",
        port: 3000,
        uiPort: 3000,
        credentials: { user: "RABBIT_USER", password: "RABBIT_PASS" },
      },
    }),
  },
  disabledServices: {
    wallet: service({
      environment: {
        DATABASE_URL: "mysql://broker:p@wallet-db:3306/w",
        DB_PORT: "3306",
        DB_HOST: "wallet-db",
        KAFKA: "kafka:29092,other:9092",
        PEER: "not-wallet-db:3306",
        SHELL: null,
        LOG_LEVEL: "info",
      },
      ports: [{ target: 8085, published: "8085" }],
      "x-mybroker": { kind: "http", port: 8085 },
    }),
  },
  networks: {},
  volumes: {},
  configs: {},
  secrets: {},
  variables: {
    DB_USER: { required: false, defaultValue: "broker", places: [] },
    DB_NAME: { required: false, defaultValue: "wallet", places: [] },
  },
  extensions: {},
};

describe("describeServiceVariables", () => {
  it.each<[string, Record<string, string>]>([
    [
      "wallet-db",
      {
        WALLET_DB_HOST: "127.0.0.1",
        WALLET_DB_PORT: "3307",
        WALLET_DB_USER: "broker",
        WALLET_DB_PASSWORD: "p@ss/1",
        WALLET_DB_DATABASE: "wallet",
        WALLET_DB_URL: "mysql://broker:p%40ss%2F1@127.0.0.1:3307/wallet",
      },
    ],
    [
      "wallet-cache",
      {
        WALLET_CACHE_HOST: "127.0.0.1",
        WALLET_CACHE_PORT: "6380",
        WALLET_CACHE_PASSWORD: "c",
        WALLET_CACHE_URL: "redis://:c@127.0.0.1:6380",
      },
    ],
    [
      "mongo",
      {
        MONGO_HOST: "127.0.0.1",
        MONGO_PORT: "27017",
        MONGO_USER: "r",
        MONGO_PASSWORD: "rp",
        MONGO_URL: "mongodb://r:rp@127.0.0.1:27017/?authSource=admin",
      },
    ],
    ["kafka", { KAFKA_HOST: "127.0.0.1", KAFKA_PORT: "9192", KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:9192" }],
    [
      "rabbitmq",
      {
        RABBITMQ_HOST: "127.0.0.1",
        RABBITMQ_PORT: "5672",
        RABBITMQ_USER: "r",
        RABBITMQ_PASSWORD: "rp",
        RABBITMQ_URL: "amqp://r:rp@127.0.0.1:5672",
        RABBITMQ_UI_URL: "http://127.0.0.1:15673",
      },
    ],
    ["grafana", { GRAFANA_USER: "r", GRAFANA_PASSWORD: "rp", GRAFANA_URL: "http://127.0.0.1:3000" }],
    ["prometheus", { PROMETHEUS_URL: "http://127.0.0.1:9091" }],
    [
      "wallet",
      {
        DATABASE_URL: "mysql://broker:p@127.0.0.1:3307/w",
        DB_PORT: "3307",
        DB_HOST: "127.0.0.1",
        KAFKA: "127.0.0.1:9192,other:9092",
        PEER: "not-wallet-db:3306",
        LOG_LEVEL: "info",
        WALLET_URL: "http://127.0.0.1:8085",
      },
    ],
  ])("gives what %s needs", (name, expected) => {
    expect(describeServiceVariables(project, name, "127.0.0.1")).toEqual(expected);
  });

  it("names the engine's host where that is another machine", () => {
    expect(describeServiceVariables(project, "kafka", "10.0.0.5").KAFKA_BOOTSTRAP_SERVERS).toBe(
      "10.0.0.5:9192",
    );
  });
});

describe("maskSecrets", () => {
  it("hides a secret wherever it stands, also inside a URL in its encoded form", () => {
    const variables = { A: "p@ss/1", URL: "mysql://u:p%40ss%2F1@h", B: "plain" };
    expect(maskSecrets(variables, ["p@ss/1", ""])).toEqual({
      A: "••••",
      URL: "mysql://u:••••@h",
      B: "plain",
    });
  });

  it("hides the longer of two secrets as a whole", () => {
    expect(maskSecrets({ A: "abcdef" }, ["abc", "abcdef"])).toEqual({ A: "••••" });
  });
});
