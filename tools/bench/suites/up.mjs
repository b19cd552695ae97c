import { milliseconds, ratio, seconds, times } from "../figures.mjs";
import { listServers, startObserver } from "../observer/start.mjs";
import { interleave, median, percentile } from "../statistics.mjs";

export const title = "Cold start and removal";

const lagTargetMs = 150;
const preflightTargetMs = 300;

/**
 * Pairs of a cold start (no volumes, images present) and a removal with volumes by each peer, on the same files.
 * @param {{ sandbox: object, peers: object, pairs: number, say: (line: string) => void, signal: AbortSignal }} setting
 */
export async function run({ sandbox, peers, pairs, say, signal }) {
  const servers = await listServers(sandbox, peers);
  const samples = { mybroker: [], compose: [] };
  for (const [round, order] of interleave([peers.ours, peers.compose], pairs).entries()) {
    for (const peer of order) {
      const sample = await measureCycle({ sandbox, servers, peer, signal });
      samples[peer.name].push(sample);
      say(`pair ${round + 1} of ${pairs}, ${peer.name}: ${describe(sample)}`);
    }
  }
  await sandbox.empty();
  return { samples, figures: toFigures(samples), notes: toNotes(samples, servers.length) };
}

async function measureCycle({ sandbox, servers, peer, signal }) {
  await sandbox.empty();
  const observer = await startObserver(servers);
  try {
    const up = await sandbox.run(peer.coldUp(sandbox.project), signal);
    const seen = await observer.finish();
    const last = seen.reduce((latest, one) => (one.loggedInMs > latest.loggedInMs ? one : latest));
    const firstObjectAtMs = await readNetworkCreation(sandbox);
    const down = await sandbox.run(peer.down(sandbox.project), signal);
    return {
      upMs: up.wallMs,
      lagMs: up.endedMs - last.loggedInMs,
      lastService: last.service,
      lastLoginMs: last.loggedInMs - up.startedMs,
      firstObjectMs: firstObjectAtMs - up.startedAtMs,
      observerCpuMs: Math.max(...seen.map(({ cpuMs }) => cpuMs)),
      downMs: down.wallMs,
      preflightMs: Number(/^debug: pre-flight took (\d+) ms$/m.exec(up.stderr)?.[1] ?? Number.NaN),
    };
  } finally {
    observer.stop();
  }
}

/** The engine's own time for the first thing that either tool creates. */
async function readNetworkCreation({ run, project }) {
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout: id } = await run(["docker", "network", "ls", "-q", "--filter", filter]);
  const { stdout } = await run(["docker", "network", "inspect", "-f", "{{json .Created}}", id.trim()]);
  return Date.parse(JSON.parse(stdout));
}

function describe({ upMs, lagMs, lastService, downMs }) {
  return `up ${seconds(upMs)}, ${milliseconds(lagMs)} after ${lastService}; down ${seconds(downMs)}`;
}

function toFigures({ mybroker, compose }) {
  const column = (samples, key) => samples.map((sample) => sample[key]);
  const both = (key, show) => ({ ours: show(column(mybroker, key)), compose: show(column(compose, key)) });
  const spread = (values) =>
    [percentile(values, 50), percentile(values, 95), Math.max(...values)].map(milliseconds).join(" / ");
  const wallRatio = ratio(column(mybroker, "upMs"), column(compose, "upMs"));
  const preflightMs = median(column(mybroker, "preflightMs"));
  const downRatio = ratio(column(mybroker, "downMs"), column(compose, "downMs"));
  return [
    {
      what: "last server let the observer in -> `up` returned (p50 / p95 / max)",
      target: `p95 <= ${lagTargetMs} ms`,
      ...both("lagMs", spread),
      met: percentile(column(mybroker, "lagMs"), 95) <= lagTargetMs,
    },
    {
      what: `cold \`up\`, wall time, median (${times(wallRatio)})`,
      target: "<= 1 x Compose",
      ...both("upMs", (values) => seconds(median(values))),
      met: wallRatio <= 1,
    },
    {
      what: "command's start -> the first object exists, median",
      target: "-",
      ...both("firstObjectMs", (values) => milliseconds(median(values))),
      met: undefined,
    },
    {
      what: "of it the pre-flight, as `--debug` says, median",
      target: `<= ${preflightTargetMs} ms`,
      ours: milliseconds(preflightMs),
      compose: "-",
      met: preflightMs <= preflightTargetMs,
    },
    {
      what: `\`down --volumes\`, median (${times(downRatio)})`,
      target: "<= 1 x Compose",
      ...both("downMs", (values) => seconds(median(values))),
      met: downRatio <= 1,
    },
  ];
}

function toNotes({ mybroker, compose }, servers) {
  const load = (samples) => milliseconds(median(samples.map(({ observerCpuMs }) => observerCpuMs)));
  return [
    `${mybroker.length} interleaved pairs (A B, B A, ...), ${servers} servers, volumes removed in between.`,
    `The observer took ${load(mybroker)} of CPU time beside mybroker, ${load(compose)} beside Compose (median).`,
  ];
}
