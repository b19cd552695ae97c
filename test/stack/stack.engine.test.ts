import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeServer } from "../../cli/ready/probe-server.js";
import { auditStream, deadLetterExchange, ordersExchange, toExchange } from "../../contracts/topology.js";
import { type ComposeStack, prepareComposeStack } from "../support/compose-stack.js";
import { connectKafka, readFromAll, storeInAll } from "./kept-data.js";
import { queryMysql, queryPostgres, takeMessage, withRabbitmq } from "./stores.js";

const mebibyte = 1024 ** 2;
const databases = ["broker-identity-db", "broker-wallet-db", "broker-order-db", "broker-asset-db"];
const caches = ["broker-asset-cache", "broker-wallet-cache", "b3-market-cache"];
const protectedServices = [...databases, "b3-core-db", "broker-mongodb", ...caches, "rabbitmq"];

let stack: ComposeStack;

beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-stack-${process.pid}`);
  await stack.compose("up", "--detach", "--wait");
}, 900_000);

afterAll(async () => {
  await stack?.remove();
}, 120_000);

function everyContainer() {
  return Promise.all(
    Object.keys(stack.services).map(async (service) => ({
      service,
      details: await stack.container(service),
    })),
  );
}

describe("docker compose up", () => {
  it("brings 14 healthy containers", async () => {
    const states = (await everyContainer()).map(
      ({ service, details }) => `${service} ${details.State.Health?.Status}`,
    );
    expect(states).toEqual(Object.keys(stack.services).map((service) => `${service} healthy`));
    expect(states).toHaveLength(14);
  });

  it("publishes on 127.0.0.1 only", async () => {
    for (const { details } of await everyContainer()) {
      const bindings = Object.values(details.NetworkSettings.Ports).flatMap((binding) => binding ?? []);
      expect(bindings.map(({ HostIp }) => HostIp)).toEqual(bindings.map(() => "127.0.0.1"));
      expect(bindings.length).toBeGreaterThan(0);
    }
  });

  it("stays below the memory that each service reserves, all of them below their limit", async () => {
    const samples = (await everyContainer()).map(async ({ service, details }) => {
      const { memoryBytes, memoryLimitBytes } = await stack.engine.sampleStats(details.Id);
      const { mem_reservation, mem_limit } = stack.services[service] ?? {};
      const used = `${service} ${Math.ceil(memoryBytes / mebibyte)} MiB`;
      expect(memoryBytes, used).toBeLessThanOrEqual(Number(mem_reservation ?? mem_limit));
      expect(memoryLimitBytes).toBe(Number(mem_limit));
    });
    await Promise.all(samples);
  });

  it("recreates nothing the second time", async () => {
    const before = (await everyContainer()).map(({ details }) => details.Id);
    await stack.compose("up", "--detach", "--wait");
    expect((await everyContainer()).map(({ details }) => details.Id)).toEqual(before);
  });

  it("shows no secret on a command line", async () => {
    const processes = await stack.compose("top");
    expect(processes).toContain("mysqld");
    for (const value of stack.env.values()) {
      if (value.startsWith("test-secret-")) expect(processes).not.toContain(value);
    }
  });

  it("mounts no anonymous volume", async () => {
    const mounts = (await everyContainer()).flatMap(({ details }) => details.Mounts);
    const volumes = mounts.filter(({ Type }) => Type === "volume").map(({ Name = "" }) => Name);
    expect(volumes).toHaveLength(13);
    expect(volumes.filter((name) => !name.startsWith(`${stack.project}_`))).toEqual([]);
  });
});

describe("logins", () => {
  it("of .env are taken, and every service answers its protocol", async () => {
    for (const service of Object.keys(stack.services)) {
      expect(await probeServer(stack.target(service), 10_000), service).toMatchObject({ ready: true });
    }
  });

  it("with another password are refused", async () => {
    for (const service of protectedServices) {
      const target = { ...stack.target(service), password: "test-secret-another" };
      expect(await probeServer(target, 10_000), service).toMatchObject({ ready: false, reason: "denied" });
    }
  });

  it("are asked for by the web pages", async () => {
    for (const [service, path] of [
      ["grafana", "/api/org"],
      ["kafka-ui", "/api/clusters"],
    ] as const) {
      const { details } = (await everyContainer()).filter((entry) => entry.service === service)[0] ?? {};
      const image = await stack.engine.inspectImage(details?.Image ?? "");
      // The testbed's stand-in has no login to test; its label says so.
      if (image?.labels["mybroker.testbed"] !== undefined) continue;
      const { host, port } = stack.target(service);
      const { status } = await fetch(`http://${host}:${port}${path}`, { redirect: "manual" });
      expect([302, 401]).toContain(status);
    }
  });
});

