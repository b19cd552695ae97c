import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadProject } from "./load-project.js";
import type { LoadRequest } from "./load-request.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-compose-"));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function request(more: Partial<LoadRequest> = {}): LoadRequest {
  return { cwd: folder, homeDir: "/home/user", env: {}, files: [], envFiles: [], profiles: [], ...more };
}

const minimal = "services: { web: { image: x } }\n";

/** Root may read everything: such a test goes on as nobody for the time of the call. */
async function asPlainUser<Result>(run: () => Promise<Result>): Promise<Result> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe("files that cannot be read", () => {
  it("no compose file here nor above", async () => {
    await expect(loadProject(request())).rejects.toMatchObject({
      code: "compose.no-file",
      exitCode: 2,
      message: `no compose file in ${folder} nor in any folder above it`,
    });
  });

  it("a file named with -f that is not there", async () => {
    await expect(loadProject(request({ files: ["nope.yml"] }))).rejects.toMatchObject({
      code: "compose.missing-file",
      message: "compose file nope.yml does not exist",
    });
  });

  it("a folder in place of the file", async () => {
    mkdirSync(join(folder, "stack"));
    await expect(loadProject(request({ files: ["stack"] }))).rejects.toMatchObject({
      code: "compose.unreadable-file",
      message: "cannot read the compose file stack: it is a folder",
    });
  });

  it("a file that the user may not read", async () => {
    write("compose.yaml", minimal);
    chmodSync(join(folder, "compose.yaml"), 0o000);
    await expect(asPlainUser(() => loadProject(request()))).rejects.toMatchObject({
      code: "compose.unreadable-file",
      message: "cannot read the compose file compose.yaml: you may not read it",
      hint: `See who may read it:  ls -l ${join(folder, "compose.yaml")}`,
    });
  });

  it("an .env that the user may not read", async () => {
    write("compose.yaml", minimal);
    write(".env", "A=1\n");
    chmodSync(join(folder, ".env"), 0o000);
    await expect(asPlainUser(() => loadProject(request()))).rejects.toMatchObject({
      code: "env.unreadable-file",
      exitCode: 3,
    });
  });

  it("an --env-file that is not there", async () => {
    write("compose.yaml", minimal);
    await expect(loadProject(request({ envFiles: ["prod.env"] }))).rejects.toMatchObject({
      code: "env.missing-file",
      message: ".env file prod.env does not exist",
    });
  });

  it("a malformed .env", async () => {
    write("compose.yaml", minimal);
    write(".env", "A=1\nB C=2\n");
    await expect(loadProject(request())).rejects.toMatchObject({
      code: "env.malformed",
      details: { line: 2 },
    });
  });

  it("standard input", async () => {
    await expect(loadProject(request({ files: ["-"] }))).rejects.toMatchObject({ code: "compose.stdin" });
  });
});

describe("variables without a value", () => {
  const file = [
    "services:",
    "  web:",
    '    image: "x:${TAG:?say which}"',
    "    environment:",
    '      A: "${PASS:?run: mybroker init}"',
    '      B: "${PASS:?run: mybroker init}"',
    "      C: ${OPEN}",
    '    ports: ["${PORT:?}:80"]',
    "    mem_limit: ${MEMORY:?}",
    "    command: run ${OPEN}",
    "",
  ].join("\n");

  it("required ones are all named at once, with every place and what the file says", async () => {
    write("compose.yaml", file);
    await expect(loadProject(request({ env: { PASS: "" } }))).rejects.toMatchObject({
      code: "compose.missing-variable",
      exitCode: 2,
      message: "4 variables have no value: TAG, PASS, PORT, MEMORY",
      lines: [
        "  TAG  compose.yaml:3  say which",
        "  PASS  compose.yaml:5, 6  run: mybroker init",
        "  PORT  compose.yaml:8",
        "  MEMORY  compose.yaml:9",
      ],
      details: { variables: [{ name: "TAG" }, { name: "PASS", message: "run: mybroker init" }, {}, {}] },
    });
  });

  it("the others are taken as empty, with one warning each", async () => {
    write("compose.yaml", file);
    const warnings: string[] = [];
    const env = { TAG: "1", PASS: "p", PORT: "80", MEMORY: "5m" };
    const project = await loadProject(request({ env, warn: (text) => warnings.push(text) }));
    expect(warnings).toEqual(["The variable OPEN is not set, it is taken as empty (compose.yaml:7)"]);
    expect(project.services.web?.environment).toEqual({ A: "p", B: "p", C: "" });
  });

  it("stop no command that works on labels", async () => {
    write("compose.yaml", file);
    const project = await loadProject(request({ missingVariables: "empty" }));
    expect(project.services.web).toMatchObject({ image: "x:", environment: { A: "", B: "", C: "" } });
    expect(project.services.web?.mem_limit).toBeUndefined();
  });

  it("are listed with their places, whether they have a value or not", async () => {
    write("compose.yaml", 'services: { web: { image: "${A:-one}${A}${B:?}" } }\n');
    const { variables } = await loadProject(request({ env: { B: "secret" } }));
    const place = { file: join(folder, "compose.yaml"), line: 1, path: "services.web.image" };
    expect(variables).toEqual({
      A: { required: false, defaultValue: "one", places: [place, place] },
      B: { required: true, places: [place] },
    });
  });
});

