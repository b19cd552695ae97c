import { setTimeout as pause } from "node:timers/promises";
import { publishedPort } from "../compose/host-addresses.js";
import type { Project } from "../compose/model.js";
import { exitCodes } from "../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../kernel/command.js";
import { findEmbeddedPlace } from "../runtime/by-runtime.js";
import { findSeedStores } from "../seed/stores.js";
import { openProject, withAllProfiles } from "../stack/open-stack.js";
import { chooseStreams } from "../streams/choose-streams.js";
import { findReach } from "../streams/find-reach.js";
import { rabbitBrokerOf } from "../streams/open-streams.js";
import { findOrderId, missingOf, type Trace, type TraceGround, traceOnce } from "./run-trace.js";
import { describeHead, describeHop, describeVerdict, firstMsOf, toDocument } from "./screen.js";
import { TraceStores } from "./trace-stores.js";

export interface TraceRequest {
  /** An order's id, or enough of its beginning or end to tell it from the others. */
  readonly order: string;
  /** On a terminal: until the order is final. */
  readonly follow: boolean;
}

const followPauseMs = 300;

/**
 * The life line of one order: each hop over REST, both brokers and the databases, with its latency and where that is
 * known from; a hop that is missing is named (exit 1).
 * @throws MybrokerError trace.unknown-order, exit 1, where nothing of the order is found; trace.ambiguous, exit 2
 */
export async function traceOrder(request: CommandRequest, wanted: TraceRequest): Promise<CommandResult> {
  const { ground, project } = await openGround(request);
  try {
    const orderId = await findOrderId(ground, wanted.order);
    const { output, context } = request;
    const follows = wanted.follow && context.stdoutIsTty && !output.json;
    const trace = follows ? await follow(request, ground, orderId) : await traceOnce(ground, orderId);
    return { project, ...toResult(request, trace, follows) };
  } finally {
    await ground.stores.close();
  }
}

/** Each hop as it comes, until nothing can come any more. */
async function follow(
  { output, context }: CommandRequest,
  ground: TraceGround,
  orderId: string,
): Promise<Trace> {
  const screen = { style: output.style, columns: context.columns };
  const shown = new Set<string>();
  for (;;) {
    const trace = await traceOnce(ground, orderId);
    if (shown.size === 0) for (const line of describeHead(trace, screen)) await output.line(line);
    for (const hop of trace.hops) {
      if (hop.state !== "done" || shown.has(hop.id)) continue;
      shown.add(hop.id);
      for (const line of describeHop(hop, firstMsOf(trace), screen)) await output.line(line);
    }
    if (trace.seeded || (trace.final && missingOf(trace).length === 0) || context.signal.aborted)
      return trace;
    await pause(followPauseMs, undefined, { signal: context.signal }).catch(() => {});
    if (context.signal.aborted) return trace;
  }
}

function toResult(
  { output, context }: CommandRequest,
  trace: Trace,
  follows: boolean,
): Pick<CommandResult, "data" | "text" | "exitCode" | "error"> {
  const missing = missingOf(trace);
  const screen = { style: output.style, columns: context.columns };
  const firstMs = firstMsOf(trace);
  const hops = follows ? trace.hops.filter(({ state }) => state !== "done") : trace.hops;
  const lines = hops.flatMap((hop) => describeHop(hop, firstMs, screen));
  const [first] = missing;
  return {
    data: toDocument(trace),
    text: [...(follows ? [] : describeHead(trace, screen)), ...lines, describeVerdict(trace)],
    exitCode: first === undefined ? exitCodes.done : exitCodes.no,
    ...(first === undefined
      ? {}
      : {
          error: {
            code: "trace.missing",
            message: `${first.id} of the order is missing${first.cause === undefined ? "" : `: ${first.cause}`}`,
            hint: "{mybroker} doctor",
          },
        }),
  };
}

async function openGround(request: CommandRequest): Promise<{ ground: TraceGround; project: string }> {
  const { context } = request;
  const { stores } = await findSeedStores(request, await findEmbeddedPlace(request));
  const { project } = await openProject(withAllProfiles(request), { missingVariables: "empty" });
  const reach = await findReach(request, project);
  const { host } = reach;
  const portOf = (name: string) => {
    const service = project.services[name];
    return publishedPort(service, service?.["x-mybroker"]?.port ?? 0);
  };
  const brokers = findBrokers(project);
  const ground: TraceGround = {
    stores: new TraceStores(stores),
    brokers: {
      kafka: [`${host}:${portOf(brokers.kafka)}`],
      rabbitmq: rabbitBrokerOf(brokers.rabbitmq, reach),
    },
    urlOf: (service) => {
      const port = portOf(service);
      return port === undefined ? undefined : `http://${host}:${port}`;
    },
    now: context.now,
    signal: context.signal,
  };
  return { ground, project: project.name };
}

/** The same that `tail orders` listens to. */
function findBrokers(project: Project): { readonly kafka: string; readonly rabbitmq: string } {
  const taps = chooseStreams(project, { names: ["orders"], kafka: [], rabbit: [], firehose: false });
  const serviceOf = (isWanted: (kind: string) => boolean) =>
    taps.find(({ kind }) => isWanted(kind))?.service ?? "";
  return {
    kafka: serviceOf((kind) => kind === "topics"),
    rabbitmq: serviceOf((kind) => kind !== "topics"),
  };
}
