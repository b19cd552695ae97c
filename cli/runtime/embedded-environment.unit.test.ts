import { expect, it } from "vitest";
import type { Project, Service } from "../compose/model.js";
import { embeddedEnvironment } from "./embedded-environment.js";

const server = (kind: "mysql" | "kafka" | "service", port: number, published: string): Service => ({
  command: null,
  entrypoint: null,
  ports: [{ target: port, published }],
  "x-mybroker": { kind, port },
});

const order: Service = {
  ...server("service", 8088, "18088"),
  environment: {
    HOST: "0.0.0.0",
    PORT: "8088",
    DATABASE_URL: "mysql://order-db:3306/orders",
    DATABASE_USER: "broker",
    DATABASE_PASSWORD: "not-a-secret",
    KAFKA_BROKERS: "kafka:29092",
    ASSET_URL: "http://asset:8083",
    HOME_PAGE: "https://example.com/",
    PASSED_ON: null,
  },
};

const project = {
  services: { order, kafka: server("kafka", 9092, "19092"), "order-db": server("mysql", 3306, "13306") },
  disabledServices: { asset: server("service", 8083, "18083") },
} as unknown as Project;

it("has files in the place of databases, without their login, and addresses of this machine", () => {
  const environment = embeddedEnvironment(project, order, (name) => `/state/a b/${name}.sqlite`);
  expect(environment).toEqual({
    HOST: "127.0.0.1",
    PORT: "18088",
    DATABASE_URL: "sqlite:///state/a b/order-db.sqlite",
    KAFKA_BROKERS: "127.0.0.1:19092",
    ASSET_URL: "http://127.0.0.1:18083",
    HOME_PAGE: "https://example.com/",
  });
});
