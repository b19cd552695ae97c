import {
  orderEventsTopic,
  type Route,
  toBroker,
  toExchange,
  walletEventsTopic,
} from "../../contracts/topology.js";
import type { SeedPart } from "../seed/world/parts.js";
import type { FactName } from "./facts.js";

/** One kind of hop: who does it, where that shows, and what can hold it up. */
export interface Step {
  /** The service, as the compose file calls it. */
  readonly by: string;
  readonly fact: FactName;
  /** Of a row: its column; of a message: where it was read. */
  readonly source: string;
  /** Who gives the work, and what waits there if it is not done. */
  readonly outbox?: { readonly part: SeedPart; readonly channel: "rabbitmq" | "kafka" };
  readonly queue?: Route;
  readonly topic?: string;
}

const order = "broker-order";
const wallet = "broker-wallet";
const engine = "b3-matching-engine";
const report = "broker-report";

const orderOutbox = (channel: "rabbitmq" | "kafka") => ({ part: "order", channel }) as const;

/** docs/order-flow.md, a step at a time. */
export const steps = {
  placed: { by: "broker-gateway", fact: "order", source: "order_id" },
  stored: { by: order, fact: "order", source: "orders.created_at" },
  reserve: { by: wallet, fact: "entries", source: "transactions.created_at" },
  held: { by: order, fact: "order", source: "eventTimestamp" },
  refused: { by: order, fact: "order", source: "orders.updated_at" },
  cancelAsked: { by: order, fact: "order", source: "eventTimestamp" },
  send: { by: order, fact: "audited", source: "audit stream", outbox: orderOutbox("rabbitmq") },
  take: { by: engine, fact: "commands", source: "commands.at_ms", queue: toExchange },
  result: { by: engine, fact: "results", source: "results.at_ms" },
  answer: {
    by: engine,
    fact: "audited",
    source: "audit stream",
    outbox: { part: "exchange", channel: "rabbitmq" },
  },
  record: { by: order, fact: "recorded", source: "executions.recorded_at", queue: toBroker },
  event: {
    by: order,
    fact: "orderEvents",
    source: orderEventsTopic,
    outbox: orderOutbox("kafka"),
    queue: toBroker,
  },
  settle: { by: wallet, fact: "entries", source: "transactions.created_at", topic: orderEventsTopic },
  walletEvent: {
    by: wallet,
    fact: "walletEvents",
    source: walletEventsTopic,
    outbox: { part: "wallet", channel: "kafka" },
  },
  report: { by: report, fact: "report", source: "order_reports", topic: orderEventsTopic },
} as const satisfies Readonly<Record<string, Step>>;

export type StepName = keyof typeof steps;

export function stepOf(name: StepName): Step {
  return steps[name];
}

/** Which store each fact is of; of messages their broker. */
export const storeParts: Readonly<Partial<Record<FactName, SeedPart>>> = {
  order: "order",
  recorded: "order",
  entries: "wallet",
  commands: "exchange",
  results: "exchange",
  report: "report",
};