describe("names", () => {
  it("refuses a project name that is not in normal form, and offers one that is", async () => {
    write("compose.yaml", minimal);
    await expect(loadProject(request({ projectName: "My App" }))).rejects.toMatchObject({
      code: "compose.project-name",
      exitCode: 2,
      hint: "For example:  {mybroker} -p myapp",
    });
    await expect(loadProject(request({ env: { COMPOSE_PROJECT_NAME: "_x" } }))).rejects.toMatchObject({
      code: "compose.project-name",
    });
  });

  it("prefers -p, then COMPOSE_PROJECT_NAME, then name:, then the folder", async () => {
    write("compose.yaml", `name: in-file\n${minimal}`);
    const env = { COMPOSE_PROJECT_NAME: "in-env" };
    const names = [request({ env, projectName: "given" }), request({ env }), request()].map(async (each) => {
      return (await loadProject(each)).name;
    });
    expect(await Promise.all(names)).toEqual(["given", "in-env", "in-file"]);
  });

  it("suggests the service that was probably meant", async () => {
    write("compose.yaml", "services: { rabbitmq: { image: x }, kafka: { image: x } }\n");
    await expect(loadProject(request({ services: ["rabitmq"] }))).rejects.toMatchObject({
      code: "usage.unknown-service",
      hint: "Did you mean:  rabbitmq",
    });
  });
});

describe("profiles", () => {
  const file = [
    "services:",
    "  plain: { image: x, depends_on: { maybe: { condition: service_started, required: false } } }",
    "  tool: { image: x, profiles: [tools], depends_on: [store] }",
    "  other: { image: x, profiles: [tools] }",
    "  store: { image: x, profiles: [data] }",
    "  maybe: { image: x, profiles: [data] }",
    "",
  ].join("\n");

  async function enabled(more: Partial<LoadRequest>): Promise<string[]> {
    write("compose.yaml", file);
    const project = await loadProject(request(more));
    const all = [...Object.keys(project.services), ...Object.keys(project.disabledServices)];
    expect(all.sort()).toEqual(["maybe", "other", "plain", "store", "tool"]);
    return Object.keys(project.services).sort();
  }

  it("are off until they are asked for", async () => {
    expect(await enabled({})).toEqual(["plain"]);
  });

  it("bring what their services require", async () => {
    expect(await enabled({ profiles: ["tools"] })).toEqual(["other", "plain", "store", "tool"]);
  });

  it("are switched on by a service that is named", async () => {
    expect(await enabled({ services: ["store"] })).toEqual(["maybe", "plain", "store"]);
  });

  it("are all on with *", async () => {
    expect(await enabled({ env: { COMPOSE_PROFILES: "*" } })).toHaveLength(5);
  });
});

it("warns of what Compose warns of", async () => {
  write("compose.yaml", `version: "3.8"\n${minimal}`);
  write("docker-compose.yml", minimal);
  const warnings: string[] = [];
  await loadProject(request({ warn: (text) => warnings.push(text) }));
  expect(warnings).toEqual([
    "Several compose files: compose.yaml is taken, docker-compose.yml not",
    "compose.yaml: version is obsolete and has no meaning, take it out",
  ]);
});

it("stops at a file whose aliases multiply", async () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `x-${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(10)}]`,
  );
  write("compose.yaml", ["x-0: &a0 [1]", ...levels, minimal].join("\n"));
  await expect(loadProject(request())).rejects.toMatchObject({ code: "compose.too-large" });
});
