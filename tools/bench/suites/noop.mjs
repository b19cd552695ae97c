import { milliseconds, ratio, seconds, times } from "../figures.mjs";
import { interleave, median } from "../statistics.mjs";

export const title = "Commands on a stack that runs";

const rounds = 10;

/**
 * Short commands in turn, on a stack that is up and that none of them may change.
 * @param {{ sandbox: object, peers: object, say: (line: string) => void, signal: AbortSignal }} setting
 */
export async function run({ sandbox, peers, say, signal }) {
  const { ours, compose } = peers;
  const { project } = sandbox;
  await sandbox.run(ours.servers(project), signal);
  const before = await listContainers(sandbox);
  const measure = async (commands) => {
    const samples = Object.fromEntries(commands.map(({ key }) => [key, []]));
    for (const order of interleave(commands, rounds)) {
      for (const { key, command } of order) samples[key].push((await sandbox.run(command, signal)).wallMs);
    }
    for (const [key, values] of Object.entries(samples)) say(`${key}: ${milliseconds(median(values))}`);
    return samples;
  };
  const samples = {
    ...(await measure([
      { key: "up", command: ours.servers(project) },
      { key: "upVerify", command: ours.verify(project) },
      { key: "composeUp", command: compose.noop(project) },
    ])),
    ...(await measure([
      { key: "ps", command: ours.ps(project) },
      { key: "composePs", command: compose.ps(project) },
      { key: "pluginPs", command: compose.pluginPs(project) },
    ])),
    ...(await measure([
      { key: "version", command: ours.version() },
      { key: "node", command: [process.execPath, "-e", "0"] },
    ])),
  };
  if ((await listContainers(sandbox)) !== before) {
    throw new Error("a command that had nothing to do recreated containers: these are no figures of a no-op");
  }
  const pluginMs = milliseconds(median(samples.pluginPs));
  const notes = [
    `Medians of ${rounds} rounds in turn.`,
    `\`ps\` by the plugin's own binary, without the docker CLI in front of it: ${pluginMs}.`,
  ];
  return { samples, figures: toFigures(samples), notes };
}

async function listContainers({ run, project }) {
  const filter = `label=com.docker.compose.project=${project}`;
  return (await run(["docker", "ps", "-q", "--no-trunc", "--filter", filter])).stdout;
}

function toFigures(samples) {
  const show = (key) => seconds(median(samples[key]));
  const psRatio = ratio(samples.ps, samples.composePs);
  const versionRatio = ratio(samples.version, samples.node);
  const limited = (what, key, limitMs) => ({
    what,
    target: `<= ${limitMs} ms`,
    ours: milliseconds(median(samples[key])),
    compose: milliseconds(median(samples.composeUp)),
    met: median(samples[key]) <= limitMs,
  });
  return [
    limited("`up`, nothing to do (Compose: `up -d`)", "up", 500),
    limited("`up --verify`, every login (Compose: `up -d`)", "upVerify", 800),
    {
      what: `\`ps\` (${times(psRatio)})`,
      target: "<= 2 x Compose",
      ours: show("ps"),
      compose: show("composePs"),
      met: psRatio <= 2,
    },
    {
      what: `\`--version\` (${times(versionRatio)} \`node -e 0\`, which takes ${milliseconds(median(samples.node))})`,
      target: "<= 1.25 x node",
      ours: milliseconds(median(samples.version)),
      compose: "-",
      met: versionRatio <= 1.25,
    },
  ];
}
