import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";

interface DoctorData {
  errors: number;
  warnings: number;
  checks: {
    id: string;
    findings: { subject: string; level: string; message: string; fix: string | null }[];
  }[];
}

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.remove());
beforeEach(async () => {
  project = await createEmbeddedProject(cli);
  await project.run("up");
});
afterEach(() => project.remove());

function changeEnv(change: (text: string) => string): void {
  const path = join(project.folder, ".env");
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

it("logs in to both brokers and has every store checked", async () => {
  const { data, ok, runtime } = await project.json<DoctorData>("doctor");
  expect({ ok, runtime, errors: data.errors, warnings: data.warnings }).toEqual({
    ok: true,
    runtime: "embedded",
    errors: 0,
    warnings: 0,
  });
  const logins = data.checks.find(({ id }) => id === "server.login")?.findings ?? [];
  expect(logins).toHaveLength(20);
  expect(logins.find(({ subject }) => subject === "rabbitmq")?.message).toContain("logged in as mybroker");
});

it("names a refused login, a stopped service and a missing key, each with its fix", async () => {
  changeEnv((text) =>
    text
      .replace(/^RABBITMQ_PASSWORD=.*$/m, "RABBITMQ_PASSWORD=not-a-secret")
      .replace(/^GRAFANA_HOST_PORT=.*\n/m, ""),
  );
  await project.run("stop", "broker-mongodb");
  const run = await project.run("doctor");
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toMatch(/✖ server\.login {2}rabbitmq at 127\.0\.0\.1:\d+ refuses the login of \.env/);
  expect(run.stdout).toMatch(
    /⚠ runtime\.answers {2}broker-mongodb is stopped\n {4}fix .* start broker-mongodb/,
  );
  expect(run.stdout).toContain("⚠ env.complete  GRAFANA_HOST_PORT is in .env.example and not in .env");
  expect(run.stdout).toContain("3 errors, 2 warnings,");
  expect(run.stdout).not.toContain("not-a-secret");
  const chosen = ["doctor", "--exclude", "server.login", "--only", "env.complete"];
  expect((await project.run(...chosen)).exitCode).toBe(0);
  expect((await project.run(...chosen, "--strict")).exitCode).toBe(1);
});

it("says that nothing runs, and refuses a check that it does not have", async () => {
  await project.run("down");
  const run = await project.run("doctor", "--only", "runtime.answers");
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toContain("nothing of mybroker runs");
  const unknown = await project.run("doctor", "--only", "runtime.answer");
  expect(unknown).toMatchObject({ exitCode: 2 });
  expect(unknown.stderr).toContain("Did you mean:  runtime.answers");
});
