import { createKafka } from "../../../kit/kafka.js";
import type { ProbeAnswer, ProbeTarget } from "../probe.js";
import { attemptLogin, describeError, type LoginSession } from "./login-session.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, type NotReady, notReady, oneLine, ready } from "./wire.js";

const correlationId = 0x6d79_6272;
const unsupportedVersion = 35;

/** ApiVersions v0 without a client id: understood by every broker since 0.10. */
export function encodeApiVersions(): Buffer {
  const request = Buffer.alloc(14);
  request.writeInt32BE(10, 0);
  request.writeInt16BE(18, 4);
  request.writeInt32BE(correlationId, 8);
  request.writeInt16BE(-1, 12);
  return request;
}

/** undefined: more has to come. (Kafka protocol, ApiVersions response: length, correlation id, error code.) */
export function readApiVersions(bytes: Buffer): ProbeAnswer | undefined {
  if (bytes.length < 10) return undefined;
  const length = bytes.readInt32BE(0);
  if (length < 6 || length > 65_536 || bytes.readInt32BE(4) !== correlationId) {
    return notReady("wrong-server", "it does not answer as Kafka does");
  }
  const errorCode = bytes.readInt16BE(8);
  return errorCode === 0 || errorCode === unsupportedVersion
    ? ready("Kafka tells its API versions")
    : notReady("starting", `Kafka answers with error ${errorCode}`);
}

/** An admin client whose sockets belong to the session; `dialled` collects every address that it went to. */
export async function openKafkaAdmin(
  target: ProbeTarget,
  options: { session: LoginSession; timeoutMs: number; dialled?: Set<string> },
) {
  const kafka = await createKafka({
    clientId: "mybroker-ready",
    brokers: [`${target.host}:${target.port}`],
    timeoutMs: options.timeoutMs,
    retries: 0,
    openSocket: (host, port) => {
      options.dialled?.add(`${host}:${port}`);
      return options.session.open(host, port);
    },
  });
  const admin = kafka.admin();
  options.session.onClose(() => admin.disconnect());
  await admin.connect();
  return admin;
}

/** The brokers tell clients where to go next; a client then speaks to that address only. */
function describeAdvertised(target: ProbeTarget, dialled: ReadonlySet<string>): string | undefined {
  const other = [...dialled].find((address) => address !== `${target.host}:${target.port}`);
  return other === undefined
    ? undefined
    : `Kafka tells clients to go to ${other}, which this host cannot reach (KAFKA_ADVERTISED_LISTENERS)`;
}

function classifyKafkaFailure(error: unknown): NotReady {
  const { message } = describeError(error);
  if (message.includes("ECONNREFUSED")) return notReady("refused", "connection refused");
  if (/closed connection|not connected|timeout/i.test(message)) return notReady("starting", oneLine(message));
  return classifySocketError(error as NodeJS.ErrnoException);
}

export const kafkaProbe: ServerProbe = {
  knock: (target, timeoutMs) =>
    converse({
      host: target.host,
      port: target.port,
      timeoutMs,
      send: encodeApiVersions(),
      read: readApiVersions,
    }),
  login: (target, timeoutMs) => {
    const dialled = new Set<string>();
    return attemptLogin({
      timeoutMs,
      classify: (error) => {
        const advertised = describeAdvertised(target, dialled);
        return advertised === undefined ? classifyKafkaFailure(error) : notReady("error", advertised);
      },
      login: async (session) => {
        const admin = await openKafkaAdmin(target, { session, timeoutMs, dialled });
        // It asks a broker at its advertised address, so an answer proves that address too.
        const { brokers } = await admin.describeCluster();
        if (brokers.length === 0) return notReady("starting", "no broker has registered yet");
        return brokers.map((broker) => `${broker.host}:${broker.port}`).join(", ");
      },
    });
  },
  prepare: () => import("../../../kit/drivers/kafkajs.js"),
  classify: classifyKafkaFailure,
};
