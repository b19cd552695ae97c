import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ComposeStack, prepareComposeStack } from "../support/compose-stack.js";
import { tellFigures } from "../support/tell-figures.js";
import { leftovers, runOnStack, secretsOf } from "./cli-on-stack.js";

let stack: ComposeStack;

beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-ours-${process.pid}`, ["services"]);
  const run = await runOnStack(stack, ["up", "--json"]);
  expect(run.json()).toMatchObject({ error: null, data: { changed: true } });
});

afterAll(() => stack?.remove());

function cli(...args: string[]) {
  return runOnStack(stack, args);
}

describe("docker compose on a stack that we made", () => {
  it("lists 23 healthy containers", async () => {
    const names = Object.keys(stack.services).sort();
    expect(names).toHaveLength(23);
    const list = async () =>
      (await stack.compose("ps", "--format", "{{.Service}} {{.Health}}")).split("\n").sort();
    // Our up returns when a server answers; its healthcheck sees that up to a second later.
    await expect.poll(list, { timeout: 30_000 }).toEqual(names.map((name) => `${name} healthy`));
  });

  it("recreates and creates nothing", async () => {
    const plan = await stack.compose("up", "-d", "--dry-run");
    expect(plan).not.toMatch(/Recreat|Creat|Remov|orphan|build/i);
    expect(plan.match(/Running/g)).toHaveLength(23);
    tellFigures({ keptByCompose: 23 });
  });

  it("leaves all of it alone without the profile, too", async () => {
    const plan = await stack.withoutProfiles("up", "-d", "--dry-run");
    expect(plan).not.toMatch(/Recreat|Creat|Remov|orphan|build/i);
    expect(plan.match(/Running/g)).toHaveLength(14);
  });

  it("reads each log", async () => {
    const lines = (await stack.compose("logs", "--tail", "1")).split("\n");
    for (const service of ["kafka-1", "rabbitmq-1", "broker-order-db-1", "b3-market-cache-1"]) {
      expect(lines.some((line) => line.startsWith(service))).toBe(true);
    }
  });

  it("sees the same configuration", async () => {
    const run = await runOnStack(stack, ["--profile", "services", "config", "--json"]);
    const ours = (run.json().data as { services: Record<string, Record<string, unknown>> }).services;
    const theirs = JSON.parse(await stack.compose("config", "--format", "json")) as {
      services: Record<string, Record<string, unknown>>;
    };
    for (const service of Object.values(ours)) delete service["x-mybroker"];
    const masked = secretsOf(stack)
      .sort((left, right) => right.length - left.length)
      .reduce((text, secret) => text.replaceAll(secret, "••••"), JSON.stringify(theirs.services))
      .replaceAll(stack.env.get("RABBITMQ_PASS_HASH") ?? "", "••••")
      // Compose prints a file to be read again, we print what holds.
      .replaceAll("$$", "$");
    expect(ours).toEqual(JSON.parse(masked));
  });

  it("stops and starts one service, and both tools agree on it", async () => {
    await stack.compose("stop", "grafana");
    expect((await cli("ps", "grafana", "--json")).json()).toMatchObject({
      data: { containers: [{ service: "grafana" }] },
    });
    expect((await cli("up", "--dry-run")).stdout).toMatch(/^start \S+-grafana-1 /);
    await stack.compose("start", "grafana");
    expect((await cli("up", "--dry-run", "--exit-code")).exitCode).toBe(0);
  });
});

describe("connect", () => {
  const statements: readonly { service: string; args: string[]; answer: RegExp }[] = [
    { service: "broker-order-db", args: ["-Nse", "SELECT 40 + 2, SLEEP(2)"], answer: /^42\t0$/m },
    { service: "b3-core-db", args: ["-Atc", "SELECT 40 + 2 FROM pg_sleep(2)"], answer: /^42$/m },
    { service: "broker-asset-cache", args: ["BLPOP", "no-such-list", "2"], answer: /^$/m },
    { service: "broker-mongodb", args: ["--eval", "sleep(2000); 40 + 2"], answer: /^42$/m },
    { service: "kafka", args: ["kafka-topics.sh", "--list"], answer: /^/ },
    { service: "rabbitmq", args: ["list_queues", "name"], answer: /^mq-broker-to-b3$/m },
  ];

  it.each(statements)("logs in to $service, the password on no command line", async (statement) => {
    const { service, args, answer } = statement;
    let ended = false;
    const running = cli("connect", service, "--", ...args).finally(() => {
      ended = true;
    });
    let commandLines = "";
    const mark = args.at(-1) ?? "";
    while (!ended && !commandLines.includes(mark)) commandLines = await readCommandLines(service);
    const { exitCode, stdout, stderr } = await running;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(answer);
    expect(commandLines).toContain(mark);
    for (const secret of secretsOf(stack)) expect(commandLines).not.toContain(secret);
  });

  it("ends as the client ends", async () => {
    const run = await cli("connect", "b3-core-db", "--", "-c", "SELECT no_such_column");
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("no_such_column");
  });

  async function readCommandLines(service: string): Promise<string> {
    const { Id } = await stack.container(service);
    const command = ["sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; :"];
    const session = await stack.engine.exec(Id, { command, tty: false, stdin: false });
    const chunks: Uint8Array[] = [];
    for await (const { bytes } of session.output) chunks.push(Buffer.from(bytes));
    return Buffer.concat(chunks).toString("utf8");
  }
});

describe("secrets", () => {
  const commands = [
    ["up"],
    ["up", "--dry-run", "--force-recreate"],
    ["ps", "--all"],
    ["logs", "-n", "200"],
    ["config"],
    ["config", "--images"],
    ["open"],
    ["open", "grafana"],
    ["connect", "broker-asset-cache", "--", "ping"],
    ["exec", "kafka", "true"],
    ["pull", "--dry-run"],
    ["stop", "--dry-run"],
    ["start"],
    ["restart", "prometheus"],
    ["down", "--dry-run"],
    ["down", "--volumes"],
    ["ps", "no-such-service"],
    [],
  ];
  const formats = [[], ["--debug"], ["-o", "json"], ["-o", "json", "--debug"], ["--progress", "json"]];

  it.each(commands.map((command) => [command.join(" ") || "(greeting)", command] as const))(
    "%s prints none in any format",
    async (_, command) => {
      const runs = await Promise.all(formats.map((format) => cli(...format, ...command)));
      for (const { stdout, stderr } of runs) {
        expect(stdout + stderr).not.toMatch(/test-secret-/);
        expect(stdout + stderr).not.toContain(stack.env.get("RABBITMQ_PASS_HASH"));
      }
    },
  );

  it("are masked by env on a terminal and shown with --reveal", async () => {
    const masked = await runOnStack(stack, ["env"], { tty: true });
    expect(masked.stdout).not.toMatch(/test-secret-/);
    const shown = await runOnStack(stack, ["env", "--reveal"], { tty: true });
    expect(shown.stdout).toContain("test-secret-b3-core-password");
  });

  it("of a changed .env show up in a plan by name only, the old ones as well as the new", async () => {
    const environment = { ...process.env, B3_CORE_PASSWORD: "test-secret-another", KAFKA_UI_USER: "other" };
    for (const format of ["text", "json"]) {
      const { stdout } = await runOnStack(stack, ["up", "--dry-run", "-o", format], { env: environment });
      expect(stdout).toContain("POSTGRES_PASSWORD");
      expect(stdout).not.toMatch(/test-secret-/);
    }
  });
});

describe("docker compose down", () => {
  it("leaves nothing of a stack that we made", async () => {
    await stack.compose("down", "--volumes", "--timeout", "20");
    expect(await leftovers(stack)).toEqual([]);
  });
});
