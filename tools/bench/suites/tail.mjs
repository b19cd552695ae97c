import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { milliseconds, times } from "../figures.mjs";
import { findPeers } from "../peers.mjs";
import { createSandbox } from "../sandbox.mjs";
import { interleave, median, percentile } from "../statistics.mjs";
import { monotonicMs } from "../timed-command.mjs";

export const title = "Tail";
/** What stands in the second column. */
export const peer = "kcat";
export const needsEngine = false;

const records = 1_000_000;
const fewRecords = 200_000;
const recordBytes = 250;
const rounds = 5;
const starts = 10;
const published = 300;
const idleMs = 30_000;
const settleMs = 5_000;
const topic = "bench.tail";
const followed = "bench.latency";
const filter = 'value.ticker == "PETR4" && value.quantity > 1000';
const load = join(import.meta.dirname, "..", "load");

/**
 * `mybroker tail` and kcat in turn on the same topic of the embedded broker.
 * @param {{ root: string, say: (line: string) => void, signal: AbortSignal }} setting
 */
export async function run({ root, say, signal }) {
  const { ours } = findPeers(root);
  const sandbox = await createSandbox(root, false);
  const env = { ...sandbox.env, MYBROKER_RUNTIME: "embedded" };
  const inside = (command) => sandbox.run(command, signal, { MYBROKER_RUNTIME: "embedded" });
  const place = { cwd: sandbox.folder, env, signal };
  const port = sandbox.values.get("KAFKA_HOST_PORT");
  const tail = (...words) => ours.tail(sandbox.project, words);
  const kcat = ["kcat", "-q", "-b", `127.0.0.1:${port}`, "-t", topic];
  try {
    await inside(ours.servers(sandbox.project));
    for (const name of [topic, followed]) {
      await inside([process.execPath, join(load, "kafka-topic.mjs"), port, name]);
    }
    await inside([...kcat, "-p", "0", "-P", "-l", writeRecords(sandbox.folder)]);
    const fromBeginning = ["--kafka", topic, "--from-beginning", "--no-follow", "-o", "raw"];
    const commands = [
      { key: "raw", command: tail(...fromBeginning) },
      { key: "filtered", command: tail(...fromBeginning, "--filter", filter) },
      { key: "few", command: tail(...fromBeginning, "--filter", filter, "--limit", `${fewRecords / 10}`) },
      { key: "kcat", command: [...kcat, "-C", "-o", "beginning", "-c", `${records}`] },
    ];
    const samples = await measureAll({ commands, place, say });
    const first = [
      { key: "first", command: tail("--kafka", topic, "--limit", "1", "-o", "raw") },
      { key: "kcatFirst", command: [...kcat, "-C", "-o", "-1", "-c", "1"] },
    ];
    Object.assign(samples, await measureFirst({ commands: first, place, say }));
    const follow = tail("--kafka", followed, "--tail", "0", "-o", "raw");
    const latency = [process.execPath, join(load, "tail-latency.mjs"), port, followed, `${published}`];
    samples.printedMs = JSON.parse((await inside([...latency, "--", ...follow])).stdout).printedMs;
    say(`publish to print: ${milliseconds(median(samples.printedMs))}`);
    samples.idlePercent = await measureIdle(tail("all"), place);
    say(`idle: ${samples.idlePercent.toFixed(2)} % of a core`);
    return { samples, figures: toFigures(samples), notes };
  } finally {
    await inside(ours.down(sandbox.project)).catch((error) => say(error.message));
    await sandbox.remove();
  }
}

/** JSON of equal length, one line each; a tenth of them fits the filter. */
function writeRecords(folder) {
  const file = join(folder, "records.txt");
  const descriptor = openSync(file, "w");
  const tickers = ["PETR4", "VALE3", "ITUB4", "BBAS3"];
  for (let first = 0; first < records; first += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, offset) => {
      const index = first + offset;
      const order = {
        orderId: `0190c7a0-0000-7000-8000-${String(index).padStart(12, "0")}`,
        accountId: `0190c7a0-1111-7000-8000-${String(index % 1000).padStart(12, "0")}`,
        ticker: tickers[index % tickers.length],
        side: index % 2 === 0 ? "BUY" : "SELL",
        quantity: 100 * (1 + (index % 20)),
        price: "38.50",
        status: "FILLED",
        note: "",
      };
      const missing = recordBytes - JSON.stringify(order).length;
      return `${JSON.stringify({ ...order, note: "x".repeat(missing) })}\n`;
    });
    writeSync(descriptor, lines.join(""));
  }
  closeSync(descriptor);
  return file;
}

/** Wall time from the start of the process to its end, and the most memory it held, with output to nowhere. */
async function measureAll({ commands, place, say }) {
  const samples = Object.fromEntries(commands.map(({ key }) => [key, { wallMs: [], mib: [] }]));
  for (const order of interleave(commands, rounds)) {
    for (const { key, command } of order) {
      const { wallMs, mib } = await runToNowhere(command, place);
      samples[key].wallMs.push(wallMs);
      samples[key].mib.push(mib);
      say(`${key}: ${milliseconds(wallMs)}, ${mib.toFixed(0)} MiB`);
    }
  }
  return samples;
}

