import { resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { expectExampleFills } from "../clients/order-service-scenario.js";
import { describePrograms } from "../clients/programs.js";
import { runOnStack } from "../interop/cli-on-stack.js";
import { buildCli } from "../support/built-cli.js";
import { tellFigures } from "../support/tell-figures.js";
import { bringServiceStack, queryPrometheus, type ServiceStack } from "./service-stack.js";

const mebibyte = 1024 ** 2;
let brought: ServiceStack;

beforeAll(async () => {
  brought = await bringServiceStack(`mybroker-services-${process.pid}`);
}, 600_000);

afterAll(() => brought?.stack.remove(), 120_000);

/** One of the stack's containers, as `docker exec` reaches it. */
function exec(service: string, ...command: string[]) {
  return execa("docker", ["exec", `${brought.stack.project}-${service}-1`, ...command], { reject: false });
}

describe("mybroker up", () => {
  it("brings the nine services at most 10 s after the last server", async () => {
    const readyAt = await Promise.all(
      brought.ready.map(async ({ service, elapsedMs }) => {
        const { State } = await brought.stack.container(service);
        return { ours: brought.services.includes(service), at: Date.parse(State.StartedAt) + elapsedMs };
      }),
    );
    const lastOf = (ours: boolean) => {
      const times = readyAt.filter((entry) => entry.ours === ours).map(({ at }) => at);
      return { count: times.length, at: Math.max(...times) };
    };
    const [servers, services] = [lastOf(false), lastOf(true)];
    expect([servers.count, services.count]).toEqual([14, 9]);
    const gapMs = Math.round(services.at - servers.at);
    console.info(`the last service was ready ${gapMs} ms after the last server`);
    expect(gapMs).toBeLessThanOrEqual(10_000);
  });

  it("builds one image for all of them, and neither builds nor changes anything the second time", async () => {
    const containers = await Promise.all(brought.services.map((service) => brought.stack.container(service)));
    expect(new Set(containers.map(({ Image }) => Image)).size).toBe(1);
    const again = await runOnStack(brought.stack, ["up", "--json"]);
    expect(again.json()).toMatchObject({ ok: true, data: { changed: false } });
  });

  it("leaves one out with -x, and makes all the others", async () => {
    const { project, engine } = brought.stack;
    const report = `${project}-broker-report-1`;
    await engine.removeContainer(report, { force: true, anonymousVolumes: false });
    const without = await runOnStack(brought.stack, ["up", "-x", "broker-report", "--json"]);
    expect(without.json()).toMatchObject({ ok: true, data: { changed: false } });
    expect(await engine.inspectContainer(report)).toBeUndefined();
    const named = await runOnStack(brought.stack, ["up", "broker-report", "--json"]);
    expect(named.json()).toMatchObject({ ok: true, data: { changed: true } });
  });
});

describe("each container of a service", () => {
  it("takes at most 100 MiB", async () => {
    const used = await Promise.all(
      brought.services.map(async (service) => {
        const { Id } = await brought.stack.container(service);
        const { memoryBytes } = await brought.stack.engine.sampleStats(Id);
        return [service, Math.ceil(memoryBytes / mebibyte)] as const;
      }),
    );
    console.info(used.map(([service, mebibytes]) => `${service} ${mebibytes} MiB`).join(", "));
    expect(used.filter(([, mebibytes]) => mebibytes > 100)).toEqual([]);
  });

  it("runs as a user who may write nothing", async () => {
    for (const service of brought.services) {
      const { stdout, exitCode } = await exec(service, "bash", "-c", "id -u; touch /app/x || touch /tmp/x");
      expect({ service, stdout, exitCode }).toEqual({ service, stdout: "1000", exitCode: 1 });
    }
  });

  it("becomes healthy by its own check, which starts no Node", async () => {
    for (const service of brought.services) {
      const check = String(brought.stack.services[service]?.healthcheck?.test);
      expect(check).not.toMatch(/\bnode\b/);
      await expect
        .poll(async () => (await brought.stack.container(service)).State.Health?.Status, { timeout: 30_000 })
        .toBe("healthy");
    }
  });

  it("ends by itself when it is asked to", async () => {
    const run = await runOnStack(brought.stack, ["stop", ...brought.services, "--json"]);
    expect(run.exitCode).toBe(0);
    for (const service of brought.services) {
      const { State } = await brought.stack.container(service);
      expect([service, State.ExitCode]).toEqual([service, 0]);
    }
    expect((await runOnStack(brought.stack, ["up", "--json"])).exitCode).toBe(0);
  });
});

describe("metrics", () => {
  it("of all nine are scraped", async () => {
    const scraped = async () =>
      (await queryPrometheus(brought.stack, 'up{job="services"} == 1')).map(({ metric }) => metric.service);
    await expect
      .poll(async () => (await scraped()).sort(), { timeout: 60_000 })
      .toEqual([...brought.services].sort());
  });

  it("of all nine are accepted by promtool", async () => {
    for (const service of brought.services) {
      const { port } = brought.stack.services[service]?.["x-mybroker"] ?? {};
      const script = `wget -q -T 4 -O - http://${service}:${port}/metrics | promtool check metrics`;
      const { stdout, stderr, exitCode } = await exec("prometheus", "sh", "-c", script);
      expect({ service, exitCode, said: stdout + stderr }).toEqual({ service, exitCode: 0, said: "" });
    }
  });
});

// In the long runs only: test/clients shows the same on the embedded runtime.
if (process.env.MYBROKER_LONG_RUNS === "1") {
  describePrograms(["python3-pika", "python3-kafka"], () => {
    it("the example order service, in the place of ours, takes orders that are filled and settled", async () => {
      const cli = await buildCli();
      onTestFinished(() => cli.remove());
      const { project, envFile, target } = brought.stack;
      const { PATH, DOCKER_HOST } = process.env;
      const setting = {
        cwd: resolve(import.meta.dirname, "../.."),
        env: { PATH, DOCKER_HOST, HOME: resolve(envFile, "../home") },
      };
      const place = ["-p", project, "-f", "docker-compose.yml", "--env-file", envFile];
      const start = (args: readonly string[]) => cli.start([...place, ...args], setting);
      const run = (...args: readonly string[]) => start(args).ended;
      tellFigures(await expectExampleFills({ start, run, portOf: (service) => target(service).port }));
    });
  });
}
