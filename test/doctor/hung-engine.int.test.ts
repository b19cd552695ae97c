import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeEngine, type FakeRoute, startFakeEngine } from "../../cli/engine/testing/fake-engine.js";
import { runCli } from "../support/run-cli.js";

let folder: string;
let engine: FakeEngine | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-hung-"));
  const port = '    ports: ["0.0.0.0:18080:80"]\n';
  writeFileSync(join(folder, "compose.yaml"), `services:\n  web:\n    image: busybox:1.37.0\n${port}`);
});
afterEach(async () => {
  await engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Told {
  readonly elapsedMs: number;
  readonly checks: readonly {
    readonly findings: readonly { id: string; level: string; message: string }[];
  }[];
}

const hang = { hang: true } as const;
const states: readonly [string, Readonly<Record<string, FakeRoute>>][] = [
  ["says nothing", { "GET /version": hang, "GET /_ping": hang, "GET /info": hang }],
  ["does not list its containers", { "GET /containers/json": hang }],
];

it.each(states)("an engine that %s: told in 3 s, with what can be known without it", async (_, routes) => {
  engine = await startFakeEngine({ routes });
  const given = { cwd: folder, homeDir: folder, env: { DOCKER_HOST: engine.url } };
  const run = await runCli(["doctor", "--runtime", "docker", "-o", "json"], given);
  const { ok, data, error } = run.json() as { ok: boolean; data: Told; error: { code: string } };
  expect({ ok, exitCode: run.exitCode, code: error.code }).toEqual({
    ok: false,
    exitCode: 3,
    code: "engine.hung",
  });
  const told = data.checks.flatMap(({ findings }) => findings).filter(({ level }) => level !== "ok");
  expect(told.map(({ id }) => id)).toEqual(["machine.engine-unreachable", "config.open-port"]);
  expect(told[0]?.message).toMatch(/has not answered within 2 s.*restart/s);
  const isBusy = (loadavg()[0] ?? 0) > 2 * availableParallelism();
  expect(data.elapsedMs).toBeLessThan(isBusy ? 6_000 : 3_000);
});
