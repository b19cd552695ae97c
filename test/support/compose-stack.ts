import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import type { MybrokerExtension, Service } from "../../cli/compose/model.js";
import type { ContainerDetails, Engine } from "../../cli/engine/engine.js";
import { connectForTests } from "../../cli/engine/testing/connect-for-tests.js";
import { hashRabbitPassword } from "../../cli/env/generate-secrets.js";
import type { ProbeTarget } from "../../cli/ready/probe.js";
import { findFreePorts } from "./free-ports.js";

const root = resolve(import.meta.dirname, "../..");

/** The shipped stack as `docker compose` runs it, under a project name, ports and secrets of its own. */
export interface ComposeStack {
  readonly project: string;
  readonly engine: Engine;
  /** Absolute; in a folder of its own. */
  readonly envFile: string;
  readonly env: ReadonlyMap<string, string>;
  /** As `docker compose config` resolves them. */
  readonly services: Readonly<Record<string, Service & { "x-mybroker": MybrokerExtension }>>;
  compose(...args: string[]): Promise<string>;
  /** The same without any profile. */
  withoutProfiles(...args: string[]): Promise<string>;
  container(service: string): Promise<ContainerDetails>;
  /** Where the server is reached, with the login of .env. */
  target(service: string): ProbeTarget;
  /** Everything of the project and its data. */
  remove(): Promise<void>;
}

/** Prepares the project; nothing is created on the engine yet. Without profiles it is the infrastructure alone. */
export async function prepareComposeStack(
  project: string,
  profiles: readonly string[] = [],
): Promise<ComposeStack> {
  const engine = await connectForTests();
  const folder = await mkdtemp(join(tmpdir(), `${project}-`));
  const env = await fillExample();
  const envFile = join(folder, ".env");
  await writeFile(envFile, [...env].map(([key, value]) => `${key}=${value}\n`).join(""), { mode: 0o600 });
  const [program, ...prefix] = await findCompose();
  const place = [...prefix, "-p", project, "-f", join(root, "docker-compose.yml"), "--env-file", envFile];
  const composeWith =
    (names: readonly string[]) =>
    async (...args: string[]) => {
      const chosen = names.flatMap((name) => ["--profile", name]);
      return (await execa(program, [...place, ...chosen, ...args], { all: true })).all;
    };
  const compose = composeWith(profiles);
  // Not as JSON, which leaves x-mybroker out.
  const { services } = parse(await compose("config"), { maxAliasCount: -1 }) as ComposeStack;
  return {
    project,
    engine,
    envFile,
    env,
    services,
    compose,
    withoutProfiles: composeWith([]),
    container: async (service) => {
      const found = await engine.inspectContainer(`${project}-${service}-1`);
      if (found === undefined) throw new Error(`${project} has no container for ${service}`);
      return found;
    },
    target: (service) => makeTarget({ services, env, host: engine.endpoint.hostAddress, service }),
    remove: async () => {
      await composeWith(["*"])("down", "--volumes", "--timeout", "20", "--rmi", "local");
      await rm(folder, { recursive: true });
      engine.close();
    },
  };
}

/** The plugin, or the same program under its own name. */
export async function findCompose(): Promise<[string, ...string[]]> {
  const plugin = await execa("docker", ["compose", "version"], { reject: false });
  return plugin.failed ? ["docker-compose"] : ["docker", "compose"];
}

/** .env.example with test secrets and free ports. */
async function fillExample(): Promise<Map<string, string>> {
  const text = await readFile(join(root, ".env.example"), "utf8");
  const assignments = [...text.matchAll(/(?<secret># secret\n)?^(?<key>[A-Z0-9_]+)=(?<value>.*)$/gm)];
  const ports = await findFreePorts(assignments.length);
  const env = new Map<string, string>();
  for (const { groups } of assignments) {
    const { secret, key = "", value = "" } = groups ?? {};
    const made = secret === undefined ? value : `test-secret-${key.toLowerCase().replaceAll("_", "-")}`;
    env.set(key, key.endsWith("_HOST_PORT") ? String(ports.pop()) : made);
  }
  // 32 bytes in base64url, as an Ed25519 seed is.
  env.set("JWT_PRIVATE_SEED", (env.get("JWT_PRIVATE_SEED") ?? "").padEnd(43, "A"));
  env.set("RABBITMQ_PASS_HASH", hashRabbitPassword(env.get("RABBITMQ_PASSWORD") ?? ""));
  return env;
}

interface TargetParts extends Pick<ComposeStack, "services" | "env"> {
  readonly host: string;
  readonly service: string;
}

function makeTarget({ services, env, host, service }: TargetParts): ProbeTarget {
  const resolved = services[service];
  const extension = resolved?.["x-mybroker"];
  if (extension === undefined) throw new Error(`${service} has no x-mybroker`);
  const published = resolved?.ports?.find(({ target }) => target === extension.port)?.published;
  const { user, password, database } = extension.credentials ?? {};
  const value = (name: "user" | "password" | "database", key: string | undefined) =>
    key === undefined ? {} : { [name]: env.get(key) ?? "" };
  return {
    service,
    extension,
    host,
    port: Number(published),
    ...value("user", user),
    ...value("password", password),
    ...value("database", database),
  };
}
