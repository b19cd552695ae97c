import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordVolumeSecrets } from "../../env/volume-fingerprints.js";
import { makeFacts, makeProject } from "../testing/make-facts.js";
import { compareWithExample } from "./check-example.js";
import { judgeMode } from "./check-file-mode.js";
import { checkIgnores } from "./check-ignores.js";
import { checkOpenPorts, isOpen } from "./check-open-ports.js";
import { compareWithShell } from "./check-shell.js";
import { findUnread, findUnset } from "./check-variables.js";
import { describeMismatches } from "./check-volume-passwords.js";
import { configurationChecks } from "./configuration-checks.js";

it("is looked at by the registered checks, each of which tells what it is for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mybroker-configuration-"));
  try {
    const path = join(folder, ".env");
    const text = "DB_PASS=not-a-secret-2\nPORT=1\nNEDED=x\n";
    writeFileSync(path, text, { mode: 0o644 });
    const made = (password: string) =>
      makeProject({
        ...{ envFiles: [path], environment: { DB_PASS: password }, volumes: { data: { name: "app_data" } } },
        services: {
          db: {
            ...{ command: null, entrypoint: null, environment: { PASSWORD: password } },
            ports: [{ target: 3306, published: "3306", protocol: "tcp" }],
            volumes: [{ type: "volume", source: "data", target: "/data" }],
          },
        },
        variables: { NEEDED: use(true), PORT: use(true, "1") },
        extensions: { "x-mybroker": { doctor: { ignore: [{ id: "config.open-prt", reason: "typo" }] } } },
      });
    const records = new Map<string, unknown>();
    const state = {
      readRecord: async (name: string) => records.get(name),
      writeRecord: async (name: string, value: unknown) => void records.set(name, value),
      listEnvBackups: async () => [],
    } as never;
    const engine = { inspectVolume: async () => ({ createdAt: "then" }) } as never;
    const secretKeys = new Set(["DB_PASS"]);
    await recordVolumeSecrets({ engine, state, project: made("not-a-secret-1"), secretKeys });
    const context = { cwd: folder, env: { PORT: "2" }, platform: "linux" };
    const facts = makeFacts({
      request: { context, globals: { envFile: [], file: [], profile: [] }, options: {} } as never,
      ...{ project: made("not-a-secret-2"), state, secretKeys },
      ground: { runtime: "docker", engine, containers: [] },
      envFile: async () => ({ path, text, mode: 0o644 }),
      envExample: async () => ({ path, text: "DB_PASS=\nPORT=1\nMORE=1\n", mode: 0o644 }),
    });
    const found = await Promise.all(
      configurationChecks.map(({ run }) => run(facts, new AbortController().signal)),
    );
    const told = found.flat().filter(({ level }) => level !== "ok");
    expect(told.map(({ id, subject }) => `${id} ${subject}`)).toEqual([
      "env.missing-key MORE",
      "env.unset-variable NEEDED",
      "env.unknown-key NEDED",
      "env.shell-override PORT",
      "env.file-mode .env",
      "env.volume-password db",
      "config.open-port db",
      "config.unknown-ignore docker-compose.yml:1",
    ]);
    expect(JSON.stringify(told)).not.toContain("not-a-secret");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const use = (required: boolean, defaultValue?: string) => ({
  required,
  ...(defaultValue === undefined ? {} : { defaultValue }),
  places: [{ file: "/project/docker-compose.yml", line: 7, path: "services.db.image" }],
});

describe(".env against its example", () => {
  const example = "# secret\nDB_PASS=\nDB_PORT=3306\n";
  it.each([
    ["DB_PASS=not-a-secret\nDB_PORT=1\n", ["env.missing-key .env ok"]],
    ["DB_PASS=not-a-secret\n", ["env.missing-key DB_PORT warning"]],
    ["DB_PASS=\nDB_PORT=1\n", ["env.empty-secret DB_PASS error"]],
    ["", ["env.empty-secret DB_PASS error", "env.missing-key DB_PORT warning"]],
  ])("%j", (current, told) => {
    const findings = compareWithExample(example, current);
    expect(findings.map(({ id, subject, level }) => `${id} ${subject} ${level}`)).toEqual(told);
    expect(JSON.stringify(findings)).not.toContain("not-a-secret");
  });
});

describe(".env against the compose files", () => {
  const project = {
    variables: {
      NEEDED: use(true),
      OPTIONAL: use(false),
      WITH_DEFAULT: use(false, "x"),
      IN_EXAMPLE: use(true),
    },
    environment: {},
  };
  const request = { project, exampleKeys: ["IN_EXAMPLE"], envKeys: [] as string[], cwd: "/project" };

  it("names variables without a value, with file and line; those of the example are told as missing keys", () => {
    expect(findUnset(request)).toMatchObject([
      { subject: "NEEDED", level: "error", evidence: ["docker-compose.yml:7"] },
      { subject: "OPTIONAL", level: "warning" },
    ]);
    const given = { ...project, environment: { NEEDED: "", OPTIONAL: "" } };
    expect(findUnset({ ...request, project: given }).map(({ subject }) => subject)).toEqual(["NEEDED"]);
  });

  it("takes a key that nothing reads for a slip of the pen only where one like it is missed", () => {
    const findings = findUnread({
      ...request,
      envKeys: ["NEDED", "MY_OWN_THING", "COMPOSE_FILE", "OPTIONAL"],
    });
    expect(findings).toMatchObject([
      { subject: "NEDED", fix: "sed -i.bak 's/^NEDED=/NEEDED=/' .env", level: "warning" },
    ]);
  });
});

it("tells a value of the shell that wins over .env, by its name alone", () => {
  const values = new Map([
    ["PORT", "1"],
    ["HOST", "a"],
    ["OWN", "x"],
  ]);
  const env = { PORT: "2", HOST: "a", OWN: "y" };
  const findings = compareWithShell(values, { env, used: ["PORT", "HOST"] });
  expect(findings.map(({ subject, fix }) => [subject, fix])).toEqual([["PORT", "unset PORT"]]);
  expect(findings[0]?.message).not.toMatch(/\d/);
});

it.each([
  [0o600, "ok"],
  [0o400, "ok"],
  [0o640, "warning"],
  [0o644, "warning"],
])("mode %o of .env: %s", (mode, level) => {
  expect(judgeMode(".env", mode)).toMatchObject({ level, fix: level === "ok" ? null : "chmod 600 .env" });
});

it("tells a volume once, with all keys whose password it does not know and the copy that fits", () => {
  const mismatches = [
    { volume: "app_db", service: "db", keys: ["PASS"] },
    { volume: "app_db", service: "db", keys: ["ROOT_PASS"] },
    { volume: "app_cache", service: "cache", keys: [] },
  ];
  expect(describeMismatches(mismatches, "/state/a copy.env")).toMatchObject([
    { subject: "db", message: "app_db was made with another password than .env has now (PASS, ROOT_PASS)" },
    { subject: "cache", fix: "cp '/state/a copy.env' .env" },
  ]);
  expect(describeMismatches(mismatches, undefined)[0]?.fix).toBe("{mybroker} down --volumes");
});

describe("ports", () => {
  it.each([
    ["127.0.0.1", false],
    ["127.0.1.1", false],
    ["::1", false],
    ["[::1]", false],
    ["", true],
    [undefined, true],
    ["0.0.0.0", true],
    ["192.168.1.2", true],
    ["::", true],
  ])("%s is open: %s", (address, open) => {
    expect(isOpen(address === undefined ? {} : { host_ip: address })).toBe(open);
  });

  it("are told with file and line, and not where the embedded runtime has them", async () => {
    const port = { target: 3306, published: "3306", protocol: "tcp" };
    const project = makeProject({ services: { db: { command: null, entrypoint: null, ports: [port] } } });
    const placeOf = async () => "docker-compose.yml:9";
    const [finding] = await checkOpenPorts(makeFacts({ project, placeOf }));
    expect(finding).toMatchObject({ subject: "db", fix: `\${EDITOR:-vi} +9 docker-compose.yml` });
    expect(finding?.message).toContain("docker-compose.yml:9 publishes port 3306 of db on 0.0.0.0:3306");
    const ground = { runtime: "embedded", place: {} as never, status: undefined } as const;
    expect(await checkOpenPorts(makeFacts({ project, ground }))).toEqual([]);
  });
});

it("judges what the compose file tells to ignore", async () => {
  const ignore = [
    { id: "config.open-port", reason: "wanted" },
    { id: "config.open-port" },
    { id: "config.open-prt", reason: "typo" },
  ];
  const project = makeProject({ extensions: { "x-mybroker": { doctor: { ignore } } } });
  const placeOf = async (path: readonly (string | number)[]) => `compose.yml:${path.at(-1)}`;
  expect(await checkIgnores(makeFacts({ project, placeOf }))).toMatchObject([
    { level: "ok" },
    { id: "config.bad-ignore", subject: "compose.yml:1" },
    { id: "config.unknown-ignore", message: expect.stringContaining("did you mean config.open-port?") },
  ]);
  const odd = makeProject({ extensions: { "x-mybroker": { docter: {} } } });
  expect(await checkIgnores(makeFacts({ project: odd, placeOf }))).toMatchObject([
    { id: "config.bad-ignore" },
  ]);
});
