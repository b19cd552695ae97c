import { afterAll, beforeAll, expect, it } from "vitest";
import { isProcessAlive } from "../../cli/kernel/process-alive.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { waitUntil } from "./support/wait-until.js";

interface DemoData {
  readonly system: { readonly started: boolean; readonly ready: number };
  readonly order: { readonly hops: number; readonly missing: readonly string[] };
  readonly crowd: { readonly result: { readonly placed: number; readonly unfinished: number } };
}

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
}, 180_000);
afterAll(async () => {
  await project.remove();
  cli.remove();
});

it("shows all of it from nothing, without a hop missing, and leaves it running", async () => {
  const { exitCode, stdout, stderr } = await project.run("--runtime", "embedded", "demo", "--for", "2s");
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain(`20 ready in `);
  expect(stderr).toMatch(/broker-gateway +ready/);
  expect(stdout.match(/^[\d:.]+ (kafka|rabbit)/gm)?.length).toBeGreaterThan(8);
  expect(stdout).toMatch(/\n\d+ hops in ms from the first, by the clocks of the services\.\n/);
  expect(stdout).toMatch(/\n20 orders in .*: 20 accepted/);
  expect(stdout).toMatch(/ down +stop it; the data stay$/);
  expect(isProcessAlive(project.readOwnerPid())).toBe(true);
});

it("leaves what runs as it is, and gives its figures", async () => {
  const pid = project.readOwnerPid();
  const { ok, runtime, data } = await project.json<DemoData>("demo", "--for", "1s");
  expect({ ok, runtime }).toEqual({ ok: true, runtime: "embedded" });
  expect(data).toMatchObject({
    system: { started: false, ready: 20 },
    order: { missing: [] },
    crowd: { result: { placed: 10, unfinished: 0 } },
  });
  expect(data.order.hops).toBeGreaterThan(15);
  expect(project.readOwnerPid()).toBe(pid);
});

it("ends with 130 on Ctrl-C, and the system goes on", async () => {
  const child = project.start(["demo", "--for", "5m"]);
  await waitUntil(() => /4\/4 .*FILLED/s.test(child.stdoutSoFar()), { limitMs: 60_000 });
  child.kill("SIGINT");
  const { exitCode, stderr } = await child.ended;
  expect(exitCode).toBe(130);
  expect(stderr).toContain("✖ Interrupted: what runs by now runs on");
  expect(isProcessAlive(project.readOwnerPid())).toBe(true);
});

it("places nothing where a part is missing, and leads to the doctor", async () => {
  await project.run("stop", "broker-wallet");
  const { exitCode, stdout, stderr } = await project.run("demo");
  expect({ exitCode, stdout: stdout.includes("2/4") }).toEqual({ exitCode: 1, stdout: false });
  expect(stderr).toMatch(/^✖ An order would not get through: broker-wallet is stopped\n {2}Do .* doctor/);
  const greeting = await project.run();
  expect(greeting.stdout).toMatch(
    /19 of 20 services ready.*\n {2}stopped {6}broker-wallet\nNothing is seeded: the books/s,
  );
});
