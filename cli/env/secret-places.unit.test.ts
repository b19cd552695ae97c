import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Project, Service } from "../compose/model.js";
import { planRotation } from "./plan-rotation.js";
import { findSecretPlaces, readFromPlace } from "./secret-places.js";
import { emptyProject } from "./testing/sample-project.js";

function project(
  services: Record<string, Partial<Service>>,
  environment: Record<string, string> = {},
): Project {
  const whole = Object.entries(services).map(([name, facts]): [string, Service] => [
    name,
    { command: null, entrypoint: null, ...facts },
  ]);
  return {
    ...emptyProject("/demo", environment),
    services: Object.fromEntries(whole),
    volumes: { data: { name: "demo_data" } },
  };
}

const keeper: Partial<Service> = { volumes: [{ type: "volume", source: "data", target: "/data" }] };
const mysql: Service["x-mybroker"] = { kind: "mysql", port: 3306 };
const sentinels = new Map([
  ["PASS", "sentinel0000x"],
  ["TOKEN", "sentinel0001x"],
]);

describe("findSecretPlaces", () => {
  it("finds the variables that a secret reaches, and the volumes that keep it", () => {
    const found = findSecretPlaces(
      project({
        db: {
          ...keeper,
          "x-mybroker": mysql,
          environment: { MYSQL_PASSWORD: "sentinel0000x", OTHER: "x", NONE: null },
        },
        cache: {
          ...keeper,
          "x-mybroker": { kind: "redis", port: 6379 },
          environment: { URL: "redis://sentinel0001x:sentinel0000x@h" },
        },
      }),
      sentinels,
    );
    expect(found).toEqual([
      {
        service: "db",
        variable: "MYSQL_PASSWORD",
        template: "sentinel0000x",
        keys: ["PASS"],
        volumes: ["demo_data"],
      },
      {
        service: "cache",
        variable: "URL",
        template: "redis://sentinel0001x:sentinel0000x@h",
        keys: ["TOKEN", "PASS"],
        volumes: [],
      },
    ]);
  });
});

describe("readFromPlace", () => {
  const place = (template: string, keys: string[]) => ({
    service: "s",
    variable: "V",
    template,
    keys,
    volumes: [],
  });

  it("reads any secret back out of any value around it", () => {
    const around = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(around, around, fc.string({ minLength: 1 }), (before, after, secret) => {
        const template = `${before}sentinel0000x${after}`;
        const read = readFromPlace(place(template, ["PASS"]), `${before}${secret}${after}`, sentinels);
        expect(read?.get("PASS")).toBe(secret);
      }),
    );
  });

  it("reads two of them, also where one stands twice", () => {
    const template = "sentinel0000x:sentinel0001x@sentinel0000x";
    const read = readFromPlace(place(template, ["PASS", "TOKEN"]), "a$1:b+@a$1", sentinels);
    expect([...(read ?? [])]).toEqual([
      ["PASS", "a$1"],
      ["TOKEN", "b+"],
    ]);
    expect(readFromPlace(place(template, ["PASS", "TOKEN"]), "a:b@c", sentinels)).toBeUndefined();
  });

  it("gives nothing where the value has another shape", () => {
    expect(readFromPlace(place("x-sentinel0000x", ["PASS"]), "y-abc", sentinels)).toBeUndefined();
    expect(readFromPlace(place("sentinel0000x", ["PASS"]), "", sentinels)).toBeUndefined();
  });
});

describe("planRotation", () => {
  const environment = {
    PASS: "secret-pass",
    URL_PASS: "secret-url",
    FREE: "secret-free",
    UNUSED: "secret-unused",
  };
  const demo = project(
    {
      db: {
        ...keeper,
        "x-mybroker": mysql,
        environment: { MYSQL_PASSWORD: "secret-pass", MYSQL_USER: "ana", LINK: "x:secret-url@y" },
      },
      app: { command: ["serve", "--token=secret-free"] },
    },
    environment,
  );
  const plan = (changes: { volumes?: string[]; shell?: Record<string, string> }) =>
    planRotation({
      project: demo,
      keys: Object.keys(environment),
      shell: changes.shell ?? {},
      volumes: new Set(changes.volumes ?? ["demo_data"]),
    });

  it("names the login to change first, and keeps what it does not know how to change", () => {
    const { keys, kept } = plan({});
    expect([...keys]).toEqual([
      ["PASS", [{ service: "db", user: "ana" }]],
      ["FREE", []],
    ]);
    expect(kept).toEqual([
      { key: "URL_PASS", reason: "db keeps LINK in a way that is not known", failed: true },
      { key: "UNUSED", reason: "no service of the compose file uses it", failed: false },
    ]);
  });

  it("has nothing to change first where the volume does not exist yet", () => {
    expect([...plan({ volumes: [] }).keys]).toEqual([
      ["PASS", []],
      ["URL_PASS", []],
      ["FREE", []],
    ]);
  });

  it("keeps a key that the shell decides", () => {
    const { keys, kept } = plan({ shell: { FREE: "secret-free" } });
    expect(keys.has("FREE")).toBe(false);
    expect(kept).toContainEqual({ key: "FREE", reason: "the shell sets it", failed: false });
  });
});
