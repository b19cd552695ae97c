import { describeMachine } from "../bench/machine.mjs";

const betweenMs = 700;

/** Commands that were typed after each other. */
function inTurn(panes) {
  let startMs = 0;
  return panes.map((pane) => {
    const placed = { ...pane, startMs };
    startMs += pane.tookMs + betweenMs;
    return placed;
  });
}

const asIs = { speed: 1, holdMs: 6_000 };

/** Every picture: what it shows in words, and how it comes about on a stage of its own. */
export const scenes = [
  {
    name: "up",
    runtime: "embedded",
    title: "mybroker up on a machine without Docker",
    description:
      "The nine services and two brokers start in one process; each row says after how long one of them answered.",
    motion: asIs,
    record: async (stage) => ({
      panes: inTurn([
        await stage.type("mybroker up"),
        await stage.type("mybroker order buy PETR4 100 --watch"),
      ]),
    }),
  },
  {
    name: "beside-compose",
    runtime: "docker",
    title: "docker compose up beside mybroker up, on the same clock",
    description: "Both start the same 23 containers from the same files. Each ends when everything is ready.",
    clock: true,
    motion: { speed: 4, holdMs: 8_000 },
    record: recordBeside,
  },
  {
    name: "up-refused",
    runtime: "embedded",
    title: "mybroker up, where another program has a port",
    description: "What is in the way, who it is, and what to do.",
    record: async (stage) => {
      stage.run("mybroker init");
      const taken = stage.start(`exec node -e 'require("net").createServer().listen(9092, "127.0.0.1")'`);
      stage.run("until ss -ltn | grep -q :9092; do sleep 0.1; done");
      const pane = await stage.type("mybroker up", { exitCode: 3 });
      taken.kill();
      return { panes: [pane] };
    },
  },
  {
    name: "demo",
    runtime: "embedded",
    title: "mybroker demo",
    description:
      "The system from nothing, one order with every message that it causes, its life line, and a crowd of traders.",
    motion: { speed: 3, holdMs: 6_000 },
    record: async (stage) => ({
      panes: [await stage.type("mybroker demo", { rows: 34, frameMs: 300 })],
      caption: "at 3 x speed",
    }),
  },
  {
    name: "tail-orders",
    runtime: "embedded",
    title: "mybroker tail orders",
    description: "Orders of two brokers, Kafka and RabbitMQ, as one stream, while investors trade.",
    motion: asIs,
    record: async (stage) => {
      stage.run("mybroker up");
      const trade = () => stage.start("mybroker simulate --rate 1/s --users 6 --duration 5s").ended;
      const pane = await stage.type("mybroker tail orders", { beside: trade, rows: 36, exitCode: 130 });
      return { panes: [pane] };
    },
  },
  {
    name: "trace",
    runtime: "embedded",
    title: "mybroker tail --trace",
    description: "The way of one order, hop by hop, with the time of each.",
    record: async (stage) => {
      stage.run("mybroker up");
      const order = await stage.type("mybroker order buy PETR4 100 --watch");
      const { data } = JSON.parse(stage.run("mybroker -o json order list"));
      const id = data.orders[0].orderId.slice(-4);
      return { panes: inTurn([order, await stage.type(`mybroker tail --trace ${id}`, { rows: 40 })]) };
    },
  },
  {
    name: "seed",
    runtime: "embedded",
    title: "mybroker seed",
    description: "1,000 investors with 20,000 orders go into every store; the second run finds them there.",
    motion: asIs,
    record: async (stage) => {
      stage.run("mybroker up");
      return { panes: inTurn([await stage.type("mybroker seed"), await stage.type("mybroker seed")]) };
    },
  },
  {
    name: "doctor",
    runtime: "embedded",
    title: "mybroker doctor",
    description: "A stack with faults: what is wrong, and for each the command that mends it.",
    record: async (stage) => {
      stage.run("mybroker up");
      stage.run("sed -i /^GRAFANA_HOST_PORT=/d .env");
      stage.run('rm "$XDG_STATE_HOME"/mybroker/projects/*/embedded/*/data/stores/broker-asset-cache.sqlite');
      stage.run("mybroker stop broker-report");
      return { panes: [await stage.type("mybroker doctor", { exitCode: 1 })] };
    },
  },
];

/** One after the other, so that neither takes from the other, and drawn with the same beginning. */
async function recordBeside(stage) {
  // Builds the image of the services, which both then have, and reads all images from the disk once.
  stage.run("mybroker up && mybroker --yes down --volumes");
  // On a terminal with fewer rows than containers and volumes Compose draws over itself.
  const size = { rows: 44, shownRows: 14, frameMs: 2_000 };
  const ours = await stage.type("mybroker up", size);
  stage.run("mybroker --yes down --volumes");
  const theirs = await stage.type("docker compose --profile services up -d --wait", size);
  const { cores, engine, compose, date } = describeMachine();
  const versions = `Docker ${withoutBuild(engine)}, Compose ${withoutBuild(compose)}`;
  return {
    panes: [theirs, ours],
    caption: `Real runs on ${cores} cores; ${versions}; ${date}; at 4 x speed`,
  };
}

function withoutBuild(version) {
  return /^[\d.]+/.exec(version)?.[0] ?? version;
}