describe("settings", () => {
  it.each(databases)("%s compares bytes, lives in UTC and keeps its durability", async (service) => {
    const settings = await queryMysql(
      stack.target(service),
      `SELECT @@collation_database AS collation, @@global.time_zone AS zone, @@local_infile AS local_infile,
         @@log_bin AS log_bin, @@performance_schema AS performance_schema,
         @@innodb_flush_log_at_trx_commit AS flush, @@innodb_doublewrite AS doublewrite`,
    );
    expect(settings).toEqual({
      collation: "utf8mb4_bin",
      zone: "+00:00",
      local_infile: 1,
      log_bin: 0,
      performance_schema: 0,
      flush: 1,
      doublewrite: "ON",
    });
  });

  it("b3-core-db compares bytes, lives in UTC and keeps its durability", async () => {
    const settings = await queryPostgres(
      stack.target("b3-core-db"),
      `SELECT datcollate AS collation, current_setting('TimeZone') AS zone, current_setting('fsync') AS fsync,
         current_setting('synchronous_commit') AS synchronous_commit FROM pg_database WHERE datname = current_database()`,
    );
    expect(settings).toEqual({ collation: "C", zone: "UTC", fsync: "on", synchronous_commit: "on" });
  });

  it("kafka is found again at the address that it advertises, and makes no topic by itself", async () => {
    const admin = (await connectKafka(stack)).admin();
    await admin.connect();
    try {
      const { brokers } = await admin.describeCluster();
      const { host, port } = stack.target("kafka");
      expect(brokers).toEqual([{ nodeId: 1, host, port }]);
      await expect(admin.fetchTopicMetadata({ topics: ["nobody-made-this"] })).rejects.toThrow(/topic/);
      expect(await admin.listTopics()).toEqual([]);
    } finally {
      await admin.disconnect();
    }
  });

  it("kafka answers its other listener inside the network", async () => {
    const script = "exec 3<>/dev/tcp/kafka/29092 && echo reached";
    expect(await stack.compose("exec", "-T", "rabbitmq", "bash", "-c", script)).toBe("reached");
  });

  it("prometheus scrapes rabbitmq and has no admin API", async () => {
    const { host, port } = stack.target("prometheus");
    const page = `http://${host}:${port}/api/v1`;
    const { status } = await fetch(`${page}/admin/tsdb/snapshot`, { method: "POST" });
    expect(status).toBeGreaterThanOrEqual(400);
    await expect
      .poll(
        async () => {
          const answer = await fetch(`${page}/query?query=sum%20by(job)(up)`);
          const { data } = (await answer.json()) as {
            data: { result: { metric: { job: string }; value: [number, string] }[] };
          };
          return data.result.map(({ metric, value }) => `${metric.job} ${value[1]}`).sort();
        },
        { timeout: 30_000 },
      )
      // The services are known to it, and none runs in this stack.
      .toEqual(["prometheus 1", "rabbitmq 1", "rabbitmq-queues 1", "services 0"]);
  });
});

describe("rabbitmq's topology", () => {
  it("matches the plain durable declaration of a stranger", async () => {
    await withRabbitmq(stack.target("rabbitmq"), async (channel) => {
      await channel.assertQueue(toExchange.queue, { durable: true });
      await channel.assertQueue("a-stranger", { durable: true });
      await channel.deleteQueue("a-stranger");
    });
  });

  it("routes an order, keeps a copy in the audit stream, and dead-letters what is rejected", async () => {
    await withRabbitmq(stack.target("rabbitmq"), async (channel) => {
      channel.publish(ordersExchange, toExchange.routingKey, Buffer.from("rejected"), { persistent: true });
      await channel.waitForConfirms();
      const message = await takeMessage(channel, toExchange.queue);
      expect(message.content.toString()).toBe("rejected");
      channel.nack(message, false, false);
      await expect
        .poll(() => channel.checkQueue(toExchange.deadLetterQueue), { timeout: 10_000 })
        .toMatchObject({ messageCount: 1 });
      await expect
        .poll(() => channel.checkQueue(auditStream), { timeout: 10_000 })
        .toMatchObject({ messageCount: 2 });
      const dead = await takeMessage(channel, toExchange.deadLetterQueue);
      expect(dead.fields.exchange).toBe(deadLetterExchange);
      channel.ack(dead);
    });
  });
});

describe("data", () => {
  it("is found by containers that were made anew", async () => {
    await storeInAll(stack);
    const before = (await everyContainer()).map(({ details }) => details.Id);
    await stack.compose("up", "--detach", "--wait", "--force-recreate");
    const after = (await everyContainer()).map(({ details }) => details.Id);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(await readFromAll(stack)).toEqual({
      ...Object.fromEntries(
        [...databases, "b3-core-db", "broker-mongodb", ...caches].map((name) => [name, 42]),
      ),
      rabbitmq: 10,
      kafka: 1,
    });
  }, 300_000);

  it("goes with down --volumes, and nothing of the project stays", async () => {
    await stack.compose("down", "--volumes");
    const labels = [`com.docker.compose.project=${stack.project}`];
    expect(await stack.engine.listContainers({ labels })).toEqual([]);
    expect(await stack.engine.listNetworks(labels)).toEqual([]);
    expect(await stack.engine.listVolumes(labels)).toEqual([]);
  });
});
