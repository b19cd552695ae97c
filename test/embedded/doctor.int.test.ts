import { appendFileSync, chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { scanAssignments } from "../../cli/env/env-lines.js";
import { parseEnvFile } from "../../cli/env/parse-env-file.js";
import { isProcessAlive } from "../../cli/kernel/process-alive.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";

interface ToldFinding {
  id: string;
  subject: string;
  level: string;
  message: string;
  fix: string | null;
  docs: string;
  repairable: boolean;
  ignored: string | null;
}

interface DoctorData {
  errors: number;
  warnings: number;
  unknown: number;
  ok: number;
  ignored: number;
  elapsedMs: number;
  checks: { id: string; findings: ToldFinding[] }[];
  fix: { carriedOut: boolean; steps: { command: string; status: string; problem: string | null }[] } | null;
  report: string | null;
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

async function problems(...words: string[]): Promise<ToldFinding[]> {
  const { data } = await project.json<DoctorData>("doctor", ...words);
  return data.checks.flatMap(({ findings }) => findings).filter(({ level }) => level !== "ok");
}

const idsOf = (findings: readonly ToldFinding[]) =>
  findings.map(({ id, subject }) => `${id} ${subject}`).sort();

it("finds nothing wrong with a healthy stack, within its bound", async () => {
  const { data, ok, runtime } = await project.json<DoctorData>("doctor");
  const told = data.checks.flatMap(({ findings }) => findings).filter(({ level }) => level !== "ok");
  expect(told).toEqual([]);
  expect({ ok, runtime, errors: data.errors, warnings: data.warnings, unknown: data.unknown }).toEqual({
    ok: true,
    runtime: "embedded",
    errors: 0,
    warnings: 0,
    unknown: 0,
  });
  expect(data.elapsedMs).toBeLessThan(4_000);
  const works = data.checks.flatMap(({ findings }) => findings).map(({ subject }) => subject);
  for (const service of ["kafka", "rabbitmq", "broker-order-db", "broker-gateway"])
    expect(works).toContain(service);
});

it("names a refused login, a stopped service and a missing key, each with its fix, and no secret", async () => {
  changeEnv((text) =>
    text
      .replace(/^RABBITMQ_PASSWORD=.*$/m, "RABBITMQ_PASSWORD=not-a-secret")
      .replace(/^GRAFANA_HOST_PORT=.*\n/m, ""),
  );
  chmodSync(join(project.folder, ".env"), 0o644);
  await project.run("stop", "broker-asset-cache");
  const run = await project.run("doctor");
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toContain("✖ rabbitmq.login-refused  rabbitmq at 127.0.0.1:");
  expect(run.stdout).toMatch(
    /⚠ embedded\.stopped {2}broker-asset-cache is stopped\n {4}fix .* start broker-asset-cache/,
  );
  expect(run.stdout).toMatch(/⚠ env\.missing-key {2}GRAFANA_HOST_PORT is in \.env\.example and not in \.env/);
  expect(run.stdout).toContain("fix  chmod 600 .env");
  expect(run.stdout).toMatch(/⚠ embedded\.config-drift {2}.*rabbitmq:\s+password/s);
  expect(run.stdout).not.toContain("not-a-secret");
  for (const line of run.stdout.split("\n").filter((text) => !/^( {4}|Next: )/.test(text)))
    expect(line.length).toBeLessThanOrEqual(80);
  const chosen = ["doctor", "--exclude", "env.file-mode", "--only", "env"];
  expect((await project.run(...chosen)).exitCode).toBe(0);
  expect((await project.run(...chosen, "--strict")).exitCode).toBe(1);
  expect(idsOf(await problems("--only", "env"))).toEqual([
    "env.file-mode .env",
    "env.missing-key GRAFANA_HOST_PORT",
  ]);
  expect((await project.json<DoctorData>("doctor", "--only", "rabbitmq.login-refused")).data.errors).toBe(1);
});

it("says that nothing runs, starts it with --fix, and refuses an id that it does not have", async () => {
  const pid = project.readOwnerPid();
  process.kill(pid, "SIGKILL");
  await vi.waitFor(() => expect(isProcessAlive(pid)).toBe(false));
  const run = await project.run("doctor", "--only", "project.not-running");
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toContain("✖ project.not-running  nothing of mybroker runs");
  expect(idsOf(await problems("--only", "embedded"))).toEqual([
    "embedded.stale-files process",
    "project.not-running mybroker",
  ]);
  const unknown = await project.run("doctor", "--only", "project.not-runing");
  expect(unknown).toMatchObject({ exitCode: 2 });
  expect(unknown.stderr).toContain("Did you mean:  project.not-running");
  const { data } = await project.json<DoctorData>("doctor", "--fix", "--yes");
  expect(data.fix).toMatchObject({ carriedOut: true, steps: [{ status: "done", problem: null }] });
  expect(data).toMatchObject({ errors: 0, warnings: 0, unknown: 0 });
});

it("shows its plan, asks for a terminal or --yes, repairs, and has nothing to do the second time", async () => {
  changeEnv((text) => text.replace(/^(GRAFANA|KAFKA_UI)_HOST_PORT=.*\n/gm, ""));
  await project.run("stop", "broker-mongodb");
  const before = readFileSync(join(project.folder, ".env"), "utf8");
  const shown = await project.run("doctor", "--fix", "--dry-run");
  expect(shown.stdout).toMatch(/To repair:\n {2}.* init\n {6}env\.missing-key {2}KAFKA_UI_HOST_PORT\n/);
  expect(shown.stdout).toMatch(/ {2}.* start broker-mongodb\n {6}embedded\.stopped {2}broker-mongodb\n/);
  const asked = await project.run("doctor", "--fix");
  expect(asked.exitCode).toBe(2);
  expect(asked.stderr).toContain("start broker-mongodb");
  expect(asked.stderr).toContain("--yes");
  expect(readFileSync(join(project.folder, ".env"), "utf8")).toBe(before);
  const one = await project.json<DoctorData>("doctor", "--fix", "env.missing-key", "--yes");
  expect(one.data.fix?.steps).toMatchObject([{ status: "done", problem: null }]);
  expect(
    one.data.checks
      .flatMap(({ findings }) => findings)
      .filter(({ id, level }) => id === "embedded.stopped" && level !== "ok"),
  ).toHaveLength(1);
  // What it says to type, typed.
  const repaired = await project.run("doctor", "--fix", "--yes");
  expect(repaired.stdout).toMatch(/✔ .* start broker-mongodb/);
  expect(repaired.stdout).toContain("0 errors, 0 warnings");
  const again = await project.json<DoctorData>("doctor", "--fix", "--yes");
  expect(again.data).toMatchObject({ errors: 0, warnings: 0, fix: { carriedOut: false, steps: [] } });
  // Nothing that was in .env was changed.
  for (const line of before.split("\n"))
    expect(readFileSync(join(project.folder, ".env"), "utf8")).toContain(line);
});

it("prints fixes that mend what they are printed for", async () => {
  changeEnv((text) => text.replace(/^GRAFANA_HOST_PORT=.*\n/m, ""));
  chmodSync(join(project.folder, ".env"), 0o640);
  await project.run("stop", "kafka");
  const found = (await problems()).filter(({ id }) => /^(env|embedded)\./.test(id));
  expect(idsOf(found)).toEqual([
    "embedded.stopped kafka",
    "env.file-mode .env",
    "env.missing-key GRAFANA_HOST_PORT",
  ]);
  for (const { fix } of found) {
    const own = /mybroker(?:\.js)? (.*)$/.exec(fix ?? "")?.[1];
    if (own !== undefined) expect((await project.run(...own.split(" "))).exitCode).toBe(0);
    else {
      const [, mode = "", path = ""] = /^chmod (\d+) (.+)$/.exec(fix ?? "") ?? [];
      chmodSync(join(project.folder, path), Number.parseInt(mode, 8));
    }
  }
  expect((await problems()).filter(({ id }) => /^(env|embedded)\./.test(id))).toEqual([]);
});

it("ignores what the compose file names with a reason, and says so of one without", async () => {
  chmodSync(join(project.folder, ".env"), 0o644);
  appendFileSync(
    join(project.folder, "docker-compose.yml"),
    [
      "",
      "x-mybroker:",
      "  doctor:",
      "    ignore:",
      "      - { id: env.file-mode, reason: nobody else is here }",
      "      - { id: kafka.lag }",
      "",
    ].join("\n"),
  );
  const { data } = await project.json<DoctorData>("doctor");
  expect(data).toMatchObject({ ignored: 1, errors: 0, warnings: 1 });
  const told = data.checks.flatMap(({ findings }) => findings);
  expect(told.find(({ id }) => id === "env.file-mode")?.ignored).toBe("nobody else is here");
  const bad = told.find(({ id, level }) => id === "config.bad-ignore" && level === "warning");
  expect(bad?.message).toMatch(/docker-compose\.yml:\d+ ignores kafka\.lag and gives no reason/);
  expect((await project.run("doctor")).stdout).toContain("1 ignored in");
});

it("writes a report without a secret of .env, in no form", async () => {
  await project.run("stop", "broker-mongodb");
  const run = await project.run("doctor", "--report");
  const [name = ""] = readdirSync(project.folder).filter((file) => /^mybroker-report-.*\.md$/.test(file));
  expect(run.stdout).toContain(`Report: ${join(project.folder, name)}`);
  const path = join(project.folder, name);
  const text = readFileSync(path, "utf8");
  expect(statSync(path).size).toBeLessThanOrEqual(200_000);
  for (const part of ["embedded.stopped", "## mybroker up --dry-run", "## mybroker ps", "## mybroker config"])
    expect(text).toContain(part);
  const env = readFileSync(join(project.folder, ".env"), "utf8");
  const values = parseEnvFile(env, { file: ".env" });
  const secrets = scanAssignments(env)
    .filter(({ secret }) => secret)
    .map(({ key }) => values.get(key) ?? "");
  expect(secrets.filter((secret) => secret.length >= 16).length).toBeGreaterThan(10);
  for (const secret of secrets.filter((value) => value !== "")) {
    const bytes = Buffer.from(secret);
    for (const form of [secret, encodeURIComponent(secret), bytes.toString("base64"), bytes.toString("hex")])
      expect(text).not.toContain(form);
  }
  expect((await project.run("doctor", "--report", name)).exitCode).toBe(2);
});
