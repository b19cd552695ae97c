import { afterEach, describe, expect, it } from "vitest";
import { expectNamed, type NamedFault, testSecret } from "./expect-named.js";
import { busybox, createFixture, type Fixture, imageOf } from "./fixture.js";

/** A service that cannot come up by what it is: no preparation, no second container. */
interface ContainerFault extends NamedFault {
  readonly name: string;
  /** Below "services:", indented by two. */
  readonly services: string;
  readonly args?: readonly string[];
  /** Also on the screen. */
  readonly shows?: string;
}

/** Without any check a container that lives for half a second counts as running: a busy machine starts no faster. */
const unhurried = "healthcheck: { test: [CMD, 'true'], interval: 30s }";

const faults: ContainerFault[] = [
  {
    name: "a container that exits at once",
    exitCode: 1,
    service: "quits",
    cause: /exited with 3 after/,
    shows: "its very own reason",
    services: `
  quits:
    image: ${busybox}
    ${unhurried}
    command: [sh, -c, "echo its very own reason; exit 3"]`,
  },
  {
    name: "a MongoDB on a CPU without AVX",
    exitCode: 1,
    service: "ticks",
    cause: "mongo.no-avx",
    shows: "set TICKS_IMAGE=mongo:4.4 in .env",
    services: `
  ticks:
    image: \${TICKS_IMAGE:-${busybox}}
    command: [sh, -c, "echo 'WARNING: MongoDB 5.0+ requires a CPU with AVX support, and your current system does not appear to have that!'; exit 132"]
    ports: ["127.0.0.1::27017"]
    x-mybroker: { kind: mongodb, port: 27017 }`,
  },
  {
    name: "a container that needs more memory than its limit",
    exitCode: 1,
    service: "glutton",
    cause: "memory.exhausted",
    services: `
  glutton:
    image: ${busybox}
    ${unhurried}
    command: [sh, -c, "tail /dev/zero"]
    mem_limit: 16m
    memswap_limit: 16m`,
  },
  {
    name: "a full disk under a database",
    exitCode: 1,
    service: "db",
    cause: "disk.full",
    services: `
  db:
    image: ${imageOf("B3_CORE_DB")}
    environment: { POSTGRES_PASSWORD: "\${PASSWORD:?}" }
    ports: ["127.0.0.1::5432"]
    tmpfs: ["/var/lib/postgresql/data:size=12m,mode=1777"]
    x-mybroker: { kind: postgres, port: 5432, credentials: { password: PASSWORD } }`,
  },
  {
    name: "a healthcheck that never passes",
    exitCode: 1,
    service: "patient",
    cause: /was not ready within 5 s/,
    shows: "its very own reason",
    args: ["--wait-timeout", "5"],
    services: `
  patient:
    image: ${busybox}
    command: [sleep, "600"]
    stop_signal: SIGKILL
    healthcheck:
      test: [CMD-SHELL, "echo its very own reason; exit 1"]
      interval: 1s
      start_period: 60s
      start_interval: 1s`,
  },
  {
    name: "an image for another kind of processor",
    exitCode: 1,
    service: "foreign",
    cause: "cpu.wrong-architecture",
    services: `
  foreign:
    image: ${busybox}
    ${unhurried}
    command: [/program]
    configs: [{ source: program, target: /program, mode: 0555 }]
configs:
  program: { content: "\\x7fELF of another kind" }`,
  },
  {
    name: "a restart loop",
    exitCode: 1,
    service: "loops",
    cause: /exited with 1 \d times/,
    shows: "its very own reason",
    services: `
  loops:
    image: ${busybox}
    ${unhurried}
    restart: always
    command: [sh, -c, "echo its very own reason; exit 1"]`,
  },
  {
    name: "a dependency that failed",
    exitCode: 1,
    service: "migration",
    cause: /migration did not become ready: it exited with 4/,
    shows: "no such table",
    services: `
  app:
    image: ${busybox}
    command: [sleep, "600"]
    depends_on: { migration: { condition: service_completed_successfully } }
  migration:
    image: ${busybox}
    command: [sh, -c, "echo no such table; exit 4"]`,
  },
  {
    name: "a program that the image does not have",
    exitCode: 3,
    service: "typo",
    cause: "command.not-found",
    services: `
  typo:
    image: ${busybox}
    command: [slep, "600"]`,
  },
];

let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.remove();
  fixture = undefined;
});

describe("up names what is wrong with a container", () => {
  it.each(faults)("$name", async ({ services, args = [], shows = "", ...fault }) => {
    fixture = await createFixture(fault.service);
    fixture.write(".env", `# secret\nPASSWORD=${testSecret}\n`, 0o600);
    fixture.compose(services);
    const run = await fixture.cli("up", ...args);
    expectNamed(run, fault);
    expect(run.stderr).toContain(shows);
  });

  it("says the same as one JSON document, and nothing beside it", async () => {
    fixture = await createFixture("json");
    fixture.write(".env", `# secret\nPASSWORD=${testSecret}\n`, 0o600);
    fixture.compose(`
  quits:
    image: ${busybox}
    environment: { PASSWORD: "\${PASSWORD}" }
    command: [sh, -c, "echo I was given $$PASSWORD; exit 132"]
    ports: ["127.0.0.1::27017"]
    x-mybroker: { kind: mongodb, port: 27017 }`);
    const run = await fixture.cli("up", "-o", "json");
    expect(run).toMatchObject({ exitCode: 1, stderr: "" });
    expect(run.stdout).not.toContain(testSecret);
    expect(run.json()).toMatchObject({
      ok: false,
      error: {
        code: "mongo.no-avx",
        message: expect.stringContaining("quits did not become ready: it exited with 132"),
        hint: expect.stringContaining("mybroker up"),
        details: { service: "quits", exitCode: 132, log: [expect.stringContaining("I was given ••••")] },
      },
    });
  });
});
