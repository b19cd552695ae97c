import type { ProbeAnswer, ProbeTarget } from "../probe.js";
import { attemptLogin, describeError, type LoginSession } from "./login-session.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, type NotReady, notReady, oneLine, ready } from "./wire.js";

const opMsg = 2013;
const requestId = 0x6d79_6272;
/** Unauthorized, AuthenticationFailed, UserNotFound. */
const deniedCodes = new Set([11, 13, 18]);
/** InterruptedAtShutdown, InterruptedDueToReplStateChange, ShutdownInProgress, NotWritablePrimary. */
const startingCodes = new Set([91, 10_107, 11_600, 11_602]);

/** OP_MSG with {hello: 1, $db: "admin"}: the one command that needs no login. */
export function encodeMongoHello(): Buffer {
  const body = Buffer.concat([
    Buffer.from("\x10hello\0\x01\0\0\0", "latin1"),
    Buffer.from("\x02$db\0\x06\0\0\0admin\0", "latin1"),
    Buffer.from([0]),
  ]);
  const message = Buffer.alloc(25);
  message.writeInt32LE(25 + body.length, 0);
  message.writeInt32LE(requestId, 4);
  message.writeInt32LE(opMsg, 12);
  message.writeInt32LE(4 + body.length, 21);
  return Buffer.concat([message, body]);
}

/** undefined: more has to come. (MongoDB wire protocol, OP_MSG.) */
export function readMongoAnswer(bytes: Buffer): ProbeAnswer | undefined {
  if (bytes.length < 16) return undefined;
  const length = bytes.readInt32LE(0);
  if (
    length < 26 ||
    length > 48_000 ||
    bytes.readInt32LE(8) !== requestId ||
    bytes.readInt32LE(12) !== opMsg
  ) {
    return notReady("wrong-server", "it does not answer as MongoDB does");
  }
  if (bytes.length < length) return undefined;
  // Every reply has `ok`, a double: 1 is yes.
  const okAt = bytes.indexOf("\x01ok\0", 21, "latin1");
  if (okAt === -1 || okAt + 12 > length)
    return notReady("wrong-server", "it does not answer as MongoDB does");
  return bytes.readDoubleLE(okAt + 4) === 1
    ? ready("MongoDB says hello")
    : notReady("starting", "MongoDB answers hello with an error");
}

function classifyMongoFailure(error: unknown): NotReady {
  const { code, message } = describeError(error);
  const number = Number(code);
  const detail = oneLine(message);
  if (deniedCodes.has(number) || message.includes("Authentication failed")) return notReady("denied", detail);
  if (startingCodes.has(number)) return notReady("starting", detail);
  if (message.includes("ECONNREFUSED")) return notReady("refused", "connection refused");
  const cause = (error as { cause?: unknown }).cause;
  if (cause instanceof Error) return classifyMongoFailure(cause);
  if (/connection .*closed|timed out/i.test(message)) return notReady("starting", detail);
  return classifySocketError(error as NodeJS.ErrnoException);
}

/** A client logged in as the target's user against the admin database, where the image keeps its root user. */
export async function openMongo(target: ProbeTarget, options: { session: LoginSession; timeoutMs: number }) {
  const { MongoClient } = await import("../drivers/mongodb.js");
  const client = new MongoClient(`mongodb://${target.host}:${target.port}/`, {
    directConnection: true,
    // It tries a closed port again until this ends, and only then says why: so a little before our own limit.
    serverSelectionTimeoutMS: Math.ceil(options.timeoutMs * 0.8),
    connectTimeoutMS: options.timeoutMs,
    socketTimeoutMS: options.timeoutMs,
    maxPoolSize: 1,
    // One round trip is wanted, not the monitoring that a long-lived client does.
    serverMonitoringMode: "poll",
    monitorCommands: false,
    retryReads: false,
    ...(target.password === undefined
      ? {}
      : { auth: { username: target.user ?? "root", password: target.password }, authSource: "admin" }),
  });
  options.session.onClose(() => client.close(true));
  client.on("error", () => {});
  await client.connect();
  return client;
}

export const mongodbProbe: ServerProbe = {
  knock: (target, timeoutMs) =>
    converse({
      host: target.host,
      port: target.port,
      timeoutMs,
      send: encodeMongoHello(),
      read: readMongoAnswer,
    }),
  login: (target, timeoutMs) =>
    attemptLogin({
      timeoutMs,
      classify: classifyMongoFailure,
      login: async (session) => {
        const client = await openMongo(target, { session, timeoutMs });
        await client.db("admin").command({ ping: 1 });
        return target.password === undefined ? "ping answered" : `logged in as ${target.user ?? "root"}`;
      },
    }),
  prepare: () => import("../drivers/mongodb.js"),
  classify: classifyMongoFailure,
};
