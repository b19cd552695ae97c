import { describe, expect, it } from "vitest";
import { explainConnectFailure, explainHungEngine } from "./connect-errors.js";
import { EngineError } from "./engine-error.js";

function refused(url: string, source: string, platform: NodeJS.Platform = "linux") {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = new EngineError({ kind: "connection", message: "connect ECONNREFUSED", cause });
  return explainConnectFailure(error, { url, source }, platform);
}

describe("the hint of an engine that does not run", () => {
  it.each([
    ["unix:///var/run/docker.sock", "linux", "sudo systemctl start docker"],
    ["unix:///var/run/docker.sock", "darwin", "start Docker Desktop"],
    ["unix:///home/ana/.docker/desktop/docker.sock", "linux", "start Docker Desktop and wait"],
    ["unix:///Users/ana/.colima/default/docker.sock", "darwin", "colima start"],
    ["unix:///Users/ana/.orbstack/run/docker.sock", "darwin", "start OrbStack"],
    ["unix:///run/user/1000/docker.sock", "linux", "systemctl --user start docker"],
    ["npipe:////./pipe/docker_engine", "win32", "start Docker Desktop"],
    ["tcp://10.0.0.5:2375", "linux", "on that host"],
  ] as const)("%s on %s", (url, platform, hint) => {
    const error = refused(url, "default socket", platform);
    expect(error).toMatchObject({
      code: "engine.not-running",
      exitCode: 3,
      hint: expect.stringContaining(hint),
    });
    expect(error.message).toContain(`${url} (default socket)`);
  });
});

describe("the hint of a hung engine", () => {
  it.each([
    ["unix:///var/run/docker.sock", "sudo systemctl restart docker"],
    ["unix:///Users/ana/.colima/default/docker.sock", "colima restart"],
    ["ssh://host", "ssh reaches that host"],
  ])("%s", (url, hint) => {
    const error = explainHungEngine({ url, source: "DOCKER_HOST" }, 3000, "linux");
    expect(error).toMatchObject({ code: "engine.hung", hint: expect.stringContaining(hint) });
    expect(error.message).toBe(`the Docker Engine at ${url} (DOCKER_HOST) has not answered within 3 s`);
  });
});
