import { createKafka } from "../../../kit/kafka.js";
import {
  type ClusterView,
  type KafkaConnection,
  openKafkaConnection,
} from "../../../kit/kafka-connection.js";
import type { ProbeTarget } from "../../ready/probe.js";
import type { LoginSession } from "../../ready/servers/login-session.js";
import { driverTimeoutMs } from "./examine.js";

export type Topics = ClusterView["topics"];

/** A Kafka that has been asked what there is. */
export interface KafkaLink {
  readonly address: string;
  readonly view: ClusterView;
  readonly connection: KafkaConnection;
}

/** At the published address; where its answer sends clients is not followed. */
export async function openKafkaLink(target: ProbeTarget, session: LoginSession): Promise<KafkaLink> {
  const address = `${target.host}:${target.port}`;
  const connection = await openKafkaConnection(address, driverTimeoutMs);
  session.onClose(() => connection.close());
  return { address, connection, view: await connection.describe([]) };
}

/** The client that services use; it goes where Kafka sends it. */
export function openKafkaClient(target: ProbeTarget, session: LoginSession) {
  return createKafka({
    clientId: "mybroker-doctor",
    brokers: [`${target.host}:${target.port}`],
    timeoutMs: driverTimeoutMs,
    retries: 0,
    openSocket: (host, port) => session.open(host, port),
  });
}

export async function openAdmin(target: ProbeTarget, session: LoginSession) {
  const admin = (await openKafkaClient(target, session)).admin();
  session.onClose(() => admin.disconnect());
  await admin.connect();
  // Before it has asked for the brokers it cannot look for the one that keeps a group.
  await admin.describeCluster();
  return admin;
}

/** One node: it leads every partition, and can be asked of all. */
export function isAlone({ view }: KafkaLink): boolean {
  return view.brokers.size === 1;
}
