import { connectRabbitmq } from "../../../kit/rabbitmq.js";
import type { ProbeAnswer, ProbeTarget } from "../probe.js";
import { attemptLogin, describeError, type LoginSession } from "./login-session.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, type NotReady, notReady, oneLine, ready } from "./wire.js";

const protocolHeader = Buffer.from("AMQP\0\0\x09\x01", "latin1");

/** A method frame with connection.start (class 10, method 10), or the header of the version it wants. */
export function readAmqpAnswer(bytes: Buffer): ProbeAnswer | undefined {
  if (bytes.length < 8) return undefined;
  if (bytes.toString("latin1", 0, 4) === "AMQP") {
    return notReady("wrong-server", "it speaks another version of AMQP");
  }
  if (bytes.readUInt8(0) !== 1 || bytes.readUInt16BE(1) !== 0) {
    return notReady("wrong-server", "it does not answer as RabbitMQ does");
  }
  if (bytes.length < 11) return undefined;
  return bytes.readUInt16BE(7) === 10 && bytes.readUInt16BE(9) === 10
    ? ready("RabbitMQ asks for the login")
    : notReady("wrong-server", "it does not answer as RabbitMQ does");
}

function classifyRabbitmqFailure(error: unknown): NotReady {
  const { code, message } = describeError(error);
  const detail = oneLine(message);
  // "vhost … not found" while definitions are still being imported is no refusal.
  if (/NOT_ALLOWED|530/.test(message) && /not found|is down/.test(message))
    return notReady("starting", detail);
  if (/ACCESS[-_]REFUSED|NOT[-_]ALLOWED/.test(message)) return notReady("denied", detail);
  if (code === "" && /Socket closed abruptly|CONNECTION[-_]FORCED|ETIMEDOUT/.test(message)) {
    return notReady("starting", detail);
  }
  return classifySocketError(error as NodeJS.ErrnoException);
}

export async function openRabbitmq(
  target: ProbeTarget,
  options: { session: LoginSession; timeoutMs: number },
) {
  const abort = new AbortController();
  options.session.onClose(() => abort.abort());
  const connection = await connectRabbitmq({
    host: target.host,
    port: target.port,
    user: target.user ?? "guest",
    password: target.password ?? "guest",
    timeoutMs: options.timeoutMs,
    connectionName: "mybroker-ready",
    signal: abort.signal,
  });
  return connection;
}

export type RabbitmqConnection = Awaited<ReturnType<typeof openRabbitmq>>;

/** The user comes from the definitions that RabbitMQ imports at its start: the login proves that they are in. */
export const rabbitmqProbe: ServerProbe = {
  knock: (target, timeoutMs) =>
    converse({
      host: target.host,
      port: target.port,
      timeoutMs,
      send: protocolHeader,
      read: readAmqpAnswer,
    }),
  login: (target, timeoutMs) =>
    attemptLogin({
      timeoutMs,
      classify: classifyRabbitmqFailure,
      login: async (session) => {
        const connection = await openRabbitmq(target, { session, timeoutMs });
        await connection.close();
        return `logged in as ${target.user ?? "guest"}`;
      },
    }),
  prepare: () => import("../../../kit/drivers/amqplib.js"),
  classify: classifyRabbitmqFailure,
};