async function runToNowhere([file, ...args], place) {
  const startedMs = monotonicMs();
  const child = spawn(file, args, { ...place, stdio: ["ignore", openSync("/dev/null", "w"), "ignore"] });
  let mib = 0;
  const timer = setInterval(() => {
    mib = Math.max(mib, readPeakMib(child.pid));
  }, 20);
  const [code] = await once(child, "exit");
  clearInterval(timer);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${code}`);
  return { wallMs: monotonicMs() - startedMs, mib };
}

/** From the start of the process to the first byte on its stdout. */
async function measureFirst({ commands, place, say }) {
  const samples = Object.fromEntries(commands.map(({ key }) => [key, []]));
  for (const order of interleave(commands, starts)) {
    for (const { key, command } of order) {
      const [file, ...args] = command;
      const startedMs = monotonicMs();
      const child = spawn(file, args, { ...place, stdio: ["ignore", "pipe", "ignore"] });
      await once(child.stdout, "data");
      samples[key].push(monotonicMs() - startedMs);
      child.stdout.resume();
      await once(child, "exit");
    }
  }
  for (const { key } of commands) say(`${key}: ${milliseconds(median(samples[key]))}`);
  return samples;
}

/** Of a tail that follows everything on a stack where nothing happens. */
async function measureIdle([file, ...args], place) {
  const child = spawn(file, args, { ...place, stdio: "ignore" });
  await setTimeout(settleMs, undefined, { signal: place.signal });
  const before = readCpuMs(child.pid);
  await setTimeout(idleMs, undefined, { signal: place.signal });
  const usedMs = readCpuMs(child.pid) - before;
  child.kill("SIGTERM");
  await once(child, "exit");
  return (usedMs / idleMs) * 100;
}

/** Ticks of Linux's /proc are hundredths of a second. */
function readCpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** 0 when it has just ended. */
function readPeakMib(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

const rateOf = ({ wallMs }, count = records) => count / (median(wallMs) / 1000);
const perSecond = (rate) => `${Math.round(rate).toLocaleString("en")}/s`;

function toFigures(samples) {
  const paired = samples.raw.wallMs.map((wallMs, index) => samples.kcat.wallMs[index] / wallMs);
  const growth = median(samples.filtered.mib) / median(samples.few.mib);
  const printedMs = percentile(samples.printedMs, 95);
  const rate = rateOf(samples.filtered);
  const figure = (what, target, { ours, kcat = "-", met }) => ({ what, target, ours, compose: kcat, met });
  return [
    figure("first message after the start of the process, median", "<= 900 ms", {
      ours: milliseconds(median(samples.first)),
      kcat: milliseconds(median(samples.kcatFirst)),
      met: median(samples.first) <= 900,
    }),
    figure("published to printed, 95 % of them (half of them)", "<= 100 ms", {
      ours: `${milliseconds(printedMs)} (${milliseconds(median(samples.printedMs))})`,
      met: printedMs <= 100,
    }),
    figure("records through a filter on two fields", ">= 150,000/s", {
      ours: perSecond(rate),
      met: rate >= 150_000,
    }),
    figure("records to /dev/null", "-", {
      ours: perSecond(rateOf(samples.raw)),
      kcat: perSecond(rateOf(samples.kcat)),
      met: undefined,
    }),
    figure("the same, times kcat: median of the pairs (least)", ">= 0.15 x", {
      ours: `${times(median(paired))} (${times(Math.min(...paired))})`,
      kcat: "1 x",
      met: median(paired) >= 0.15,
    }),
    figure("CPU while `tail all` waits, of one core", "<= 1 %", {
      ours: `${samples.idlePercent.toFixed(2)} %`,
      met: samples.idlePercent <= 1,
    }),
    figure(
      `memory after ${records.toLocaleString("en")} records, times that after ${fewRecords.toLocaleString("en")}`,
      "<= 1.25 x",
      {
        ours: `${times(growth)} (${median(samples.filtered.mib).toFixed(0)} MiB)`,
        met: growth <= 1.25,
      },
    ),
  ];
}

const notes = [
  `One topic of one partition on the embedded broker, ${records.toLocaleString("en")} JSON records of ${recordBytes} bytes; the broker runs on the same cores. Medians of ${rounds} rounds in turn, from the start of each process to its end.`,
  `Filter: \`${filter}\`, which a tenth fits; to /dev/null: \`-o raw\`, and kcat with its defaults.`,
  `First message: medians of ${starts} starts in turn, from the start of the process to the first byte. Published to printed: ${published} records one after the other; a record waits 50 ms for one that was published before it.`,
  `Memory: the most that was resident; idle: ${idleMs / 1000} s.`,
];
