import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import type { Engine } from "../../cli/engine/engine.js";
import { connectForTests } from "../../cli/engine/testing/connect-for-tests.js";
import { findCompose } from "../support/compose-stack.js";
import { type CliRun, runCli } from "../support/run-cli.js";

const example = readFileSync(resolve(import.meta.dirname, "../../.env.example"), "utf8");

/** The image that .env.example names under KEY_IMAGE: "KAFKA" gives "apache/kafka:4.1.2". */
export function imageOf(key: string): string {
  const image = new RegExp(`^${key}_IMAGE=(.+)$`, "m").exec(example)?.[1];
  if (image === undefined) throw new Error(`.env.example names no ${key}_IMAGE`);
  return image;
}

export const busybox = "busybox:1.37.0";

/** A project of its own in a folder, home and state of its own, run by the CLI in this process. */
export interface Fixture {
  readonly project: string;
  readonly folder: string;
  /** Beside the clone, so that nothing of the tester's home is read or written. */
  readonly home: string;
  readonly engine: Engine;
  /** What the CLI is started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file below the folder; folders above it are made. */
  write(path: string, text: string, mode?: number): void;
  /** compose.yaml with the project's name and these services (YAML, indented by two). */
  compose(services: string, rest?: string): void;
  cli(...args: string[]): Promise<CliRun>;
  /** The same with more variables in the environment. */
  cliWith(variables: Readonly<Record<string, string>>, ...args: string[]): Promise<CliRun>;
  /** All that `docker compose` prints, in this folder; rejects where it fails. */
  dockerCompose(...args: string[]): Promise<string>;
  /** What the CLI remembers outside of the clone is gone. */
  forgetState(): void;
  /** "exited" and so on by service, of all containers that carry the project's label. */
  states(): Promise<Record<string, string>>;
  /** Containers, volumes and networks with the project's label, by name. */
  leftovers(): Promise<string[]>;
  remove(): Promise<void>;
}

let fixtures = 0;

export async function createFixture(name: string): Promise<Fixture> {
  const engine = await connectForTests();
  const root = mkdtempSync(join(tmpdir(), `mybroker-${name}-`));
  fixtures += 1;
  const project = `faults-${process.pid}-${fixtures}-${name}`;
  const folder = join(root, "clone");
  const home = join(root, "home");
  for (const path of [folder, home]) mkdirSync(path);
  const env = { PATH: process.env.PATH, DOCKER_HOST: process.env.DOCKER_HOST };
  const labels = [`com.docker.compose.project=${project}`];
  const write: Fixture["write"] = (path, text, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode });
  };
  const cliWith: Fixture["cliWith"] = (variables, ...args) =>
    runCli(args, { cwd: folder, homeDir: home, env: { ...env, ...variables } });
  const leftovers = async () => {
    const [containers, networks, volumes] = await Promise.all([
      engine.listContainers({ labels, all: true }),
      engine.listNetworks(labels),
      engine.listVolumes(labels),
    ]);
    return [...containers, ...networks, ...volumes].map((object) => object.name).sort();
  };
  return {
    project,
    folder,
    home,
    engine,
    env,
    write,
    compose: (services, rest = "") =>
      write("compose.yaml", `name: ${project}\nservices:\n${services}\n${rest}`),
    cli: (...args) => cliWith({}, ...args),
    cliWith,
    dockerCompose: async (...args) => {
      const [program, ...prefix] = await findCompose();
      const { all } = await execa(program, [...prefix, ...args], { cwd: folder, all: true });
      return all;
    },
    forgetState: () => rmSync(join(home, ".local"), { recursive: true, force: true }),
    states: async () => {
      const containers = await engine.listContainers({ labels, all: true });
      return Object.fromEntries(
        containers.map((container) => [
          container.labels["com.docker.compose.service"] ?? "",
          container.state,
        ]),
      );
    },
    leftovers,
    remove: async () => {
      for (const { id } of await engine.listContainers({ labels, all: true })) {
        await engine.removeContainer(id, { force: true, anonymousVolumes: true });
      }
      for (const { name: volume } of await engine.listVolumes(labels)) await engine.removeVolume(volume);
      for (const { id } of await engine.listNetworks(labels)) await engine.removeNetwork(id);
      engine.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
