import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { type BuiltCli, buildCli, type Child, type EndedChild } from "../support/built-cli.js";
import { findCompose } from "../support/compose-stack.js";
import { findFreePorts } from "../support/free-ports.js";

const repository = resolve(import.meta.dirname, "../..");

export interface ContainerProject {
  readonly name: string;
  /** Of its compose file and .env. */
  readonly folder: string;
  /** What its commands have as environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  portOf(service: string): number;
  start(...args: string[]): Child;
  run(...args: string[]): Promise<EndedChild>;
  compose(...args: string[]): Promise<{ readonly stdout: string }>;
  /** "running" and so on, by container name without the project's. */
  states(): Promise<Record<string, string>>;
  /** Runs a command in a service's container. */
  exec(service: string, ...command: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** The shipped stack in the folder of a built CLI, under a name and ports of its own. Nothing is created on the engine. */
export async function createContainerProject(name: string): Promise<ContainerProject> {
  const cli: BuiltCli = await buildCli();
  const folder = resolve(cli.program, "../..");
  for (const file of ["docker-compose.yml", ".env.example"])
    copyFileSync(join(repository, file), join(folder, file));
  cpSync(join(repository, "templates"), join(folder, "templates"), { recursive: true });
  const home = join(folder, "home");
  mkdirSync(home);
  const example = readFileSync(join(folder, ".env.example"), "utf8");
  const keys = [...example.matchAll(/^\w+_HOST_PORT(?==)/gm)].map(([key]) => key);
  const free = await findFreePorts(keys.length);
  const lines = [`COMPOSE_PROJECT_NAME=${name}`, ...keys.map((key, index) => `${key}=${free[index]}`)];
  writeFileSync(join(folder, ".env"), `${lines.join("\n")}\n`);
  const { PATH, DOCKER_HOST } = process.env;
  const env = { PATH, DOCKER_HOST, HOME: home, XDG_STATE_HOME: join(home, "state") };
  const start = (...args: string[]) => cli.start(["--runtime", "docker", ...args], { cwd: folder, env });
  const docker = async (...args: string[]) => (await execa("docker", args)).stdout;
  return {
    name,
    folder,
    env,
    portOf: (service) => free[keys.indexOf(`${service.toUpperCase().replaceAll("-", "_")}_HOST_PORT`)] ?? 0,
    start,
    run: (...args) => start(...args).ended,
    compose: async (...args) => {
      const [program, ...prefix] = await findCompose();
      return execa(program, [...prefix, ...args], { cwd: folder, env });
    },
    states: async () => {
      const label = `label=com.docker.compose.project=${name}`;
      const listed = await docker("ps", "-a", "--filter", label, "--format", "{{.Names}} {{.State}}");
      const rows = listed.split("\n").filter((line) => line !== "");
      return Object.fromEntries(rows.map((line) => line.replace(`${name}-`, "").split(" ")));
    },
    exec: (service, ...command) => docker("exec", `${name}-${service}-1`, ...command),
    remove: async () => {
      await start("down", "-v", "--rmi", "local", "-y").ended;
      cli.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
