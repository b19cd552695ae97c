import { setTimeout } from "node:timers/promises";
import { listServers } from "../observer/start.mjs";

export const title = "Memory at idle";

const sampleEveryMs = 10_000;
const settleTimeoutMs = 300_000;

/** MiB by `docker stats`, for each kind of server that has a ceiling. */
const ceilings = [
  { ceilingMib: 230, isFor: ({ kind }) => kind === "mysql" },
  { ceilingMib: 400, isFor: ({ kind }) => kind === "kafka" },
  { ceilingMib: 200, isFor: ({ kind }) => kind === "rabbitmq" },
  { ceilingMib: 60, isFor: ({ kind }) => kind === "postgres" },
  { ceilingMib: 10, isFor: ({ kind }) => kind === "redis" },
  // Of the pages it is the one that stores something.
  { ceilingMib: 60, isFor: ({ healthUrl }) => healthUrl === "/-/ready" },
];

/** Waits until no server's memory moves any more, then holds it against the ceilings. */
export async function run({ sandbox, peers, say, signal }) {
  await sandbox.run(peers.ours.servers(sandbox.project), signal);
  const servers = await listServers(sandbox, peers);
  const startedMs = performance.now();
  const settled = await settle({ sandbox, signal, say });
  const idleSeconds = Math.round((performance.now() - startedMs) / 1000);
  const figures = servers.flatMap((server) => {
    const ceiling = ceilings.find(({ isFor }) => isFor(server));
    return ceiling === undefined ? [] : [toFigure(server, ceiling, settled)];
  });
  const all = Object.values(settled).reduce((sum, mib) => sum + mib, 0);
  const notes = [
    `After ${idleSeconds} s of idling: two samples 10 s apart in which no container moved by 1 % (or 0.5 MiB).`,
    `All ${servers.length} containers together: ${Math.round(all)} MiB.`,
  ];
  return { samples: settled, figures, notes };
}

async function settle({ sandbox, say, signal }) {
  const deadlineMs = performance.now() + settleTimeoutMs;
  let before = await readMemory(sandbox);
  while (performance.now() < deadlineMs) {
    await setTimeout(sampleEveryMs, undefined, { signal });
    const now = await readMemory(sandbox);
    const moving = Object.keys(now).filter((name) => {
      const changeMib = Math.abs(now[name] - before[name]);
      return changeMib > 0.5 && changeMib / before[name] >= 0.01;
    });
    if (moving.length === 0) return now;
    say(`still moving: ${moving.join(", ")}`);
    before = now;
  }
  throw new Error(`memory did not settle within ${settleTimeoutMs / 1000} s`);
}

/** MiB of each service's container. */
async function readMemory({ run, project }) {
  const filter = `label=com.docker.compose.project=${project}`;
  const format = '{{.ID}} {{.Label "com.docker.compose.service"}}';
  const listed = await run(["docker", "ps", "--no-trunc", "--format", format, "--filter", filter]);
  const services = new Map(lines(listed.stdout).map((line) => line.split(" ")));
  const stats = await run([
    ...["docker", "stats", "--no-stream", "--no-trunc", "--format", "{{.ID}} {{.MemUsage}}"],
    ...services.keys(),
  ]);
  return Object.fromEntries(
    lines(stats.stdout).map((line) => {
      const [id, usage] = line.split(" ");
      return [services.get(id), parseMib(usage)];
    }),
  );
}

function lines(text) {
  return text.split("\n").filter((line) => line !== "");
}

/** "221.3MiB", as the docker CLI prints it. */
function parseMib(text) {
  const [, number, unit] = /^([\d.]+)([KMG]?i?B)$/.exec(text) ?? [];
  const factor = { B: 1 / 1024 ** 2, KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit];
  if (factor === undefined) throw new Error(`docker stats gave ${text} for memory`);
  return Number(number) * factor;
}

function toFigure({ service }, { ceilingMib }, settled) {
  return {
    what: service,
    target: `<= ${ceilingMib} MiB`,
    ours: `${settled[service].toFixed(1)} MiB`,
    compose: "the same container",
    met: settled[service] <= ceilingMib,
  };
}
