import { describe, expect, test } from "vitest";
import { lookUpCredential } from "../compose/credentials.js";
import type { MybrokerExtension, Service } from "../compose/model.js";
import { storedAccounts } from "./accounts.js";
import { resolveTarget } from "./target.js";
import { projectOf, ScriptedEngine } from "./testing/scripted-engine.js";

function resolve(
  extension: MybrokerExtension,
  bindings: { HostIp: string; HostPort: string }[] | null,
  hostAddress = "127.0.0.1",
) {
  const project = projectOf(
    { it: { "x-mybroker": extension } },
    {
      environment: { USER_KEY: "", PASS_KEY: "test-secret" },
      variables: { USER_KEY: { required: false, defaultValue: "broker", places: [] } },
    },
  );
  const container = new ScriptedEngine().put("it");
  const port = extension.healthUrl?.includes(":9000") ? 9000 : extension.port;
  const NetworkSettings = { Networks: {}, Ports: { [`${port}/tcp`]: bindings } };
  return resolveTarget({ project, service: "it", container: { ...container, NetworkSettings }, hostAddress });
}

const mysql: MybrokerExtension = {
  kind: "mysql",
  port: 3306,
  credentials: { user: "USER_KEY", password: "PASS_KEY", database: "NAME_KEY" },
};

describe("resolveTarget", () => {
  test("takes the port that the engine published, and the values behind the .env keys", () => {
    expect(resolve(mysql, [{ HostIp: "127.0.0.1", HostPort: "49153" }])).toEqual({
      service: "it",
      extension: mysql,
      host: "127.0.0.1",
      port: 49_153,
      user: "broker",
      password: "test-secret",
    });
  });

  test.each([
    ["0.0.0.0", "127.0.0.1", "127.0.0.1"],
    ["::", "127.0.0.1", "127.0.0.1"],
    ["192.168.7.7", "127.0.0.1", "192.168.7.7"],
    ["0.0.0.0", "10.0.0.5", "10.0.0.5"],
  ])("bound to %s with the engine at %s is reached at %s", (HostIp, engine, expected) => {
    expect(resolve(mysql, [{ HostIp, HostPort: "3306" }], engine)?.host).toBe(expected);
  });

  test("there is none without a published port, or without x-mybroker", () => {
    expect(resolve(mysql, null)).toBeUndefined();
    const container = new ScriptedEngine().put("it");
    expect(
      resolveTarget({ project: projectOf({ it: {} }), service: "it", container, hostAddress: "127.0.0.1" }),
    ).toBeUndefined();
  });

  test("a full health URL names its own port", () => {
    const http: MybrokerExtension = { kind: "http", port: 80, healthUrl: "http://127.0.0.1:9000/live" };
    expect(resolve(http, [{ HostIp: "", HostPort: "1234" }])?.port).toBe(1234);
  });

  test("a key that nothing sets has no value", () => {
    expect(lookUpCredential(projectOf({}), "NOT_THERE")).toBeUndefined();
  });
});

describe("storedAccounts", () => {
  test("are those whose password the server keeps in its volume", () => {
    const of = (kind: MybrokerExtension["kind"], environment: Record<string, string>) =>
      storedAccounts({ "x-mybroker": { kind, port: 1 }, environment } as unknown as Service);
    const mysqlEnvironment = {
      MYSQL_ROOT_PASSWORD: "test-a",
      MYSQL_USER: "broker",
      MYSQL_PASSWORD: "test-b",
    };
    expect(of("mysql", mysqlEnvironment)).toEqual([
      { variable: "MYSQL_ROOT_PASSWORD", user: "root", password: "test-a" },
      { variable: "MYSQL_PASSWORD", user: "broker", password: "test-b" },
    ]);
    expect(of("postgres", { POSTGRES_PASSWORD: "test-a" })).toMatchObject([{ user: "postgres" }]);
    expect(of("http", { GF_SECURITY_ADMIN_PASSWORD: "test-a" })).toMatchObject([{ user: "admin" }]);
    expect(of("redis", { REDISCLI_AUTH: "test-a" })).toEqual([]);
    expect(of("mysql", { MYSQL_ROOT_PASSWORD: "" })).toEqual([]);
  });
});
