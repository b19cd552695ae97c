import { describe, expect, it } from "vitest";
import {
  embeddedDataVersion,
  type ServiceState,
  type ServiceStatus,
} from "../../../contracts/embedded-control.js";
import {
  judgeAbsence,
  judgeDataVersion,
  judgeLog,
  judgeResident,
  type ProcessFiles,
} from "./check-process.js";
import { judgeServices } from "./check-services.js";
import { describeCauses, judgeVersion } from "./check-settings.js";

const place = {
  socketPath: "/state/control.sock",
  crashPath: "/state/crash.log",
  dataFolder: "/state/data",
  logPath: "/state/log",
};
const ids = (findings: readonly { id: string; level: string }[]) =>
  findings.map(({ id, level }) => `${id} ${level}`);

describe("the process", () => {
  const files: ProcessFiles = {
    pid: 42,
    alive: false,
    hasSocket: false,
    crash: "",
    dataVersion: 1,
    logBytes: 0,
  };
  it.each([
    [{}, ["project.not-running error"]],
    [{ hasSocket: true }, ["project.not-running error", "embedded.stale-files warning"]],
    [{ crash: "at x\nTypeError: oops\n" }, ["project.not-running error", "embedded.crashed warning"]],
    [{ alive: true, hasSocket: true }, ["embedded.hung error"]],
    // The number went to another process meanwhile.
    [{ alive: true }, ["project.not-running error"]],
  ])("that does not answer, with %j", (known, told) => {
    const findings = judgeAbsence({ ...files, ...known }, place, "app");
    expect(ids(findings)).toEqual(told);
  });

  it("tells the line of a crash that says what happened", () => {
    const [, crashed] = judgeAbsence({ ...files, crash: "at x\nTypeError: oops\n  at y" }, place, "app");
    expect(crashed?.message).toBe("the last process left a message: TypeError: oops");
  });

  it("may have its megabytes, and no more", () => {
    expect(judgeResident({ pid: 1, residentBytes: 400 * 1024 ** 2 }).level).toBe("ok");
    expect(judgeResident({ pid: 1, residentBytes: 1024 ** 3 }).level).toBe("warning");
    expect(ids(judgeLog(30_000_000, place))).toEqual(["embedded.log-size ok"]);
    expect(judgeLog(60_000_000, place)).toMatchObject([
      { level: "warning", fix: "truncate -s 0 /state/log" },
    ]);
  });

  it.each([
    [undefined, []],
    [embeddedDataVersion, ["embedded.data-version ok"]],
    [embeddedDataVersion + 1, ["embedded.data-version error"]],
    [null, ["embedded.data-version error"]],
  ])("with data of version %s", (version, told) => {
    expect(ids(judgeDataVersion(version, place))).toEqual(told);
  });

  it("of another version or with other settings is told with their names", () => {
    expect(judgeVersion({ version: "1.0.0" }, "1.0.1").level).toBe("warning");
    expect(describeCauses([], "app")).toMatchObject([{ level: "ok" }]);
    expect(describeCauses(["rabbitmq: password changed"], "app")).toMatchObject([
      { subject: "rabbitmq", message: "the process runs with other settings: rabbitmq: password changed" },
    ]);
  });
});

it("lets up say who has the port that a service could not listen on", () => {
  const problem = "listen EADDRINUSE: address already in use 127.0.0.1:5672";
  const failed = { name: "rabbitmq", state: "failed", startedAt: "2026-01-02T12:00:00Z", problem };
  expect(judgeServices([failed as ServiceStatus], new Map())).toMatchObject([
    { id: "embedded.failed", fix: "{mybroker} up rabbitmq" },
  ]);
});

describe("services in the process", () => {
  const service = (name: string, state: ServiceState, startedAt: string | null = "2026-01-02T12:00:00Z") =>
    ({
      name,
      state,
      startedAt,
      kind: "redis",
      problem: state === "failed" ? "disk full" : null,
    }) as ServiceStatus;

  it("are told where they do not run, those that a program stands in for are not", () => {
    const services = [
      service("a", "ready"),
      service("b", "stopped"),
      service("c", "failed"),
      service("d", "stopped", null),
      service("e", "stopped"),
      service("f", "unhealthy"),
    ];
    const findings = judgeServices(services, new Map([["e", 42]]));
    expect(findings.map(({ id, subject, level, fix }) => [subject, `${id} ${level}`, fix])).toEqual([
      ["a", "embedded.stopped ok", null],
      ["b", "embedded.stopped warning", "{mybroker} start b"],
      ["c", "embedded.failed error", "{mybroker} start c"],
      ["e", "embedded.replaced ok", null],
      ["f", "embedded.stopped ok", null],
    ]);
  });
});
