import { formatBytes } from "../../output/units.js";
import type { ProbeTarget } from "../../ready/probe.js";
import { openRabbitmq, type RabbitmqConnection } from "../../ready/servers/rabbitmq.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { checkServers, driverTimeoutMs } from "./examine.js";
import { askPage, findManagement } from "./management.js";
import { examineQueues, queueFindings } from "./rabbitmq-queues.js";
import { examineTopology, topologyFindings } from "./rabbitmq-topology.js";

export const rabbitmqCheck = checkServers({
  kind: "rabbitmq",
  title: "RabbitMQ takes the login, passes a message on, and has what its definitions declare",
  finds: ["rabbitmq.alarm", ...topologyFindings, ...queueFindings],
  examine: ({ facts, target, session }) => {
    const connection = openRabbitmq(target, { session, timeoutMs: driverTimeoutMs });
    // Without the login the page would refuse it as well.
    const loggedIn = <T>(work: (opened: RabbitmqConnection) => Promise<T>) => connection.then(work);
    return [
      loggedIn((opened) => passOn(facts, target, opened)),
      loggedIn((opened) => examineQueues(facts, target, opened)),
      loggedIn(() => examineTopology(facts, target)),
    ];
  },
});

/** From one end to the other, through a queue of our own that ends with the connection. */
async function passOn(
  facts: DoctorFacts,
  target: ProbeTarget,
  connection: RabbitmqConnection,
): Promise<readonly Finding[]> {
  const startedMs = performance.now();
  const { service } = target;
  const blocked = new Promise<string>((resolve) => connection.once("blocked", resolve));
  const channel = await connection.createChannel();
  channel.on("error", () => {});
  const { queue } = await channel.assertQueue("", { exclusive: true, autoDelete: true, durable: false });
  const came = new Promise<string>((resolve, reject) => {
    const take = (message: { content: Buffer } | null) => resolve(message?.content.toString("utf8") ?? "");
    channel.consume(queue, take, { noAck: true }).catch(reject);
  });
  channel.sendToQueue(queue, Buffer.from("mybroker doctor"));
  const outcome = await Promise.race([
    came.then((text) => ({ text })),
    blocked.then((reason) => ({ reason })),
  ]);
  if ("reason" in outcome) return [await tellAlarm(facts, target, outcome.reason)];
  if (outcome.text !== "mybroker doctor") throw new Error("it did not give back what was just published");
  const tookMs = Math.round(performance.now() - startedMs);
  return [fine("rabbitmq.works", service, `a message published and consumed, ${tookMs} ms`)];
}

interface NodeFacts {
  readonly disk_free?: number;
  readonly disk_free_limit?: number;
  readonly mem_limit?: number;
}

/** Room that an ordinary limit leaves: one above it was set while the server ran, and ends with it. */
const ordinaryLimitBytes = 1_000_000_000;

async function tellAlarm(facts: DoctorFacts, target: ProbeTarget, reason: string): Promise<Finding> {
  const { service } = target;
  const address = await findManagement(facts, target);
  const columns = "disk_free,disk_free_limit,mem_limit";
  const answer =
    address === undefined
      ? undefined
      : await askPage(target, address, { path: `/api/nodes?columns=${columns}` }).catch(() => undefined);
  const [node] = answer?.status === 200 ? (answer.body as NodeFacts[]) : [];
  const { disk_free: free = 0, disk_free_limit: limit = 0, mem_limit: memory = 0 } = node ?? {};
  const full = /disk/i.test(reason) && free <= limit && limit <= ordinaryLimitBytes;
  const message = `${service} takes no messages from publishers: ${reason}`;
  return {
    id: "rabbitmq.alarm",
    subject: service,
    level: "error",
    message,
    ...(node === undefined
      ? {}
      : {
          evidence: [
            `disk: ${formatBytes(free)} free, ${formatBytes(limit)} have to be; memory: ${formatBytes(memory)} at most`,
          ],
        }),
    ...(full
      ? { fix: facts.ground.runtime === "docker" ? "docker system df" : "df -h" }
      : { fix: `{mybroker} restart ${service}`, repair: repairWith("restart", service) }),
  };
}
