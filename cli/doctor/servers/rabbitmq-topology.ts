import { askManagement, type ManagementAddress } from "../../../kit/rabbitmq-management.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { ProbeTarget } from "../../ready/probe.js";
import { openRabbitmq } from "../../ready/servers/rabbitmq.js";
import type { DoctorFacts, Finding, Repair } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { compareTopology, type TopologyDifferences } from "./compare-topology.js";
import { type DeclaredPolicy, type DeclaredTopology, readDeclaredTopology } from "./declared-topology.js";
import { driverTimeoutMs } from "./examine.js";
import { askPage, findManagement } from "./management.js";
import { onceItAnswers, withSession } from "./with-session.js";

export const topologyFindings = [
  "rabbitmq.missing-exchange",
  "rabbitmq.missing-queue",
  "rabbitmq.missing-binding",
  "rabbitmq.missing-policy",
  "rabbitmq.wrong-queue-type",
];

/** Exchanges, queues, bindings and policies as the definitions of the compose file have them. */
export async function examineTopology(facts: DoctorFacts, target: ProbeTarget): Promise<readonly Finding[]> {
  const address = await findManagement(facts, target);
  if (address === undefined) return [];
  const declared = readDeclaredTopology(facts.project, target.service);
  const differences = await findDifferences(declared, target, address);
  return tellDifferences(target.service, differences);
}

async function findDifferences(
  declared: DeclaredTopology,
  target: ProbeTarget,
  address: ManagementAddress,
): Promise<TopologyDifferences> {
  const management = askManagement(address, { timeoutMs: driverTimeoutMs });
  const [exchanges, queues, bindings, policies] = await Promise.all([
    management.listExchanges(),
    management.listQueues(),
    management.listBindings(),
    askPage(target, address, { path: "/api/policies/%2F" }),
  ]);
  const listed = policies?.status === 200 ? (policies.body as DeclaredPolicy[]) : undefined;
  return compareTopology(declared, {
    exchanges,
    queues,
    bindings,
    ...(listed === undefined ? {} : { policies: listed }),
  });
}

function tellDifferences(service: string, differences: TopologyDifferences): Finding[] {
  const { exchanges, queues, otherQueues, bindings, policies, otherTypes } = differences;
  const repair = declareRepair(service);
  const missing = (thing: string, message: string): Finding => {
    const id = `rabbitmq.missing-${thing}`;
    const fix = `{mybroker} doctor --fix ${id}`;
    return { id, subject: service, level: "error", message, fix, repair };
  };
  return [
    ...exchanges.map(({ name }) => missing("exchange", `${service} has no exchange ${name}`)),
    ...queues.map(({ name }) => missing("queue", `${service} has no queue ${name}`)),
    ...otherQueues.map((name) => ({
      ...missing("queue", `${service} has no queue ${name}, which x-mybroker names`),
      fix: `{mybroker} restart ${service}`,
      repair: repairWith("restart", service),
    })),
    ...bindings.map(({ source, destination, routing_key }) =>
      missing("binding", `${service} does not bring ${routing_key} of ${source} to ${destination}`),
    ),
    ...policies.map(({ name }) => missing("policy", `${service} has no policy ${name} as it is declared`)),
    ...otherTypes.map(
      ({ queue, wanted, seen }): Finding => ({
        id: "rabbitmq.wrong-queue-type",
        subject: service,
        level: "error",
        message: `${queue} of ${service} is a ${seen} queue, and declared as ${wanted}`,
        evidence: ["a queue keeps its type: it has to be deleted, with the messages in it, and made again"],
        fix: `{mybroker} exec ${service} rabbitmqctl delete_queue ${queue} && {mybroker} --yes doctor --fix rabbitmq.missing-queue`,
      }),
    ),
  ];
}

/** Declares what is missing and nothing else: what is there stays as it is. */
function declareRepair(service: string): Repair {
  return {
    command: `declare what ${service} lacks of its definitions`,
    stage: "servers",
    run: (facts) => onceItAnswers(() => declareMissing(facts, service)),
  };
}

async function declareMissing(facts: DoctorFacts, service: string): Promise<void> {
  const target = (await facts.targets()).get(service);
  const address = target === undefined ? undefined : await findManagement(facts, target);
  if (target === undefined || address === undefined) return;
  const declared = readDeclaredTopology(facts.project, service);
  const { exchanges, queues, policies } = await findDifferences(declared, target, address);
  // Binding twice is binding once, and those of a queue that is made now are not there either.
  const lacking = { ...declared, exchanges, queues, policies };
  await ("socketPath" in address
    ? declareOverAmqp(target, lacking)
    : importDefinitions(target, address, lacking));
}

async function importDefinitions(
  target: ProbeTarget,
  address: ManagementAddress,
  { exchanges, queues, bindings, policies }: DeclaredTopology,
): Promise<void> {
  const json = { exchanges, queues, bindings, policies };
  const answer = await askPage(target, address, { path: "/api/definitions/%2F", method: "POST", json });
  if (answer === undefined || answer.status < 300) return;
  throw new MybrokerError({
    code: "doctor.repair-failed",
    message: `${target.service} did not take the declarations: HTTP ${answer.status}`,
    hint: `{mybroker} restart ${target.service}`,
    exitCode: exitCodes.no,
  });
}

/** The embedded broker takes its policies at each start. */
async function declareOverAmqp(target: ProbeTarget, lacking: DeclaredTopology): Promise<void> {
  await withSession(async (session) => {
    const connection = await openRabbitmq(target, { session, timeoutMs: driverTimeoutMs });
    const channel = await connection.createChannel();
    for (const { name, type } of lacking.exchanges)
      await channel.assertExchange(name, type, { durable: true });
    for (const queue of lacking.queues) {
      await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments ?? {} });
    }
    for (const { source, destination, destination_type, routing_key } of lacking.bindings) {
      if (destination_type === "queue") await channel.bindQueue(destination, source, routing_key);
      else await channel.bindExchange(destination, source, routing_key);
    }
    await connection.close();
  });
}
