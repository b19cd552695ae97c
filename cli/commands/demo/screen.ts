import { withoutNext } from "../../demo/bring-up.js";
import { crowdRate, crowdUsers } from "../../demo/crowd.js";
import type { Stage } from "../../demo/stage.js";
import { formatDuration } from "../../output/units.js";

export interface PhaseFacts {
  /** How long the crowd trades. */
  readonly durationMs: number;
  /** Of the one order, once it is placed. */
  readonly orderId?: string;
}

interface Phase {
  readonly title: string;
  /** What to type to see the same. */
  commands(facts: PhaseFacts): readonly string[];
  readonly text: string;
}

const phaseNames = ["system", "order", "trace", "crowd"] as const;
type PhaseName = (typeof phaseNames)[number];

export const phaseCount = phaseNames.length;

/** Enough of the end of an id to tell it from the others. */
const shortId = 8;

const phases: Readonly<Record<PhaseName, Phase>> = {
  system: {
    title: "The system",
    commands: () => ["up"],
    text:
      "A brokerage and the exchange it trades on: nine small services, a store for each domain, Kafka inside " +
      "the brokerage, RabbitMQ between the two.",
  },
  order: {
    title: "One order, and every message that it causes",
    commands: () => ["order buy PETR4 100", "tail orders wallet"],
    text:
      "An order is REST at the gateway, a reservation in the wallet, a message to the exchange on RabbitMQ, a " +
      "result back, and an event on Kafka for whoever cares.",
  },
  trace: {
    title: "The same order, from the POST to the report",
    commands: ({ orderId = "ORDER" }) => [`tail --trace ${orderId.slice(-shortId)}`],
    text:
      "Its life line: each hop with its time in milliseconds, read from both brokers and the databases. Were one " +
      "missing, this would name it.",
  },
  crowd: {
    title: "A crowd",
    commands: ({ durationMs }) => [
      `simulate --rate ${crowdRate}/s --duration ${durationMs / 1_000}s`,
      "tail orders",
    ],
    text:
      `${crowdUsers} investors, ${crowdRate} orders a second: most at the market, some with a limit, some that rest ` +
      "and are taken back. A few of their ends, as the brokerage tells them on Kafka:",
  },
};

export async function beginPhase(stage: Stage, name: PhaseName, facts: PhaseFacts): Promise<void> {
  const { title, commands, text } = phases[name];
  await stage.begin(title, commands(facts));
  await stage.say(text);
}

export function describeDryRun(facts: PhaseFacts): string[] {
  return [
    "A demonstration would show, in this order:",
    ...phaseNames.flatMap((name) => phases[name].commands(facts).map((command) => `  {mybroker} ${command}`)),
  ];
}

/** What became of the orders of the crowd: the screen of `simulate`, and what its words mean. */
export function renderCrowd(text: readonly string[]): string[] {
  return [
    ...withoutNext(text),
    "FILLED found its other side; CANCELLED was taken back, or found nobody at its",
    "price. The round trip is over both brokers and back.",
  ];
}

/** Where to go from here. */
export function renderEnd(elapsedMs: number, invocation: string): string[] {
  const rows = nextSteps.map(([command, purpose]) => [`  ${invocation} ${command}`, purpose] as const);
  const width = Math.max(...rows.map(([command]) => command.length));
  return [
    "",
    `That was it, in ${formatDuration(elapsedMs)}. The system runs on. What to type now:`,
    ...rows.map(([command, purpose]) => `${command.padEnd(width)}  ${purpose}`),
  ];
}

const nextSteps = [
  ["order buy VALE3 100 --watch", "an order of your own"],
  ["tail all --validate", "every message against its contract"],
  ["seed", "1,000 users, 20,000 orders"],
  ["replace broker-order -- CMD", "your own service in its place"],
  ["doctor", "is all well?"],
  ["down", "stop it; the data stay"],
] as const;
