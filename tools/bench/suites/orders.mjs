import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { milliseconds, seconds } from "../figures.mjs";
import { findPeers } from "../peers.mjs";
import { createSandbox } from "../sandbox.mjs";
import { median } from "../statistics.mjs";

export const title = "Orders";
/** What stands in the second column. */
export const peer = "runtime";
export const needsEngine = false;

const starts = 3;
const idleMs = 60_000;
const settleMs = 15_000;
const users = 10;
/** So that what is measured is compiled, and not its first steps. */
const warmUp = { rate: 100, count: 1_000 };
const steady = { rate: 25, count: 1_000 };
/** More than either runtime takes: what reaches its end in a second is what it sustains. */
const tooMany = { rate: 1_000, count: 6_000 };

const targets = {
  embedded: { p50Ms: 10, ordersPerSecond: 300 },
  docker: { p50Ms: 40, p99Ms: 250, ordersPerSecond: 80 },
};

/**
 * Orders of `mybroker simulate` through the whole system: in the one process of the embedded runtime, and through the
 * 23 containers where an engine answers.
 * @param {{ root: string, say: (line: string) => void, signal: AbortSignal }} setting
 */
export async function run({ root, say, signal }) {
  const { ours } = findPeers(root);
  const hasEngine = spawnSync("docker", ["version"], { stdio: "ignore" }).status === 0;
  const samples = { embedded: await measure({ root, ours, say, signal, runtime: "embedded" }) };
  if (hasEngine) samples.docker = await measure({ root, ours, say, signal, runtime: "docker" });
  else say("no engine answers: nothing is said of Docker");
  return {
    samples,
    figures: [...embeddedFigures(samples.embedded), ...(hasEngine ? dockerFigures(samples.docker) : [])],
    notes: [
      `Orders of \`mybroker simulate\` by ${users} investors after ${warmUp.count} to warm up; the generator runs on the same cores and asks for each order until it is final. The round trip is from the answer to POST until GET says FILLED.`,
      `Sustained: ${tooMany.count.toLocaleString("en")} orders at ${tooMany.rate.toLocaleString("en")}/s, which is more than it takes, with at most 200 open; until the last one is final.`,
      `Idle: the mean of ${idleMs / 1000} s after ${settleMs / 1000} s of rest, with 50 prices every 5 s and nothing else.`,
    ],
  };
}

async function measure({ root, ours, say, signal, runtime }) {
  const sandbox = await createSandbox(root, runtime === "docker");
  const inside = (command) => sandbox.run(command, signal, { MYBROKER_RUNTIME: runtime });
  const up = ours.up(sandbox.project);
  const down = ours.down(sandbox.project);
  const result = { firstFillMs: [] };
  try {
    if (runtime === "docker") {
      await inside(ours.servers(sandbox.project));
      result.servicesMs = (await inside(up)).wallMs;
      say(`docker: nine services ready ${seconds(result.servicesMs)} after the infrastructure`);
    } else {
      for (let round = 0; round < starts; round += 1) {
        if (round > 0) await inside(down);
        const order = ours.order(sandbox.project, ["buy", "PETR4", "100", "--watch"]);
        result.firstFillMs.push((await inside(up)).wallMs + (await inside(order)).wallMs);
      }
      say(`embedded: filled after ${milliseconds(median(result.firstFillMs))}`);
    }
    const meter = await openMeter({ inside, ours, sandbox, runtime });
    await setTimeout(settleMs, undefined, { signal });
    result.idle = await meter.idle(signal);
    say(`${runtime}: idle ${JSON.stringify(result.idle)}`);
    const simulate = async ({ rate, count }) => {
      const command = ours.simulate(sandbox.project, { rate, count, users });
      return JSON.parse((await inside(command)).stdout).data.result;
    };
    await simulate(warmUp);
    result.steady = await simulate(steady);
    const cpuBeforeMs = meter.cpuMs?.();
    result.most = await simulate(tooMany);
    result.cpuMsPerOrder = cpuBeforeMs && (meter.cpuMs() - cpuBeforeMs) / result.most.placed;
    for (const part of ["steady", "most"]) say(`${runtime}: ${JSON.stringify(result[part])}`);
    return result;
  } finally {
    await inside(down).catch((error) => say(error.message));
    await sandbox.remove();
  }
}

/** What the runtime's processes take. */
async function openMeter({ inside, ours, sandbox, runtime }) {
  if (runtime === "docker") return { idle: (signal) => readIdleContainers(sandbox, signal) };
  const { data } = JSON.parse((await inside(ours.psJson(sandbox.project))).stdout);
  const { pid } = data.process;
  const cpuMs = () => readCpuMs(pid);
  return {
    cpuMs,
    idle: async (signal) => {
      const before = cpuMs();
      await setTimeout(idleMs, undefined, { signal });
      return { cpuPercent: ((cpuMs() - before) / idleMs) * 100, memoryMib: readResidentMib(pid) };
    },
  };
}

