import type { ProbeAnswer, ProbeTarget } from "../probe.js";
import { attemptLogin, describeError, type LoginSession } from "./login-session.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, type NotReady, notReady, oneLine, ready } from "./wire.js";

const ping = Buffer.from("*1\r\n$4\r\nPING\r\n", "latin1");

/** One line of RESP: +PONG, or an error whose first word is its code. */
export function readRedisAnswer(bytes: Buffer): ProbeAnswer | undefined {
  if (bytes.length === 0) return undefined;
  const first = bytes.readUInt8(0);
  if (first !== 0x2b && first !== 0x2d) return notReady("wrong-server", "it does not answer as Redis does");
  const end = bytes.indexOf("\r\n");
  if (end === -1) {
    return bytes.length > 1024 ? notReady("wrong-server", "it does not answer as Redis does") : undefined;
  }
  const line = bytes.toString("utf8", 1, end);
  if (first === 0x2d) return classifyRedisError(line);
  return line === "PONG" ? ready("PONG") : notReady("wrong-server", "it does not answer as Redis does");
}

function classifyRedisError(line: string): ProbeAnswer {
  const code = line.split(" ", 1)[0] ?? "";
  // It serves; whether it lets us in is the login's question.
  if (code === "NOAUTH") return ready("Redis asks for the login");
  if (code === "WRONGPASS" || code === "NOPERM" || code === "DENIED" || line.startsWith("ERR AUTH")) {
    return notReady("denied", oneLine(line));
  }
  const startingSoon = code === "LOADING" || code === "BUSY" || code === "MASTERDOWN";
  return notReady(startingSoon ? "starting" : "error", oneLine(line));
}

function classifyRedisFailure(error: unknown): NotReady {
  const { code, message } = describeError(error);
  if (code === "" && /^[A-Z]+ /.test(message)) {
    const answer = classifyRedisError(message);
    return answer.ready ? notReady("denied", oneLine(message)) : answer;
  }
  if (message === "Connection is closed.") return notReady("starting", "it hung up during the login");
  return classifySocketError(error as NodeJS.ErrnoException);
}

/** A client that is logged in, on a socket of the session; it never connects again. */
export async function openRedis(target: ProbeTarget, session: LoginSession) {
  const { Redis } = await import("../drivers/ioredis.js");
  const socket = session.open(target.host, target.port);
  const redis = new Redis({
    Connector: class {
      check = () => true;
      connect = async () => socket;
      disconnect = () => socket.destroy();
    } as never,
    lazyConnect: true,
    protocol: 2,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    ...(target.user === undefined ? {} : { username: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
  });
  session.onClose(() => redis.disconnect());
  // A refused AUTH and a dropped connection are both told here as well as by the promise below.
  let refusal: Error | undefined;
  redis.on("error", (error: Error) => {
    refusal ??= error;
  });
  try {
    await redis.connect();
    // Without a password a server that wants one refuses the first command only.
    await redis.ping();
  } catch (error) {
    throw refusal ?? error;
  }
  return redis;
}

export const redisProbe: ServerProbe = {
  knock: (target, timeoutMs) =>
    converse({ host: target.host, port: target.port, timeoutMs, send: ping, read: readRedisAnswer }),
  login: (target, timeoutMs) =>
    attemptLogin({
      timeoutMs,
      classify: classifyRedisFailure,
      login: async (session) => {
        await openRedis(target, session);
        return target.password === undefined ? "PONG" : "logged in";
      },
    }),
  prepare: () => import("../drivers/ioredis.js"),
  classify: classifyRedisFailure,
};
