import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { milliseconds } from "../figures.mjs";
import { createSandbox } from "../sandbox.mjs";
import { interleave, median } from "../statistics.mjs";

export const title = "Embedded runtime";
/** What stands in the second column. */
export const peer = "real server in Docker";

const starts = 10;
const rounds = 3;
const records = 1_000_000;
const recordBytes = 200;
const amqpMessages = 50_000;
const idleMs = 30_000;
const settleMs = 20_000;
const topic = "bench.load";
const load = join(import.meta.dirname, "..", "load");

/**
 * The embedded brokers and Apache Kafka and RabbitMQ in Docker in turn, under the same generators on the same machine.
 * @param {{ root: string, sandbox: object, peers: object, say: (line: string) => void, signal: AbortSignal }} setting
 */
export async function run({ root, sandbox, peers, say, signal }) {
  const { ours } = peers;
  const embedded = await createSandbox(root);
  const inEmbedded = (command) => embedded.run(command, signal, { MYBROKER_RUNTIME: "embedded" });
  const up = ours.up(embedded.project);
  const down = ours.down(embedded.project);
  try {
    const upMs = [];
    for (let round = 0; round < starts; round += 1) {
      if (round > 0) await inEmbedded(down);
      upMs.push((await inEmbedded(up)).wallMs);
    }
    const started = await readStatus(inEmbedded, ours.psJson(embedded.project));
    say(`up: ${milliseconds(median(upMs))}`);
    const idle = await measureIdle(started.pid, signal);
    say(`idle: ${idle.cpuPercent.toFixed(2)} % of a core, ${idle.residentMib.toFixed(0)} MiB`);

    await sandbox.run([...ours.up(sandbox.project), "kafka", "rabbitmq"], signal);
    const places = [
      { key: "embedded", sandbox: embedded },
      { key: "docker", sandbox },
    ];
    const samples = await measureLoad({ places, pid: started.pid, say, signal });
    const afterMib = samples.residentMib.at(-1);
    await setTimeout(settleMs, undefined, { signal });
    const settledMib = readResidentMib(started.pid);
    say(`after each round: ${samples.residentMib.map((mib) => mib.toFixed(0)).join(", ")} MiB`);
    const figures = toFigures({ upMs, started, idle, samples, afterMib });
    return {
      samples: { upMs, started, idle, afterMib, ...samples },
      figures,
      notes: describeLoad(settledMib),
    };
  } finally {
    await inEmbedded(down).catch((error) => say(error.message));
    await embedded.remove();
  }
}

function describeLoad(settledMib) {
  return [
    `Start: medians of ${starts} rounds, each without data of an earlier one. Load: medians of ${rounds} rounds in turn; the generators run on the same cores.`,
    `Kafka: kcat writes ${records.toLocaleString("en")} records of ${recordBytes} bytes to one partition (its defaults: acks=-1, no compression) and reads them again.`,
    `AMQP: amqplib, one publisher with confirms (500 open) and one consumer with acknowledgements (prefetch 500), ${amqpMessages.toLocaleString("en")} persistent messages of ${recordBytes} bytes through one quorum queue.`,
    `Memory is the resident set of the whole process; ${settleMs / 1000} s after the last message it was ${settledMib.toFixed(0)} MiB.`,
    "Confirmed means: written to the file by the embedded brokers and by Kafka, flushed to the disk by RabbitMQ.",
  ];
}

async function readStatus(inEmbedded, psJson) {
  const { data } = JSON.parse((await inEmbedded(psJson)).stdout);
  const brokers = data.services.filter(({ kind }) => kind === "kafka" || kind === "rabbitmq");
  return { pid: data.process.pid, brokersMs: Math.max(...brokers.map(({ readyMs }) => readyMs)) };
}

async function measureIdle(pid, signal) {
  await setTimeout(5_000, undefined, { signal });
  const before = readCpuSeconds(pid);
  await setTimeout(idleMs, undefined, { signal });
  const seconds = readCpuSeconds(pid) - before;
  return { cpuPercent: (seconds / (idleMs / 1000)) * 100, residentMib: readResidentMib(pid) };
}