/** Ticks of Linux's /proc are hundredths of a second. */
function readCpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function readResidentMib(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** `docker stats` says what a container took in one second, so it is asked as long as the time lasts. */
async function readIdleContainers(sandbox, signal) {
  const format = '{{.Label "com.docker.compose.service"}}';
  const filter = ["--filter", `label=com.docker.compose.project=${sandbox.project}`];
  const listed = await sandbox.run(["docker", "ps", ...filter, "--format", `{{.Names}} ${format}`], signal);
  const services = new Map(
    listed.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")),
  );
  const taken = new Map([...services.values()].map((service) => [service, { percents: [], memoryMib: 0 }]));
  const endMs = performance.now() + idleMs;
  while (performance.now() < endMs) {
    const shown = await sandbox.run(
      [
        "docker",
        "stats",
        "--no-stream",
        "--format",
        "{{.Name}} {{.CPUPerc}} {{.MemUsage}}",
        ...services.keys(),
      ],
      signal,
    );
    for (const line of shown.stdout.trim().split("\n")) {
      const [name, cpu, memory] = line.split(" ");
      const entry = taken.get(services.get(name));
      entry.percents.push(Number.parseFloat(cpu));
      entry.memoryMib = readMib(memory);
    }
  }
  const containers = [...taken].map(([service, { percents, memoryMib }]) => ({
    service,
    cpuPercent: percents.reduce((total, percent) => total + percent, 0) / percents.length,
    memoryMib,
  }));
  return { cpuPercent: containers.reduce((total, { cpuPercent }) => total + cpuPercent, 0), containers };
}

function readMib(text) {
  const units = { KiB: 1 / 1024, MiB: 1, GiB: 1024 };
  const [, number, unit] = /^([\d.]+)([KMG]iB)/.exec(text) ?? [];
  return Number(number) * units[unit];
}

function embeddedFigures({ firstFillMs, idle, steady, most, cpuMsPerOrder }) {
  const figure = (what, row) => limited(`embedded: ${what}`, "embedded", row);
  const filled = median(firstFillMs);
  return [
    figure("`up` and a first order to FILLED", { value: filled, limit: 3_000, unit: "ms" }),
    figure("idle, resident memory", { value: idle.memoryMib, limit: 300, unit: "MiB" }),
    figure("idle, of one core", { value: idle.cpuPercent, unit: "%", digits: 2 }),
    ...orderFigures("embedded", steady, most),
    figure("CPU of the process an order", { value: cpuMsPerOrder, unit: "ms", digits: 2 }),
  ];
}

function dockerFigures({ servicesMs, idle, steady, most }) {
  const figure = (what, row) => limited(`Docker: ${what}`, "Docker", row);
  const services = idle.containers.filter(({ service }) => isOurs(service));
  const memoryMib = Math.max(...services.map((one) => one.memoryMib));
  const cpuPercent = services.reduce((total, one) => total + one.cpuPercent, 0);
  return [
    figure("nine services ready after the infrastructure", { value: servicesMs, limit: 10_000, unit: "ms" }),
    figure("idle, 23 containers, of one core", { value: idle.cpuPercent, limit: 15, unit: "%", digits: 1 }),
    figure("of it the nine services", { value: cpuPercent, unit: "%", digits: 1 }),
    figure("idle, the largest service", { value: memoryMib, limit: 100, unit: "MiB" }),
    ...orderFigures("docker", steady, most),
  ];
}

const infrastructure = /-(db|mongodb|cache)$|^(kafka|kafka-ui|rabbitmq|prometheus|grafana)$/;

function isOurs(service) {
  return !infrastructure.test(service);
}

function orderFigures(runtime, { roundTrip }, { finalPerSecond }) {
  const name = runtime === "docker" ? "Docker" : "embedded";
  const { p50Ms, p99Ms, ordersPerSecond } = targets[runtime];
  const trip = (share, value, limit) =>
    limited(`${name}: round trip at ${steady.rate} orders/s, ${share}`, name, {
      ...{ value, unit: "ms", digits: 1 },
      ...(limit === undefined ? {} : { limit }),
    });
  return [
    trip("p50", roundTrip.p50Ms, p50Ms),
    trip("p99", roundTrip.p99Ms, p99Ms),
    {
      what: `${name}: orders sustained, generator included`,
      target: `>= ${ordersPerSecond}/s`,
      ours: `${Math.round(finalPerSecond)}/s`,
      compose: name,
      met: finalPerSecond >= ordersPerSecond,
    },
  ];
}

function limited(what, runtime, { value, limit, unit, digits = 0 }) {
  return {
    what,
    target: limit === undefined ? "-" : `<= ${limit.toLocaleString("en")} ${unit}`,
    ours: `${value.toFixed(digits)} ${unit}`,
    compose: runtime,
    met: limit === undefined ? undefined : value <= limit,
  };
}
