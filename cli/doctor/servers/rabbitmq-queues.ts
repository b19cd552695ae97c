import { toBroker, toExchange } from "../../../contracts/topology.js";
import { countOf } from "../../output/units.js";
import type { ProbeTarget } from "../../ready/probe.js";
import type { RabbitmqConnection } from "../../ready/servers/rabbitmq.js";
import type { DoctorFacts, Finding } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { readDeclaredTopology, typeOf } from "./declared-topology.js";
import { findRunningServices } from "./running-services.js";

export const queueFindings = ["rabbitmq.no-consumer", "rabbitmq.backlog", "rabbitmq.dead-letters"];

/** So many may wait for a moment when much is placed at once; a consumer that works has fewer. */
const backlogLimit = 1_000;

interface QueueState {
  readonly name: string;
  readonly messages: number;
  readonly consumers: number;
}

/** Who reads the queues, how much waits in them, and what nobody could read. Streams keep what they have, so none waits. */
export async function examineQueues(
  facts: DoctorFacts,
  target: ProbeTarget,
  connection: RabbitmqConnection,
): Promise<readonly Finding[]> {
  const { service, extension } = target;
  const declared = readDeclaredTopology(facts.project, service);
  const streams = new Set([
    ...(extension.streams ?? []),
    ...declared.queues.filter((queue) => typeOf(queue) === "stream").map(({ name }) => name),
  ]);
  const names = new Set([...declared.queues.map(({ name }) => name), ...(extension.queues ?? [])]);
  const asked = [...names].filter((name) => !streams.has(name));
  const states = (await Promise.all(asked.map((name) => askState(connection, name)))).flat();
  const running = await findRunningServices(facts);
  return states.flatMap((state) => judge(service, state, running));
}

/** Asks without declaring; a queue that is not there closes the channel. */
async function askState(connection: RabbitmqConnection, name: string): Promise<QueueState[]> {
  const channel = await connection.createChannel();
  channel.on("error", () => {});
  try {
    const { messageCount, consumerCount } = await channel.checkQueue(name);
    await channel.close();
    return [{ name, messages: messageCount, consumers: consumerCount }];
  } catch {
    return [];
  }
}

function judge(
  service: string,
  { name, messages, consumers }: QueueState,
  running: ReadonlySet<string>,
): Finding[] {
  const tell = (thing: string, message: string, fix: string): Finding => {
    return { id: `rabbitmq.${thing}`, subject: service, level: "warning", message, fix };
  };
  if (/^dlq\b/.test(name)) {
    if (messages === 0) return [];
    const message = `${countOf(messages, "dead letter")} in ${name}`;
    return [tell("dead-letters", message, "{mybroker} tail dlq")];
  }
  const consumer = [toExchange, toBroker].find(({ queue }) => queue === name)?.consumer;
  // Which service reads a queue of the user's nobody knows.
  if (consumer !== undefined && running.has(consumer) && consumers === 0) {
    const message = `nobody reads ${name}: ${consumer} runs and does not listen to it`;
    const fix = `{mybroker} restart ${consumer}`;
    return [{ ...tell("no-consumer", message, fix), repair: repairWith("restart", consumer) }];
  }
  if (messages <= backlogLimit) return [];
  const fix = consumer === undefined ? `{mybroker} logs ${service}` : `{mybroker} logs ${consumer}`;
  return [tell("backlog", `${messages} messages wait in ${name}`, fix)];
}
