import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

const image = "busybox:1.37.0";
const label = `mybroker.test=testbed-${process.pid}`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mybroker-testbed-"));
  await docker("pull", "-q", image);
});

afterEach(async () => {
  const ids = await docker("ps", "-aq", "--filter", `label=${label}`);
  if (ids !== "") await docker("rm", "-fv", ...ids.split("\n"));
});

afterAll(() => rm(folder, { recursive: true }));

async function docker(...args: string[]): Promise<string> {
  return (await execa("docker", args)).stdout;
}

/** Runs an image without settings to its end, and gives back what it said. */
async function runBare(name: string, ...settings: string[]): Promise<string> {
  const { failed, all } = await execa("docker", ["run", "--rm", "--label", label, ...settings, name], {
    all: true,
    reject: false,
    timeout: 60_000,
  });
  expect(failed, `${name} took ${settings.join(" ")}`).toBe(true);
  return all;
}

async function imageOf(key: string): Promise<string> {
  const { stdout } = await execa("sed", ["-n", `s/^${key}_IMAGE=//p`, ".env.example"]);
  return stdout;
}

function readFrom(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => resolve(text)).on("error", reject);
  });
}

describe("the engine", () => {
  it("publishes a port that answers", async () => {
    const serve = "echo alive >/tmp/index.html && exec httpd -f -h /tmp";
    const id = await docker("run", "-d", "--label", label, "-p", "127.0.0.1::80", image, "sh", "-c", serve);
    const port = Number((await docker("port", id, "80")).split(":")[1]);
    await vi.waitFor(async () => expect(await readFrom(port)).toContain("alive"), { timeout: 10_000 });
  });

  it("answers a pull of a tag that does not exist with an error", async () => {
    await expect(docker("pull", "busybox:no-such-tag")).rejects.toThrow(
      /not found|manifest unknown|no such host/,
    );
  });
});

describe("the images refuse what the official ones refuse", () => {
  it("MySQL without a root password", async () => {
    expect(await runBare(await imageOf("BROKER_WALLET_DB"))).toContain("MYSQL_ROOT_PASSWORD");
  });

  it("PostgreSQL without a password", async () => {
    expect(await runBare(await imageOf("B3_CORE_DB"))).toContain("POSTGRES_PASSWORD");
  });

  it("RabbitMQ with a setting that it no longer takes from the environment", async () => {
    const said = await runBare(await imageOf("RABBITMQ"), "-e", "RABBITMQ_DEFAULT_PASS_FILE=/secret");
    expect(said).toContain("RABBITMQ_DEFAULT_PASS_FILE is set but deprecated");
  });

  it("RabbitMQ with a cookie that others can read", async () => {
    const name = await imageOf("RABBITMQ");
    const script =
      "cd /var/lib/rabbitmq && echo test-only >.erlang.cookie && exec docker-entrypoint.sh rabbitmq-server";
    const { exitCode, all } = await execa(
      "docker",
      ["run", "--rm", "--label", label, "--entrypoint", "sh", name, "-c", script],
      { all: true, reject: false, timeout: 60_000 },
    );
    expect(exitCode).not.toBe(0);
    expect(all).toContain("must be accessible by owner only");
  });
});

// On other engines there is no testbed to kill: the test is not there, instead of skipped.
if (process.getuid?.() === 0 && process.env.DOCKER_HOST?.includes("mybroker-testbed")) {
  it("the testbed heals after its processes were killed, and leaves nothing when it goes down", async () => {
    const archive = join(folder, "busybox.tar");
    await docker("save", "-o", archive, image);
    const apart = ["--net", "--mount", "--pid", "--fork", "--mount-proc"];
    const script = ["bash", "tools/testbed/survives-kill.sh", folder, archive];
    const { stdout } = await execa("unshare", [...apart, ...script]);
    expect(stdout.match(/^ok /gm)).toHaveLength(8);
  });
}
