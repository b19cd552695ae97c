import { describe, expect, it } from "vitest";
import {
  flag,
  httpUrl,
  integer,
  oneOf,
  type Reader,
  readCacheSettings,
  readDatabaseSettings,
  readDocumentSettings,
  readKafkaBrokers,
  readListenSettings,
  readRabbitmqSettings,
  readSettings,
  text,
} from "./settings.js";

describe("settings", () => {
  it("are read together, and all that is wrong is said at once", () => {
    const readers = {
      listen: readListenSettings,
      mode: oneOf("MODE", ["book", "reference"], "book"),
      size: integer("SIZE", { minimum: 1, maximum: 10, fallback: 5 }),
      on: flag("ON", true),
      secret: text("SECRET"),
    };
    expect(readSettings({ PORT: "0", SECRET: "not-a-secret" }, readers)).toEqual({
      listen: { host: "127.0.0.1", port: 0 },
      mode: "book",
      size: 5,
      on: true,
      secret: "not-a-secret",
    });
    const wrong = { PORT: "70000", MODE: "x", SIZE: "0", ON: "yes", SECRET: "" };
    expect(() => readSettings(wrong, readers)).toThrow(
      expect.objectContaining({
        code: "SETTING",
        problems: [
          "PORT is 70000, not a whole number from 0 to 65535",
          "MODE is x, not book or reference",
          "SIZE is 0, not a whole number from 1 to 10",
          "ON is yes, not true or false",
          "SECRET is missing",
        ],
      }),
    );
  });

  const login = (prefix: string) => ({ [`${prefix}_USER`]: "u", [`${prefix}_PASSWORD`]: "p@:/#?%" });
  it.each<[string, Reader<unknown>, Record<string, string>, unknown]>([
    [
      "a MySQL",
      readDatabaseSettings,
      { DATABASE_URL: "mysql://broker-order-db:3307/broker_order", ...login("DATABASE") },
      {
        kind: "mysql",
        host: "broker-order-db",
        port: 3307,
        user: "u",
        password: "p@:/#?%",
        database: "broker_order",
      },
    ],
    [
      "a PostgreSQL at its own port",
      readDatabaseSettings,
      { DATABASE_URL: "postgres://127.0.0.1/b3-core", ...login("DATABASE") },
      {
        kind: "postgres",
        host: "127.0.0.1",
        port: 5432,
        user: "u",
        password: "p@:/#?%",
        database: "b3-core",
      },
    ],
    [
      "a file, whatever its name",
      readDatabaseSettings,
      { DATABASE_URL: "sqlite:///home/me/a b#%20?.sqlite" },
      { kind: "sqlite", path: "/home/me/a b#%20?.sqlite" },
    ],
    [
      "a Redis",
      readCacheSettings,
      { CACHE_URL: "redis://broker-asset-cache:6379", CACHE_PASSWORD: "p" },
      { kind: "redis", host: "broker-asset-cache", port: 6379, password: "p" },
    ],
    ["a file for a cache", readCacheSettings, { CACHE_URL: "sqlite:///c" }, { kind: "sqlite", path: "/c" }],
    [
      "a MongoDB",
      readDocumentSettings,
      { MONGODB_URL: "mongodb://broker-mongodb:27017/market_data", ...login("MONGODB") },
      {
        kind: "mongodb",
        host: "broker-mongodb",
        port: 27017,
        user: "u",
        password: "p@:/#?%",
        database: "market_data",
      },
    ],
    [
      "a RabbitMQ",
      readRabbitmqSettings,
      { RABBITMQ_URL: "amqp://rabbitmq:5672", ...login("RABBITMQ") },
      { host: "rabbitmq", port: 5672, user: "u", password: "p@:/#?%" },
    ],
    [
      "Kafka",
      readKafkaBrokers,
      { KAFKA_BROKERS: "kafka:29092,127.0.0.1:9092" },
      ["kafka:29092", "127.0.0.1:9092"],
    ],
    ["a service", httpUrl("URL"), { URL: "http://broker-order:8088/" }, "http://broker-order:8088"],
  ])("name %s", (_what, read, env, expected) => {
    expect(read(env)).toEqual(expected);
  });

  it.each<[string, Reader<unknown>, Record<string, string>, RegExp]>([
    [
      "another kind",
      readDatabaseSettings,
      { DATABASE_URL: "redis://h:1/x" },
      /^DATABASE_URL is not an address that begins with mysql/,
    ],
    ["no database", readDatabaseSettings, { DATABASE_URL: "mysql://h:1" }, /^DATABASE_URL is not/],
    ["a relative file", readDatabaseSettings, { DATABASE_URL: "sqlite://a" }, /^DATABASE_URL is not/],
    ["no login", readDatabaseSettings, { DATABASE_URL: "mysql://h/x" }, /USER is missing; DATABASE_PASSWORD/],
    ["no host:port", readKafkaBrokers, { KAFKA_BROKERS: "kafka:9092,x" }, /^KAFKA_BROKERS has x,/],
    ["https", httpUrl("URL"), { URL: "https://h" }, /^URL is not an address such as/],
    ["no URL", httpUrl("URL"), { URL: "h:80" }, /^URL is not an address such as/],
  ])("refuse %s", (_what, read, env, message) => {
    expect(() => read(env)).toThrow(message);
  });

  it("never repeat a password that was put into an address", () => {
    const env = { DATABASE_URL: "mysql://user:not-a-secret@h:1/x" };
    expect(() => readDatabaseSettings(env)).toThrow(/^(?!.*not-a-secret)/);
  });
});
