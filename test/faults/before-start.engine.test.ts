import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, statSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findFreePorts } from "../support/free-ports.js";
import { expectNamed } from "./expect-named.js";
import { busybox, createFixture, type Fixture } from "./fixture.js";

const repository = resolve(import.meta.dirname, "../..");
let fixture: Fixture;
const servers: Server[] = [];
beforeEach(async () => {
  fixture = await createFixture("start");
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await fixture.remove();
});

async function listen(port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const sleeper = `image: ${busybox}\n    command: [sleep, "600"]\n    stop_signal: SIGKILL`;

describe("up refuses before it creates anything", () => {
  it("ports taken by a process and by another project's container, all of them in one pass", async () => {
    const other = await createFixture("holder");
    try {
      const [held = 0] = await findFreePorts(1);
      const mine = await listen();
      other.compose(`  web:\n    ${sleeper}\n    ports: ["127.0.0.1:${held}:80"]`);
      expect((await other.cli("up")).exitCode).toBe(0);
      fixture.write(".env", `FIRST_PORT=${mine}\nSECOND_PORT=${held}\n`);
      fixture.compose(`
  first:
    ${sleeper}
    ports: ["127.0.0.1:\${FIRST_PORT}:80"]
  second:
    ${sleeper}
    ports: ["127.0.0.1:\${SECOND_PORT}:80"]
  third:
    ${sleeper}`);
      const run = await fixture.cli("up");
      expectNamed(run, {
        exitCode: 3,
        service: "first",
        cause: new RegExp(`127\\.0\\.0\\.1:${mine} +taken by .*, pid ${process.pid}`),
      });
      expectNamed(run, {
        exitCode: 3,
        service: "second",
        cause: new RegExp(`taken by container ${other.project}-web-1 of project ${other.project}`),
      });
      expect(run.stderr).toMatch(/FIRST_PORT=\d+ in \.env/);
      expect(run.stderr).toContain(`docker compose -p ${other.project} stop web`);
      expect(await fixture.leftovers()).toEqual([]);
    } finally {
      await other.remove();
    }
  });

  it("an image that its registry does not have", async () => {
    fixture.compose(
      `  web:\n    image: busybox:0.0.0-none\n  volumes:\n    ${sleeper}\n    volumes: ["data:/data"]`,
      "volumes: { data: {} }",
    );
    const run = await fixture.cli("up");
    expectNamed(run, {
      exitCode: 3,
      service: "busybox:0.0.0-none",
      cause: /its registry has no such image or tag|wants a login, or has no such image/,
    });
    expect(await fixture.leftovers()).toEqual([]);
  });

  it("a registry that cannot be reached, soon", async () => {
    fixture.compose(`  web:\n    image: 127.0.0.1:1/web:1\n  other:\n    image: 127.0.0.1:1/other:1`);
    const startedMs = performance.now();
    const run = await fixture.cli("up");
    // The product's limit is 5 s; the rest is room for a busy machine.
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expectNamed(run, { exitCode: 3, service: "127.0.0.1:1/web:1", cause: /its registry does not answer/ });
    expectNamed(run, { exitCode: 3, service: "127.0.0.1:1/other:1", cause: /its registry does not answer/ });
    expect(await fixture.leftovers()).toEqual([]);
  });

  it("files that the container's user may not read, in a clone made with umask 077", async () => {
    fixture.write("templates/app/app.conf", "a\n", 0o600);
    fixture.write("templates/app/deep/more.conf", "b\n", 0o644);
    fixture.write("templates/open.conf", "c\n", 0o644);
    for (const path of ["templates", "templates/app", "templates/app/deep"])
      chmodSync(join(fixture.folder, path), 0o700);
    fixture.compose(`
  app:
    ${sleeper}
    user: "1000"
    volumes:
      - ./templates/app:/etc/app:ro
      - ./templates/open.conf:/etc/open.conf:ro`);
    const run = await fixture.cli("up");
    expectNamed(run, { exitCode: 3, service: "app", cause: /templates\/app\/app\.conf/ });
    expect(run.stderr).toContain("chmod -R go+rX templates");
    expect(run.stderr).not.toContain("open.conf");
    expect(await fixture.leftovers()).toEqual([]);
  });

  it.each(["{ create_host_path: false }", "{ create_host_path: false, selinux: z }"])(
    "a file of the clone that is not there, with bind: %s",
    async (bind) => {
      fixture.compose(`
  web:
    ${sleeper}
    volumes: [{ type: bind, source: ./nowhere/app.conf, target: /app.conf, bind: ${bind} }]`);
      const run = await fixture.cli("up");
      expectNamed(run, { exitCode: 3, service: "web", cause: /web {2}nowhere\/app\.conf/ });
      expect(await fixture.leftovers()).toEqual([]);
    },
  );

  it("the shipped templates in a clone made with umask 077, which its own advice opens", async () => {
    copyClosedClone();
    const project = ["-p", fixture.project];
    expect((await fixture.cli(...project, "init")).exitCode).toBe(0);
    const refused = await fixture.cli(...project, "up", "prometheus");
    expectNamed(refused, {
      exitCode: 3,
      service: "prometheus",
      cause: /prometheus {2}templates\/prometheus\/prometheus\.yml {2}\(mode 600\)/,
    });
    expect(await fixture.leftovers()).toEqual([]);
    const advice = /Do +(chmod .*?) {2}/.exec(refused.stderr)?.[1] ?? "";
    await execa(advice, { shell: true, cwd: fixture.folder });
    const run = await fixture.cli(...project, "up", "prometheus");
    expect(run.exitCode, run.stderr).toBe(0);
    expect(statSync(join(fixture.folder, ".env")).mode & 0o777).toBe(0o600);
  });
});

/** What git leaves under umask 077. */
function copyClosedClone(): void {
  for (const path of ["docker-compose.yml", ".env.example", "templates"]) {
    cpSync(join(repository, path), join(fixture.folder, path), { recursive: true });
  }
  execFileSync("chmod", ["-R", "u=rwX,go=", "templates"], { cwd: fixture.folder });
}

describe("up names what the engine refuses", () => {
  it("a bind source that is not there", async () => {
    fixture.compose(`
  web:
    ${sleeper}
    volumes: [{ type: bind, source: /nowhere/at/all, target: /x, bind: { create_host_path: false } }]`);
    const run = await fixture.cli("up");
    expectNamed(run, { exitCode: 3, service: "web", cause: "bind.missing" });
  });

  it("a bind source that is a folder where a file is meant", async () => {
    mkdirSync(join(fixture.folder, "app.conf"));
    fixture.compose(`
  web:
    ${sleeper}
    volumes: ["./app.conf:/etc/passwd:ro"]`);
    const run = await fixture.cli("up");
    expectNamed(run, { exitCode: 3, service: "web", cause: "bind.is-folder" });
  });

  it("a port that is taken between the check and the start", async () => {
    const [port = 0] = await findFreePorts(1);
    fixture.compose(`
  gate:
    image: ${busybox}
    command: [sh, -c, "while [ ! -f /go ]; do sleep 0.1; done"]
    stop_signal: SIGKILL
  web:
    ${sleeper}
    ports: ["127.0.0.1:${port}:80"]
    depends_on: { gate: { condition: service_completed_successfully } }`);
    const running = fixture.cli("up");
    await expect
      .poll(() => fixture.states(), { timeout: 20_000, interval: 50 })
      .toMatchObject({ gate: "running", web: "created" });
    await listen(port);
    const gate = await fixture.engine.inspectContainer(`${fixture.project}-gate-1`);
    const opened = await fixture.engine.exec(gate?.Id ?? "", {
      command: ["touch", "/go"],
      tty: false,
      stdin: false,
    });
    for await (const _ of opened.output) {
      // It prints nothing.
    }
    expectNamed(await running, { exitCode: 3, service: "web", cause: "port.taken" });
  });
});
