import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FakeEngine, startFakeEngine } from "../../cli/engine/testing/fake-engine.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";

let cli: BuiltCli;
let project: EmbeddedProject;
let engine: FakeEngine | undefined;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.remove());
beforeEach(async () => {
  project = await createEmbeddedProject(cli);
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
  await project.remove();
});

const hang = { hang: true } as const;
const hanging = { "GET /version": hang, "GET /_ping": hang, "GET /info": hang };

const states: readonly [string, () => Promise<FakeEngine | undefined>, readonly string[]][] = [
  ["not running", async () => undefined, ["127.0.0.1:1", "start Docker on that host"]],
  ["hung", () => startFakeEngine({ routes: hanging }), ["has not answered within 3 s", "restart"]],
  [
    "too old",
    () => startFakeEngine({ version: "20.10.24", apiVersion: "1.41" }),
    ["20.10.24", "update Docker: https://docs.docker.com/engine/install/"],
  ],
  [
    "no engine at all",
    () => startFakeEngine({ routes: { "GET /version": { text: "hello", status: 200 } } }),
    ["not", "Docker"],
  ],
];

describe("a first up with an engine that cannot be used", () => {
  it.each(states)("%s: runs embedded and says the cause and its fix", async (_, start, says) => {
    engine = await start();
    const env = { DOCKER_HOST: engine?.url ?? "tcp://127.0.0.1:1" };
    const asked = await project.start(["up", "kafka", "--runtime", "docker"], env).ended;
    expect(asked).toMatchObject({ exitCode: 3, stdout: "" });
    const first = await project.start(["up", "kafka"], env).ended;
    expect(first.exitCode).toBe(0);
    const told = first.stderr.replaceAll("\n", " ");
    for (const words of [...says, "running embedded, in one process.", "up --runtime docker"]) {
      expect(told).toContain(words);
    }
    const second = await project.start(["up", "kafka"], env).ended;
    expect(second).toMatchObject({ exitCode: 0, stderr: "" });
    const posts = engine?.calls.filter(({ method }) => method === "POST") ?? [];
    expect(posts).toEqual([]);
  });
});
