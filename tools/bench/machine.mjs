import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { composeCommand } from "./peers.mjs";

/** What the figures were taken on; without names of the machine or its user. */
export function describeMachine(hasEngine = true) {
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    kernel: `${type()} ${release()}`,
    ...(hasEngine && {
      engine: ask(["docker", "version", "--format", "{{.Server.Version}}"]),
      compose: ask([...composeCommand(), "version", "--short"]),
    }),
    node: process.versions.node,
    /** Runnable processes, mean of the last minute: more than a few tenths, and others were at work. */
    loadBefore: Number(loadavg()[0].toFixed(2)),
  };
}

export function machineLine(machine) {
  const { date, cores, memoryGib, kernel, engine, compose, node, loadBefore } = machine;
  const size = `${cores} cores, ${memoryGib} GiB, ${kernel}`;
  const docker = engine === undefined ? "" : `Docker Engine ${engine}, Compose ${compose}, `;
  const versions = `${docker}Node.js ${node}`;
  return `${date}: ${size}; ${versions}; load before the run ${loadBefore}.`;
}

function ask([file, ...args]) {
  const answer = spawnSync(file, args, { encoding: "utf8" });
  if (answer.status !== 0) {
    throw new Error(`${file} ${args.join(" ")} failed: ${answer.error?.message ?? answer.stderr.trim()}`);
  }
  return answer.stdout.trim();
}
