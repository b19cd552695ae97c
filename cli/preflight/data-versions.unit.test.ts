import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServerKind } from "../compose/model.js";
import { type DataVerdict, findVersion, judgeData, parseVersion } from "./data-versions.js";

const judge = (kind: ServerKind, data: string, server: string) =>
  judgeData(kind, parseVersion(data), parseVersion(server));

describe("judgeData", () => {
  it.each<[ServerKind, string, string, DataVerdict]>([
    ["postgres", "15.18", "15.9", "fits"],
    ["postgres", "15.18", "15", "fits"],
    ["postgres", "16.1", "17.2", "refuses"],
    ["postgres", "17.2", "16.9", "refuses"],
    ["mysql", "8.0.40", "8.0.46", "fits"],
    ["mysql", "8.0.46", "8.0.40", "refuses"],
    ["mysql", "8.0.46", "8.4.9", "converts"],
    ["mysql", "8.0.46", "9.7.0", "refuses"],
    ["mysql", "8.4.9", "9.7.0", "converts"],
    ["mysql", "8.4.9", "8.4.2", "fits"],
    ["mysql", "8.4.9", "8.0.46", "refuses"],
    ["mysql", "9.1.0", "9.7.0", "converts"],
    ["mysql", "9.6.0", "10.1.0", "refuses"],
    ["mysql", "8.0.46", "8", "fits"],
    ["mysql", "5.7.44", "8.0.46", "refuses"],
    ["mongodb", "7.0.37", "7.0.2", "fits"],
    ["mongodb", "7.0.37", "8.0.4", "converts"],
    ["mongodb", "8.0.4", "8.2.1", "fits"],
    ["mongodb", "8.2.1", "8.0.4", "refuses"],
    ["mongodb", "6.0.20", "8.0.4", "refuses"],
    ["mongodb", "8.0.4", "7.0.37", "refuses"],
    ["rabbitmq", "3.13.7", "4.3.6", "converts"],
    ["rabbitmq", "4.3.6", "4.2.0", "refuses"],
    ["kafka", "3.9.1", "4.1.2", "converts"],
    ["kafka", "4.1.2", "4.0.0", "refuses"],
    ["kafka", "4.1.0", "4.2.0", "fits"],
    ["redis", "7.4.9", "8.2.0", "converts"],
    ["redis", "8.2.0", "7.4.9", "refuses"],
    ["redis", "6.2.0", "8.2.0", "converts"],
    ["http", "12.4.3", "11.0.0", "fits"],
  ])("%s: data of %s, server %s: %s", (kind, data, server, verdict) => {
    expect(judge(kind, data, server)).toBe(verdict);
  });

  const kinds = fc.constantFrom<ServerKind>("mysql", "postgres", "mongodb", "rabbitmq", "kafka", "redis");
  const versions = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 3, maxLength: 3 });

  it("never holds a version against itself", () => {
    fc.assert(fc.property(kinds, versions, (kind, version) => judgeData(kind, version, version) === "fits"));
  });

  it("never gives data of a newer major version to an older server", () => {
    fc.assert(
      fc.property(kinds, versions, versions, (kind, data, server) => {
        fc.pre((data[0] ?? 0) > (server[0] ?? 0));
        return judgeData(kind, data, server) === "refuses";
      }),
    );
  });

  it("never lets another major version pass unsaid", () => {
    fc.assert(
      fc.property(kinds, versions, versions, (kind, data, server) => {
        fc.pre(data[0] !== server[0]);
        return judgeData(kind, data, server) !== "fits";
      }),
    );
  });
});

describe("findVersion", () => {
  it.each<[ServerKind, string[], string, string | undefined]>([
    ["postgres", ["PG_MAJOR=15", "PG_VERSION=15.18-1.pgdg13+1"], "postgres:latest", "15.18"],
    ["mysql", ["MYSQL_VERSION=8.0.46-1.el9"], "registry:5000/mysql@sha256:9f", "8.0.46"],
    ["kafka", ["PATH=/bin"], "apache/kafka:4.1.2", "4.1.2"],
    ["redis", [], "redis:7.4.9-alpine", "7.4.9"],
    ["redis", [], "redis:alpine", undefined],
    ["mongodb", [], "mongo", undefined],
    ["mongodb", [], "mongo@sha256:7abc", undefined],
    ["rabbitmq", ["RABBITMQ_VERSION=4.3.6"], "mine/rabbit:v2", "4.3.6"],
  ])("%s %j %s", (kind, env, reference, version) => {
    expect(findVersion(kind, { env, reference })).toBe(version);
  });
});
