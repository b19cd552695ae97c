// npm run bench: the figures of docs/benchmarks.md. Arguments: see `usage`.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderTable } from "./figures.mjs";
import { describeMachine, machineLine } from "./machine.mjs";
import { findPeers } from "./peers.mjs";
import { createSandbox } from "./sandbox.mjs";
import * as book from "./suites/book.mjs";
import * as embedded from "./suites/embedded.mjs";
import * as memory from "./suites/memory.mjs";
import * as noop from "./suites/noop.mjs";
import * as orders from "./suites/orders.mjs";
import * as seed from "./suites/seed.mjs";
import * as tail from "./suites/tail.mjs";
import * as up from "./suites/up.mjs";
import { writeSections } from "./write-docs.mjs";

const usage = `usage: npm run bench -- [up] [memory] [noop] [embedded] [book] [orders] [seed] [tail] [--pairs N] [--json FILE] [--write]
  up          cold starts and removals beside Docker Compose
  memory      each server's memory at idle
  noop        short commands on a stack that runs
  embedded    the embedded runtime, its brokers beside the real ones; needs kcat
  book        the exchange's book beside an npm package; needs no engine
  orders      orders through the whole system, embedded and, where an engine answers, on Docker
  seed        the seed's loader beside the servers' own clients, and the command on nine stores
  tail        reading Kafka beside kcat; needs kcat, and no engine
  --pairs N   pairs of \`up\` (default 5)
  --json FILE every sample
  --write     put the tables into docs/benchmarks.md`;

/** In the order in which they run: memory leaves an idle stack to noop. */
const suites = { up, memory, noop, embedded, book, orders, seed, tail };
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const setting = readArguments();
if (setting !== undefined) await measure(setting);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        pairs: { type: "string", default: "5" },
        json: { type: "string" },
        write: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const pairs = Number(values.pairs);
    const unknown = positionals.find((name) => !(name in suites));
    if (unknown !== undefined) throw new Error(`there is no bench ${unknown}`);
    if (!Number.isInteger(pairs) || pairs < 1) throw new Error(`--pairs ${values.pairs}: not a count`);
    if (!values.help) {
      const asked = Object.keys(suites).filter(
        (name) => positionals.length === 0 || positionals.includes(name),
      );
      return { ...values, pairs, names: asked };
    }
    console.log(usage);
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exitCode = 2;
  }
}

async function measure({ names, pairs, json, write }) {
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interrupted.abort());
  const { signal } = interrupted;
  const say = (line) => console.error(line);
  const needsEngine = names.some((name) => suites[name].needsEngine !== false);
  const machine = describeMachine(needsEngine);
  const peers = needsEngine ? findPeers(root) : undefined;
  const sandbox = needsEngine ? await createSandbox(root) : undefined;
  const results = {};
  try {
    say(machineLine(machine));
    if (needsEngine) await sandbox.run(peers.compose.pull(sandbox.project), signal);
    for (const name of names) {
      say(`\n${suites[name].title}`);
      results[name] = await suites[name].run({ root, sandbox, peers, pairs, say, signal });
    }
  } finally {
    await sandbox?.remove();
  }
  const sections = new Map(
    names.map((name) => [name, renderSection(results[name], machine, suites[name].peer)]),
  );
  for (const [name, text] of sections) console.log(`\n## ${suites[name].title}\n\n${text}`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  if (write) writeSections(join(root, "docs", "benchmarks.md"), sections);
}

function renderSection({ figures, notes }, machine, peer) {
  return `${renderTable(figures, peer)}\n\n${[machineLine(machine), ...notes].join("\n")}`;
}
