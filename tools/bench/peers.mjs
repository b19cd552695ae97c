import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const pluginBinary = ["docker-compose"];

/**
 * The two tools as they are typed for the same job. `stack` names the project; both run in its folder.
 * @returns {{ ours: object, compose: object }}
 */
export function findPeers(root) {
  const bin = join(root, "bin", "mybroker.js");
  if (!existsSync(join(root, "dist", "main.js"))) throw new Error("mybroker is not built: npm run build");
  const ours = (project) => [process.execPath, bin, "-p", project];
  const compose = (project) => [...composeCommand(), "-p", project];
  return {
    ours: {
      name: "mybroker",
      version: () => [process.execPath, bin, "--version"],
      up: (project) => [...ours(project), "up"],
      // The 14 servers, which are what Compose starts where no profile is named.
      servers: (project) => [...ours(project), "up", "--infra"],
      coldUp: (project) => [...ours(project), "--debug", "up", "--infra"],
      verify: (project) => [...ours(project), "up", "--infra", "--verify"],
      ps: (project) => [...ours(project), "ps"],
      psJson: (project) => [...ours(project), "-o", "json", "ps"],
      down: (project) => [...ours(project), "--yes", "down", "--volumes"],
      order: (project, words) => [...ours(project), "order", ...words],
      seed: (project) => [...ours(project), "--progress", "quiet", "seed"],
      tail: (project, words) => [...ours(project), "tail", ...words],
      simulate: (project, { rate, count, users }) => [
        ...[...ours(project), "-o", "json", "simulate"],
        ...["--rate", `${rate}/s`, "--count", `${count}`, "--users", `${users}`, "--duration", "10m"],
      ],
    },
    compose: {
      name: "compose",
      coldUp: (project) => [...compose(project), "up", "-d", "--wait"],
      noop: (project) => [...compose(project), "up", "-d"],
      ps: (project) => [...compose(project), "ps"],
      pluginPs: (project) => [...pluginBinary, "-p", project, "ps"],
      down: (project) => [...compose(project), "down", "--volumes"],
      config: (project) => [...compose(project), "config"],
      pull: (project) => [...compose(project), "pull", "--quiet", "--policy", "missing"],
    },
  };
}

/** As it is typed; the plugin's own binary only where the docker CLI does not find it. */
export function composeCommand() {
  for (const command of [["docker", "compose"], pluginBinary]) {
    const [file, ...args] = command;
    const answer = spawnSync(file, [...args, "version", "--short"], { encoding: "utf8" });
    if (answer.status === 0 && /^v?[2-9]/.test(answer.stdout)) return command;
  }
  throw new Error("Docker Compose 2 is needed beside mybroker: the plugin or the docker-compose binary");
}
