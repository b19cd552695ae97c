import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type System, startSystem, waitUntilReady } from "../brokerage/start-system.js";
import { type CliRun, type CliSetting, runCli } from "../support/run-cli.js";

const repository = resolve(import.meta.dirname, "../..");

/** The whole system in this process, and a project folder whose .env leads to it. */
export interface TailLab {
  readonly system: System;
  readonly folder: string;
  tail(args: readonly string[], setting?: CliSetting): Promise<CliRun>;
  close(): Promise<void>;
}

export async function openTailLab(services?: Parameters<typeof startSystem>[0]): Promise<TailLab> {
  const system = await startSystem(services);
  await waitUntilReady(system, services?.services);
  const folder = mkdtempSync(join(tmpdir(), "mybroker-tail-"));
  for (const file of ["docker-compose.yml", ".env.example"])
    copyFileSync(join(repository, file), join(folder, file));
  const { user, password, port } = system.rabbitmq;
  const settings = {
    KAFKA_HOST_PORT: system.kafka.split(":")[1],
    RABBITMQ_HOST_PORT: port,
    RABBITMQ_USER: user,
    RABBITMQ_PASSWORD: password,
    SEED_USER_PASSWORD: password,
  };
  writeFileSync(
    join(folder, ".env"),
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  return {
    system,
    folder,
    tail: (args, setting = {}) =>
      runCli(["--runtime", "docker", "tail", ...args], {
        cwd: folder,
        homeDir: folder,
        ...setting,
        env: { DOCKER_HOST: "tcp://127.0.0.1:1", ...setting.env },
      }),
    close: async () => {
      await system.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
