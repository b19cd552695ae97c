import { setTimeout as pause } from "node:timers/promises";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { type Facts, timeOfId } from "./facts.js";
import { type CauseGround, findCause } from "./find-cause.js";
import type { Hop } from "./hop.js";
import { assembleLifeLine, type LifeLine } from "./life-line.js";
import { type BrokerFacts, findMessages } from "./trace-messages.js";
import type { StoreFacts } from "./trace-stores.js";

/** All that a trace needs, however it is reached. */
export interface TraceGround extends CauseGround {
  now(): number;
}

export interface Trace extends LifeLine {
  readonly facts: Facts;
}

/** Clocks of one machine, and a message's time is taken before it is sent. */
const clockSlackMs = 1_000;
/** For one look at everything. */
const lookLimitMs = 2_000;
/** What is so young may be on its way. */
const patienceMs = 1_000;
const pauseMs = 100;
/** The whole takes five seconds at most: no further look begins after this time. */
const lookAgainMs = 2_000;
/** Without any time to begin at. */
const lookBackMs = 3_600_000;

/**
 * The whole id of an order.
 * @throws MybrokerError trace.unknown-order, exit 1; trace.ambiguous, usage.bad-order, exit 2; trace.store-down, exit 3
 */
export async function findOrderId(ground: TraceGround, text: string): Promise<string> {
  if (!/^[\w.:-]{1,64}$/.test(text)) {
    throw new MybrokerError({
      code: "usage.bad-order",
      message: `--trace takes an order's id or the end of it, not ${text || "nothing"}`,
      hint: "Orders and their ids:  {mybroker} tail orders --no-follow",
      exitCode: exitCodes.usage,
    });
  }
  const found = await ground.stores.findIds(text);
  const ids = "value" in found ? found.value : [];
  if (ids[0] !== undefined && ids.length === 1) return ids[0];
  if (ids.length > 1) {
    throw new MybrokerError({
      code: "trace.ambiguous",
      message: `several orders begin or end with ${text}`,
      lines: ids.map((id) => `  ${id}`),
      hint: `{mybroker} tail --trace ${ids[0]}`,
      exitCode: exitCodes.usage,
      details: { order: text, orders: ids },
    });
  }
  // A whole id may be one that only messages know.
  if (timeOfId(text) !== undefined) return text;
  if (found.unknown !== undefined) {
    throw new MybrokerError({
      code: "trace.store-down",
      message: `no order can be found by a part of its id: ${found.unknown}`,
      hint: "by the whole id it can be traced all the same; what is wrong:  {mybroker} doctor",
      exitCode: exitCodes.machine,
    });
  }
  throw unknownOrder(text);
}

function isAnswer(fact: unknown): boolean {
  return typeof fact !== "object" || fact === null || !("unknown" in fact);
}

/** Who did not answer may know it. */
function nothingThere(facts: Facts): MybrokerError {
  const silent = Object.values(facts).flatMap((fact: unknown) =>
    isAnswer(fact) ? [] : [(fact as { readonly unknown: string }).unknown],
  );
  return new MybrokerError({
    code: "trace.nothing-there",
    message: `nothing that answers knows the order ${facts.orderId}`,
    lines: [...new Set(silent)].map((line) => `  ${line}`),
    hint: "what is wrong:  {mybroker} doctor",
    exitCode: exitCodes.machine,
  });
}

function unknownOrder(text: string): MybrokerError {
  return new MybrokerError({
    code: "trace.unknown-order",
    message: `there is no order whose id is ${text}, or begins or ends with it`,
    hint: "Orders and their ids:  {mybroker} tail orders --no-follow",
    exitCode: exitCodes.no,
    details: { order: text },
  });
}

/**
 * Looks until nothing is missing, or what is missing is not on its way any more, and then asks why.
 * @throws MybrokerError trace.unknown-order, exit 1
 */
export async function traceOnce(ground: TraceGround, orderId: string): Promise<Trace> {
  const deadlineMs = ground.now() + lookAgainMs;
  for (;;) {
    const startedMs = ground.now();
    const trace = await look(ground, orderId);
    const missing = missingOf(trace);
    if (missing.length === 0) return trace;
    // What came while it was looked at may have come after its store was asked.
    const late = missing.every(({ sinceMs }) => startedMs - (sinceMs ?? 0) > patienceMs);
    if (late || ground.signal.aborted || ground.now() > deadlineMs) return explainMissing(ground, trace);
    await pause(pauseMs, undefined, { signal: ground.signal }).catch(() => {});
  }
}

/** Hops that have not come, and those that cannot come before them. */
export function missingOf({ hops }: Pick<LifeLine, "hops">): Hop[] {
  return hops.filter(({ state }) => state === "missing" || state === "waiting");
}

async function look(ground: TraceGround, orderId: string): Promise<Trace> {
  const { stores, brokers } = ground;
  const stored = await stores.read(orderId);
  const sinceMs = (createdMsOf(stored, orderId) ?? ground.now() - lookBackMs) - clockSlackMs;
  const nameOf = (part: string) => stores.nameOf(part);
  const combine = (messages: BrokerFacts): Facts => {
    const { beforeSeed, ...facts } = stored;
    const seeded =
      beforeSeed && Object.values(messages).every((known) => "value" in known && known.value.length === 0);
    return { ...facts, ...messages, orderId, nowMs: ground.now(), seeded };
  };
  const messages = await findMessages(brokers, {
    ...{ orderId, sinceMs },
    signal: AbortSignal.any([ground.signal, AbortSignal.timeout(lookLimitMs)]),
    isEnough: (found) => {
      const line = assembleLifeLine(combine(found), nameOf);
      return line.final && line.hops.every(({ state }) => state === "done");
    },
  });
  const facts = combine(messages);
  if (isNothing(facts))
    throw Object.values(facts).every(isAnswer) ? unknownOrder(orderId) : nothingThere(facts);
  return { ...assembleLifeLine(facts, nameOf), facts };
}

function createdMsOf({ order, commands }: StoreFacts, orderId: string): number | undefined {
  const row = "value" in order ? order.value : undefined;
  const [command] = "value" in commands ? commands.value : [];
  return row?.createdMs ?? timeOfId(orderId) ?? command?.atMs;
}

/** No store and no broker has a word about it. Where one could not be asked it may have. */
function isNothing(facts: Facts): boolean {
  const { order, entries, commands, results, audited, orderEvents, walletEvents, report } = facts;
  return [order, entries, commands, results, audited, orderEvents, walletEvents, report].every(
    (known) =>
      !("value" in known) ||
      known.value === undefined ||
      (Array.isArray(known.value) && known.value.length === 0),
  );
}

/** The first of each row of missing hops is what holds up the others. */
async function explainMissing(ground: TraceGround, trace: Trace): Promise<Trace> {
  const hops = await Promise.all(
    trace.hops.map(async (hop) => {
      if (hop.state !== "missing") return hop;
      const missingMs = hop.sinceMs === null ? {} : { missingMs: Math.max(0, ground.now() - hop.sinceMs) };
      return { ...hop, ...missingMs, cause: await findCause(hop, trace.facts, ground) };
    }),
  );
  return { ...trace, hops };
}
