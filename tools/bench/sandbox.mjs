import { createHash, randomBytes, randomInt } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTimed } from "./timed-command.mjs";

/**
 * A copy of the project in a folder, under a project name and on ports of its own, so that other stacks on the machine
 * stay untouched. `remove` takes away the folder and, where it was made for an engine, every object of the project.
 */
export async function createSandbox(root, hasEngine = true) {
  const folder = mkdtempSync(join(tmpdir(), "mybroker-bench-"));
  for (const part of ["docker-compose.yml", ".env.example", "templates", "dist/services"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  const values = await fillExample(readFileSync(join(root, ".env.example"), "utf8"));
  const lines = [...values].map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(join(folder, ".env"), lines.join(""), { mode: 0o600 });
  const project = `bench-${randomBytes(3).toString("hex")}`;
  const env = cleanEnvironment(values, folder);
  return {
    folder,
    project,
    values,
    env,
    run: (command, signal, more) => runTimed({ command, cwd: folder, env: { ...env, ...more }, signal }),
    empty: () => removeObjects(project, env),
    remove: async () => {
      if (hasEngine) await removeObjects(project, env);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** .env.example with every secret filled in and every host port moved to a free one. */
async function fillExample(example) {
  const values = new Map();
  let isSecret = false;
  for (const line of example.split("\n")) {
    const [, key, value] = /^([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) values.set(key, isSecret ? randomBytes(32).toString("base64url") : value);
    isSecret = line.trim() === "# secret";
  }
  values.set("RABBITMQ_PASS_HASH", hashRabbitPassword(values.get("RABBITMQ_PASSWORD")));
  const portKeys = [...values.keys()].filter((key) => key.endsWith("_HOST_PORT"));
  const ports = await findFreePorts(portKeys.length);
  for (const [index, key] of portKeys.entries()) values.set(key, String(ports[index]));
  return values;
}

/** RabbitMQ's rabbit_password_hashing_sha256: base64(salt + sha256(salt + password)), salt of 4 bytes. */
function hashRabbitPassword(password) {
  const salt = randomBytes(4);
  const digest = createHash("sha256").update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString("base64");
}

/** Below the range that Linux hands to outgoing connections: the observer opens thousands of those. */
async function findFreePorts(count) {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = randomInt(20_000, 32_000 - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return ports;
  }
  throw new Error(`no ${count} free ports in a row between 20000 and 32000`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Without what would overrule the sandbox's .env, and with mybroker's memory inside the sandbox. */
function cleanEnvironment(values, folder) {
  const kept = Object.entries(process.env).filter(([key]) => !key.startsWith("COMPOSE_") && !values.has(key));
  return { ...Object.fromEntries(kept), XDG_STATE_HOME: join(folder, ".state") };
}

async function removeObjects(project, env) {
  const docker = async (...args) => (await runTimed({ command: ["docker", ...args], env })).stdout;
  const filter = `label=com.docker.compose.project=${project}`;
  const steps = [
    [
      ["ps", "-aq"],
      ["rm", "-f", "-v"],
    ],
    [
      ["volume", "ls", "-q"],
      ["volume", "rm", "-f"],
    ],
    [
      ["network", "ls", "-q"],
      ["network", "rm"],
    ],
  ];
  for (const [list, remove] of steps) {
    const ids = (await docker(...list, "--filter", filter)).split("\n").filter(Boolean);
    if (ids.length > 0) await docker(...remove, ...ids);
  }
}
