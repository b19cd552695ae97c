import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Engine, LogChunk } from "../engine/engine.js";
import { EngineError } from "../engine/engine-error.js";
import type { FailureFacts } from "../ready/outcome.js";
import { ended, projectOf, ScriptedEngine } from "../ready/testing/scripted-engine.js";
import { explainFailure } from "./explain-failure.js";
import { renderFailures } from "./failure-screen.js";

const folder = new URL("./fixtures/", import.meta.url);
const project = projectOf(
  {
    "broker-mongodb": {
      image: "mongo:7.0.37",
      "x-mybroker": { kind: "mongodb", port: 27_017 },
      volumes: [{ type: "volume", source: "data", target: "/data/db" }],
    },
  },
  {
    volumes: { data: { name: "mybroker_data" } },
    variables: { BROKER_MONGODB_IMAGE: { required: false, places: [] } },
  },
);

function loggingEngine(lines: readonly string[]): Pick<Engine, "logs"> {
  return {
    async *logs(): AsyncGenerator<LogChunk> {
      const text = lines.map((line) => `2026-01-01T10:00:00.000000000Z ${line}\n`).join("");
      yield { channel: "stderr", bytes: Buffer.from(text) };
    },
  };
}

function failureOf(more: Partial<FailureFacts> = {}): FailureFacts {
  const container = new ScriptedEngine().put("broker-mongodb", ended(132));
  return {
    state: "failed",
    service: "broker-mongodb",
    kind: "exited",
    what: "exited with 132 after 0.4 s",
    exitCode: 132,
    container,
    elapsedMs: 1200,
    ...more,
  };
}

const avx = readFileSync(new URL("mongo.no-avx.txt", folder), "utf8").split("\n").slice(1);

describe("explainFailure", () => {
  test("shows cause, command and log on one screen", async () => {
    const report = await explainFailure({
      engine: loggingEngine(["starting", ...avx]),
      project,
      failure: failureOf(),
    });
    expect(renderFailures({ reports: [report], othersRunning: 22, columns: 80 })).toMatchInlineSnapshot(`
      [
        "broker-mongodb did not become ready: it exited with 132 after 0.4 s.",
        "  Cause   MongoDB 5 and later need a CPU with AVX; this one has none.",
        "          [mongo.no-avx]",
        "  Do      set BROKER_MONGODB_IMAGE=mongo:4.4 in .env, then {mybroker} up",
        "  Log     starting",
        "          WARNING: MongoDB 5.0+ requires a CPU with AVX support, and your curre…",
        "            see https://jira.mongodb.org/browse/SERVER-54407",
        "The other 22 are running.  All of it:  {mybroker} logs broker-mongodb",
      ]
    `);
  });

  test("what the engine refused is explained without a container", async () => {
    const error = new EngineError({
      kind: "port-taken",
      message: "Bind for 127.0.0.1:27017 failed: port is already allocated",
    });
    const report = await explainFailure({
      engine: loggingEngine([]),
      project,
      failure: { state: "refused", service: "broker-mongodb", error },
    });
    expect(report.cause).toMatchObject({ id: "port.taken" });
    expect(report.headline).toContain("could not be started: Bind for 127.0.0.1:27017");
  });

  test("an engine that gives no log leaves the rest of the explanation", async () => {
    const engine = {
      logs: () => {
        throw new Error("connect ENOENT");
      },
    };
    const report = await explainFailure({ engine, project, failure: failureOf() });
    expect(report).toMatchObject({ log: [], cause: { id: "mongo.no-avx" }, exitCode: 132 });
  });

  test("several failures share the screen: never more than 30 rows, each with its cause and the line that shows it", async () => {
    const reports = await Promise.all(
      ["mysql.downgrade.boot.txt", "kafka.cluster-id.txt", "disk.full.mysql.txt", "unknown.txt"].map(
        async (name) => {
          const [head = "", ...log] = readFileSync(new URL(name, folder), "utf8").split("\n");
          const { kind, exitCode } = JSON.parse(head.slice(3)) as { kind: "mysql"; exitCode: number };
          const noise = Array.from({ length: 100 }, (_, index) => `\tat frame ${index} ${"x".repeat(120)}`);
          return explainFailure({
            engine: loggingEngine([...log, ...noise]),
            project: projectOf({ [name]: { "x-mybroker": { kind, port: 1 } } }),
            failure: failureOf({ service: name, exitCode, what: `exited with ${exitCode}` }),
          });
        },
      ),
    );
    const rows = renderFailures({ reports, othersRunning: 10, columns: 80 });
    expect(rows.length).toBeLessThanOrEqual(30);
    for (const { service, cause } of reports) {
      expect(rows.some((row) => row.startsWith(service))).toBe(true);
      if (cause !== undefined) expect(rows.join("\n")).toContain(`[${cause.id}]`);
    }
  });

  test.each(readdirSync(folder).filter((name) => !name.startsWith("unknown.")))(
    "%s: its cause stands on the screen, within 30 rows and 80 columns",
    async (name) => {
      const [head = "", ...log] = readFileSync(new URL(name, folder), "utf8").trimEnd().split("\n");
      const { kind, exitCode, engineError, answer, outOfMemory } = JSON.parse(head.slice(3));
      const container = new ScriptedEngine().put("it", ended(exitCode ?? 0, { Error: engineError ?? "" }));
      const report = await explainFailure({
        engine: loggingEngine(log),
        project: projectOf({ it: { "x-mybroker": { kind: kind ?? "http", port: 1 } } }),
        failure: failureOf({
          service: "it",
          kind: outOfMemory ? "out-of-memory" : "exited",
          what: `exited with ${exitCode}`,
          exitCode,
          container,
          lastAnswer: answer,
        }),
      });
      const rows = renderFailures({ reports: [report], othersRunning: 3, columns: 80 });
      expect(rows.join(" ")).toContain(`[${name.split(".").slice(0, 2).join(".")}]`);
      expect(rows.length).toBeLessThanOrEqual(30);
      for (const row of rows.filter(({ length }) => length > 80)) {
        // Only what has to be copied whole is longer: a path, an address.
        expect(row.slice(10).trim()).not.toContain(" ");
      }
      const texts = rows.join(" ").replace(/\s+/g, " ");
      expect(texts).toContain(report.cause?.fix.replace(/\s+/g, " "));
    },
  );
});
