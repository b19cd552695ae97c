import { resolve } from "node:path";
import type { ComposeStack } from "../support/compose-stack.js";
import { type CliRun, type CliSetting, runCli } from "../support/run-cli.js";

const root = resolve(import.meta.dirname, "../..");

/** The CLI on the shipped stack, under the names, ports and secrets that the stack was prepared with. */
export function runOnStack(
  stack: ComposeStack,
  args: readonly string[],
  setting: CliSetting = {},
): Promise<CliRun> {
  const place = ["-p", stack.project, "-f", "docker-compose.yml", "--env-file", stack.envFile];
  const { PATH, DOCKER_HOST } = process.env;
  return runCli([...place, ...args], {
    cwd: root,
    homeDir: resolve(stack.envFile, "../home"),
    env: { PATH, DOCKER_HOST },
    ...setting,
  });
}

/** Values that must not be printed anywhere. */
export function secretsOf(stack: ComposeStack): string[] {
  return [...stack.env.values()].filter((value) => value.startsWith("test-secret-"));
}

/** What carries the project's label. */
export async function leftovers({ engine, project }: ComposeStack): Promise<string[]> {
  const labels = [`com.docker.compose.project=${project}`];
  const found = await Promise.all([
    engine.listContainers({ labels, all: true }),
    engine.listNetworks(labels),
    engine.listVolumes(labels),
  ]);
  return found.flat().map(({ name }) => name);
}

/** Every act on the project's objects while the work goes on; healthchecks and the reading of files are none. */
export async function changesDuring(stack: ComposeStack, work: () => Promise<void>): Promise<string[]> {
  const stop = new AbortController();
  const events = await stack.engine.events(
    { labels: [`com.docker.compose.project=${stack.project}`] },
    stop.signal,
  );
  const changes: string[] = [];
  const reading = (async () => {
    for await (const { type, action, attributes } of events) {
      if (!/^(exec_|health_status|archive-path)/.test(action))
        changes.push(`${type} ${action} ${attributes.name}`);
    }
  })();
  try {
    await work();
  } finally {
    stop.abort();
    await reading;
  }
  return changes;
}
