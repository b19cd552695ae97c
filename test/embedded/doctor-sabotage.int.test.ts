import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import { openBulk } from "../../kit/sql/bulk/bulk.js";
import type { FoundProblem } from "../doctor/doctored-stack.js";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";

let cli: BuiltCli;
let project: EmbeddedProject;
beforeAll(async () => {
  cli = await buildCli();
  project = await createEmbeddedProject(cli);
  const { exitCode, stderr } = await project.run("up");
  expect(exitCode, stderr).toBe(0);
}, 120_000);
afterAll(async () => {
  await project?.remove();
  cli?.remove();
});

interface DoctorData {
  readonly checks: readonly { readonly findings: readonly FoundProblem[] }[];
}

async function examine(...args: string[]): Promise<FoundProblem[]> {
  const { data } = await project.json<DoctorData>("doctor", ...args);
  return data.checks.flatMap(({ findings }) => findings).filter(({ level }) => (level as string) !== "ok");
}

/** What a busy machine did not answer in time is asked again. */
async function examineUntil(enough: (ids: readonly string[]) => boolean): Promise<FoundProblem[]> {
  for (let attempt = 1; ; attempt += 1) {
    const problems = await examine();
    const known = problems.every(({ level }) => level !== "unknown");
    if ((known && enough(problems.map(({ id }) => id))) || attempt === 15) return problems;
  }
}

interface Case {
  readonly name: string;
  break(): Promise<unknown>;
  readonly id: string;
  readonly also?: readonly string[];
  /** Default: the fix line. */
  mend?(): Promise<unknown>;
}

const env = (): string => readFileSync(join(project.folder, ".env"), "utf8");
const value = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(env())?.[1] ?? "";

async function overAmqp(
  work: (
    channel: Awaited<ReturnType<Awaited<ReturnType<typeof connectRabbitmq>>["createConfirmChannel"]>>,
  ) => Promise<unknown>,
): Promise<void> {
  const connection = await connectRabbitmq({
    ...{ host: "127.0.0.1", port: project.ports.rabbitmq, user: "mybroker" },
    ...{ password: value("RABBITMQ_PASSWORD"), timeoutMs: 3_000, connectionName: "sabotage" },
  });
  try {
    const channel = await connection.createConfirmChannel();
    await work(channel);
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

async function deleteTopic(topic: string): Promise<void> {
  const brokers = [`127.0.0.1:${project.ports.kafka}`];
  const kafka = await createKafka({ clientId: "sabotage", brokers, timeoutMs: 3_000, retries: 0 });
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
}

async function dropTable(store: string, table: string): Promise<void> {
  const path = join(project.place, "data", "stores", `${store}.sqlite`);
  const file = await openBulk({ kind: "sqlite", path });
  await file.execute(`drop table ${table}`);
  await file.commit();
  await file.close();
}

let password = "";
const notReady = ["embedded.unhealthy", "service.not-ready"];
const cases: readonly Case[] = [
  {
    name: "a store is stopped",
    break: () => project.run("stop", "broker-mongodb"),
    id: "embedded.stopped",
    also: notReady,
  },
  {
    name: "a service is stopped",
    break: () => project.run("stop", "broker-report"),
    id: "embedded.stopped",
  },
  {
    name: "a queue was deleted",
    break: () => overAmqp((channel) => channel.deleteQueue("dlq-b3-to-broker")),
    id: "rabbitmq.missing-queue",
  },
  {
    name: "a binding was deleted",
    break: () =>
      overAmqp((channel) =>
        channel.unbindQueue("audit.broker.orders", "exchange.broker.orders", "b3.order.results"),
      ),
    id: "rabbitmq.missing-binding",
  },
  {
    name: "a dead letter lies there",
    break: () =>
      overAmqp(async (channel) => channel.publish("dlx.broker.orders", "b3.order.results", Buffer.from("x"))),
    id: "rabbitmq.dead-letters",
    mend: () => overAmqp((channel) => channel.purgeQueue("dlq-b3-to-broker")),
  },
  {
    name: "a topic was deleted",
    break: () => deleteTopic("wallet-events-v1"),
    id: "kafka.missing-topic",
    also: ["kafka.no-members", "kafka.lag", ...notReady],
  },
  {
    name: "a table was dropped",
    break: () => dropTable("broker-order-db", "executions"),
    id: "store.missing-table",
  },
  {
    name: "the file of a store was deleted under the process",
    break: async () => rmSync(join(project.place, "data", "stores", "broker-asset-cache.sqlite")),
    id: "store.failing",
  },
  {
    name: ".env has another password than the broker",
    break: async () => {
      password = value("RABBITMQ_PASSWORD");
      const path = join(project.folder, ".env");
      writeFileSync(path, env().replace(/^RABBITMQ_PASSWORD=.*$/m, "RABBITMQ_PASSWORD=not-a-secret"));
    },
    id: "rabbitmq.login-refused",
    also: ["embedded.config-drift"],
    mend: async () =>
      writeFileSync(
        join(project.folder, ".env"),
        env().replace(/^RABBITMQ_PASSWORD=.*$/m, `RABBITMQ_PASSWORD=${password}`),
      ),
  },
];

it("finds nothing on a runtime that is well", async () => {
  expect(await examineUntil((ids) => ids.length === 0)).toEqual([]);
});

it("passes an order through everything with --deep", async () => {
  const isKnown = (problems: FoundProblem[]) => problems.every(({ level }) => level !== "unknown");
  let problems = await examine("--deep", "--only", "order");
  for (let attempt = 1; !isKnown(problems) && attempt < 5; attempt += 1) {
    problems = await examine("--deep", "--only", "order");
  }
  expect(problems).toEqual([]);
});

it.each(cases)(
  "$name: $id",
  async ({ break: damage, id, also = [], mend }) => {
    await damage();
    const problems = await examineUntil((ids) => ids.includes(id));
    const meant = problems.find((problem) => problem.id === id);
    expect(meant, JSON.stringify(problems)).toBeDefined();
    expect(problems.filter((problem) => problem.id !== id && !also.includes(problem.id))).toEqual([]);
    expect(JSON.stringify(problems)).not.toContain("not-a-secret");
    await (mend === undefined ? type(meant?.fix ?? "") : mend());
    expect(await examineUntil((ids) => ids.length === 0)).toEqual([]);
  },
  60_000,
);

/** As a person types it, with the one question of --fix answered. */
async function type(line: string): Promise<void> {
  const answered = line.replaceAll(" doctor --fix", " --yes doctor --fix");
  const { PATH } = process.env;
  await execa("sh", ["-c", answered], {
    cwd: project.folder,
    env: {
      PATH,
      HOME: join(project.folder, "../home"),
      XDG_STATE_HOME: project.stateFolder,
      DOCKER_HOST: `unix://${join(project.folder, "..")}/no-docker.sock`,
    },
    extendEnv: false,
  });
}
