import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BuiltCli, Child, EndedChild } from "./built-cli.js";
import { nobody } from "./built-cli.js";
import { findFreePorts } from "./free-ports.js";
import { validateOutput } from "./validate-output.js";

const repository = resolve(import.meta.dirname, "../..");

export interface EmbeddedProject {
  readonly folder: string;
  readonly stateFolder: string;
  readonly ports: { readonly kafka: number; readonly rabbitmq: number };
  /** The published port of any service, by its name. */
  portOf(service: string): number;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Child;
  run(...args: readonly string[]): Promise<EndedChild>;
  /** The document of a command with -o json, held against docs/schema. */
  json<Data>(...args: readonly string[]): Promise<{
    ok: boolean;
    runtime: string | null;
    data: Data;
    error: { code: string; message: string; exitCode: number } | null;
  }>;
  /** The embedded runtime's own folder. */
  readonly place: string;
  readOwnerPid(): number;
  remove(): Promise<void>;
}

/** The shipped stack in a folder, home and ports of its own, on a machine without Docker. */
export async function createEmbeddedProject(
  cli: BuiltCli,
  { unprivileged = false }: { readonly unprivileged?: boolean } = {},
): Promise<EmbeddedProject> {
  const root = mkdtempSync(join(tmpdir(), "mybroker-embedded-"));
  const folder = join(root, "clone");
  const stateFolder = join(root, "state");
  for (const path of [folder, stateFolder, join(root, "home")]) mkdirSync(path);
  for (const file of ["docker-compose.yml", ".env.example"])
    copyFileSync(join(repository, file), join(folder, file));
  const example = readFileSync(join(folder, ".env.example"), "utf8");
  const keys = [...example.matchAll(/^\w+_HOST_PORT(?==)/gm)].map(([key]) => key);
  const free = await findFreePorts(keys.length);
  writeFileSync(join(folder, ".env"), keys.map((key, index) => `${key}=${free[index]}\n`).join(""));
  const portOf = (service: string) =>
    free[keys.indexOf(`${service.toUpperCase().replaceAll("-", "_")}_HOST_PORT`)] ?? 0;
  if (unprivileged) {
    for (const path of [root, folder, stateFolder, join(root, "home"), join(folder, ".env")])
      chownSync(path, nobody, nobody);
    chmodSync(root, 0o755);
  }
  const base = {
    PATH: process.env.PATH,
    HOME: join(root, "home"),
    XDG_STATE_HOME: stateFolder,
    DOCKER_HOST: `unix://${root}/no-docker.sock`,
  };
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    cli.start(args, { cwd: folder, env: { ...base, ...env }, unprivileged });
  const run = (...args: readonly string[]) => start(args).ended;
  const findPlace = (): string => {
    const [name = ""] = readdirSync(join(stateFolder, "mybroker", "projects"));
    return join(stateFolder, "mybroker", "projects", name, "embedded", "mybroker");
  };
  return {
    folder,
    stateFolder,
    ports: { kafka: portOf("kafka"), rabbitmq: portOf("rabbitmq") },
    portOf,
    start,
    run,
    json: async (...args) => {
      const { stdout } = await run(...args, "-o", "json");
      const document = JSON.parse(stdout);
      validateOutput(document);
      return document;
    },
    get place() {
      return findPlace();
    },
    readOwnerPid: () => JSON.parse(readFileSync(join(findPlace(), "data", "owner.json"), "utf8")).pid,
    remove: async () => {
      await run("--runtime", "embedded", "down");
      rmSync(root, { recursive: true, force: true });
    },
  };
}