/** Ticks of Linux's /proc are hundredths of a second. */
function readCpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function readResidentMib(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

async function measureLoad({ places, pid, say, signal }) {
  const lines = join(places[0].sandbox.folder, "records.txt");
  writeFileSync(lines, `${"x".repeat(recordBytes)}\n`.repeat(records));
  const samples = { residentMib: [], kafkaMib: [] };
  const note = (key, kind, count, seconds) => {
    samples[`${key}${kind}`] = [...(samples[`${key}${kind}`] ?? []), count / seconds];
    say(`${key} ${kind}: ${Math.round(count / seconds).toLocaleString("en")}/s`);
  };
  for (const order of interleave(places, rounds)) {
    for (const { key, sandbox } of order) {
      const { KAFKA_HOST_PORT: kafka, RABBITMQ_HOST_PORT: rabbitmq } = Object.fromEntries(sandbox.values);
      await sandbox.run([process.execPath, join(load, "kafka-topic.mjs"), kafka, topic], signal);
      const kcat = ["kcat", "-q", "-b", `127.0.0.1:${kafka}`, "-t", topic, "-p", "0"];
      const written = await sandbox.run([...kcat, "-P", "-l", lines], signal);
      note(key, "In", records, written.wallMs / 1000);
      const read = await sandbox.run(
        [...kcat, "-C", "-o", "beginning", "-c", `${records}`, "-f", ""],
        signal,
      );
      note(key, "Out", records, read.wallMs / 1000);
      if (key === "embedded") samples.kafkaMib.push(readResidentMib(pid));
      note(key, "Amqp", amqpMessages, await runAmqp({ sandbox, port: rabbitmq, signal }));
      if (key === "embedded") samples.residentMib.push(readResidentMib(pid));
    }
  }
  return samples;
}

async function runAmqp({ sandbox, port, signal }) {
  const command = [process.execPath, join(load, "amqp.mjs"), port, `${amqpMessages}`, `${recordBytes}`];
  const user = sandbox.values.get("RABBITMQ_USER");
  const password = sandbox.values.get("RABBITMQ_PASSWORD");
  const { stdout } = await sandbox.run(command, signal, { AMQP_USER: user, AMQP_PASSWORD: password });
  return JSON.parse(stdout).seconds;
}

function toFigures({ upMs, started, idle, samples, afterMib }) {
  const rate = (values) => `${Math.round(median(values)).toLocaleString("en")}/s`;
  const throughput = (what, kind, least) => ({
    what,
    target: `>= ${least.toLocaleString("en")}/s`,
    ours: rate(samples[`embedded${kind}`]),
    compose: rate(samples[`docker${kind}`]),
    met: median(samples[`embedded${kind}`]) >= least,
  });
  const limited = (what, value, { limit, unit, digits = 0 }) => ({
    what,
    target: `<= ${limit} ${unit}`,
    ours: `${value.toFixed(digits)} ${unit}`,
    compose: "-",
    met: value <= limit,
  });
  return [
    limited("`up`, nothing there yet, until brokers and stores answer", median(upMs), {
      limit: 1500,
      unit: "ms",
    }),
    limited("of it the brokers' own start", started.brokersMs, { limit: 300, unit: "ms" }),
    throughput("Kafka records in, kcat", "In", 50_000),
    throughput("Kafka records out, kcat", "Out", 50_000),
    throughput("AMQP messages confirmed and consumed", "Amqp", 5_000),
    limited("CPU at idle, of one core", idle.cpuPercent, { limit: 1, unit: "%", digits: 2 }),
    limited("memory after the first million Kafka records in and out", samples.kafkaMib[0], {
      limit: 120,
      unit: "MiB",
    }),
    limited(
      `memory right after ${(records * rounds) / 1e6} million records and ${(amqpMessages * rounds).toLocaleString("en")} messages`,
      afterMib,
      {
        limit: 120,
        unit: "MiB",
      },
    ),
  ];
}
