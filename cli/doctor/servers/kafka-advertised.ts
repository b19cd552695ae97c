import { openKafkaConnection } from "../../../kit/kafka-connection.js";
import type { ProbeTarget } from "../../ready/probe.js";
import { describeError } from "../../ready/servers/login-session.js";
import type { DoctorFacts, Finding } from "../check.js";
import type { KafkaLink } from "./kafka-link.js";

/** Enough for a host that is there; a name that nobody knows is refused at once. */
const reachTimeoutMs = 600;

/** Kafka tells its clients where to go on: they speak to that address only, whatever they began with. */
export async function examineAdvertised(
  facts: DoctorFacts,
  target: ProbeTarget,
  link: KafkaLink,
): Promise<readonly Finding[]> {
  const own = normalise(link.address);
  const others = [...link.view.brokers.values()].filter((address) => normalise(address) !== own);
  const found = await Promise.all(
    others.map(async (address) => {
      const failure = await findFailure(address);
      // Another node of a cluster has a port of its own; a node alone is where it is published.
      const elsewhere = link.view.brokers.size === 1 && portOf(address) !== portOf(own);
      if (failure === undefined && !elsewhere) return [];
      const why = failure ?? `another server than the one at ${own}`;
      return [await tell(facts, target, { address, why })];
    }),
  );
  return found.flat();
}

async function findFailure(address: string): Promise<string | undefined> {
  try {
    (await openKafkaConnection(address, reachTimeoutMs)).close();
    return undefined;
  } catch (error) {
    return describeError(error).message;
  }
}

interface Advertised {
  readonly address: string;
  readonly why: string;
}

async function tell(
  facts: DoctorFacts,
  { service, host, port, extension }: ProbeTarget,
  { address, why }: Advertised,
): Promise<Finding> {
  const environment = facts.project.services[service]?.environment ?? {};
  const listener = findListener(environment.KAFKA_LISTENERS, extension.port);
  const place = await facts.placeOf(["services", service, "environment", "KAFKA_ADVERTISED_LISTENERS"]);
  const [file, line] = place?.split(/:(?=\d+$)/) ?? [];
  // The file may be right and the container older than it.
  const isInFile = environment.KAFKA_ADVERTISED_LISTENERS?.includes(`${listener}://${address}`) ?? false;
  const known = Object.entries(facts.project.environment).find(
    ([key, value]) => key.endsWith("_HOST_PORT") && value === String(port),
  );
  const wanted = `${listener}://${host}:${known === undefined ? port : `\${${known[0]}}`}`;
  const edit = `sed -i.bak '${line}s#${listener}://[^,"'\\'' ]*#${wanted}#' ${file}`;
  const up = `{mybroker} up ${service}`;
  return {
    id: "kafka.advertised-unreachable",
    subject: service,
    level: "error",
    message: `${service} tells clients to go to ${address}, which this host cannot reach`,
    evidence: [why, ...(isInFile && place !== undefined ? [`${place}  KAFKA_ADVERTISED_LISTENERS`] : [])],
    fix: isInFile && file !== undefined && line !== undefined ? `${edit} && ${up}` : up,
  };
}

/** "HOST" of "HOST://:9092,INTERNAL://:29092". */
function findListener(listeners: string | null | undefined, port: number): string {
  const found = listeners?.split(",").find((listener) => listener.trim().endsWith(`:${port}`));
  return /^\s*([A-Z0-9_]+):/i.exec(found ?? "")?.[1] ?? "PLAINTEXT";
}

function normalise(address: string): string {
  return address.replace(/^(localhost|\[?::1\]?):/, "127.0.0.1:");
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}
