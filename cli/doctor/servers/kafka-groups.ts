import { topics as agreedTopics } from "../../../contracts/topology.js";
import { offsetAt } from "../../../kit/kafka-connection.js";
import type { ProbeTarget } from "../../ready/probe.js";
import type { LoginSession } from "../../ready/servers/login-session.js";
import type { DoctorFacts, Finding } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { isAlone, type KafkaLink, openAdmin } from "./kafka-link.js";
import { findRunningServices } from "./running-services.js";

export const groupFindings = ["kafka.lag", "kafka.no-members"];

/** A record that is so old and still unread is not on its way any more; a busy group reads within two or three. */
const unreadLimitMs = 15_000;

/** Groups are named after the service that they belong to. */
interface Group {
  readonly service: string;
  readonly topics: readonly string[];
}

/** Whether each service that runs reads its topics, and keeps up. */
export async function examineGroups(
  facts: DoctorFacts,
  target: ProbeTarget,
  { session, link }: { readonly session: LoginSession; readonly link: KafkaLink },
): Promise<readonly Finding[]> {
  const running = await findRunningServices(facts);
  const groups = findGroups(target, link).filter(({ service }) => running.has(service));
  if (groups.length === 0 || !isAlone(link)) return [];
  const admin = await openAdmin(target, session);
  const [{ groups: seen }, late] = await Promise.all([
    admin.describeGroups(groups.map(({ service }) => service)),
    findOldEnds(link, [...new Set(groups.flatMap(({ topics }) => topics))]),
  ]);
  const found = await Promise.all(
    groups.map(async ({ service, topics }) => {
      const state = seen.find(({ groupId }) => groupId === service)?.state;
      if (state === "Empty" || state === "Dead") return [tellAbsent(service, topics)];
      const offsets = await admin.fetchOffsets({ groupId: service, topics: [...topics] });
      const unread = offsets.reduce(
        (sum, { topic, partitions }) =>
          sum +
          partitions.reduce((count, { partition, offset }) => {
            const end = late.get(`${topic}/${partition}`) ?? 0;
            // Nothing is committed before the first batch.
            return count + Math.max(0, end - Math.max(0, Number(offset)));
          }, 0),
        0,
      );
      return unread === 0 ? [] : [tellLag(service, unread)];
    }),
  );
  return found.flat();
}

/** Of the topics that this Kafka is declared to have and has. */
function findGroups({ extension }: ProbeTarget, { view }: KafkaLink): Group[] {
  const present = new Set(view.topics.filter(({ errorCode }) => errorCode === 0).map(({ name }) => name));
  const declared = agreedTopics.filter(({ name }) => extension.topics?.includes(name) && present.has(name));
  const services = new Set(declared.flatMap(({ consumers }) => consumers));
  return [...services].map((service) => ({
    service,
    topics: declared.filter(({ consumers }) => consumers.includes(service)).map(({ name }) => name),
  }));
}

/** Where each partition ended `unreadLimitMs` ago, by "topic/partition". */
async function findOldEnds(
  { view, connection }: KafkaLink,
  names: readonly string[],
): Promise<Map<string, number>> {
  const wanted = view.topics
    .filter(({ name }) => names.includes(name))
    .flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition })));
  const timestampMs = Date.now() - unreadLimitMs;
  const since = await connection.findOffsets(wanted, timestampMs);
  const ends = await connection.findOffsets(wanted, offsetAt.end);
  const endOf = new Map(ends.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  return new Map(
    since.map(({ topic, partition, offset }) => {
      const key = `${topic}/${partition}`;
      // -1: nothing came since.
      return [key, offset >= 0 ? offset : (endOf.get(key) ?? 0)];
    }),
  );
}

function tellAbsent(service: string, topics: readonly string[]): Finding {
  return {
    id: "kafka.no-members",
    subject: service,
    level: "warning",
    message: `${service} runs and reads no topic: its group has no members (${topics.join(", ")})`,
    fix: `{mybroker} restart ${service}`,
    repair: repairWith("restart", service),
  };
}

function tellLag(service: string, unread: number): Finding {
  const age = `${unreadLimitMs / 1000} s`;
  return {
    id: "kafka.lag",
    subject: service,
    level: "warning",
    message: `${service} has not read ${unread} records that are older than ${age}`,
    fix: `{mybroker} restart ${service}`,
    repair: repairWith("restart", service),
  };
}
