import type { ProbeAnswer, ProbeTarget } from "../probe.js";
import { attemptLogin, describeError, type LoginSession } from "./login-session.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, type NotReady, notReady, oneLine, ready } from "./wire.js";

/** ER_CON_COUNT_ERROR, ER_SERVER_SHUTDOWN, ER_SERVER_OFFLINE_MODE: it answers, and later it will serve. */
const startingCodes = new Set([1040, 1053, 3032]);
/** ER_DBACCESS_DENIED, ER_ACCESS_DENIED, ER_BAD_DB, ER_HOST_NOT_PRIVILEGED, ER_ACCOUNT_HAS_BEEN_LOCKED. */
const deniedCodes = new Set([1044, 1045, 1049, 1130, 1698, 3118]);

/**
 * The server speaks first: a packet of 3 bytes of length, a sequence number of 0, and either protocol
 * version 10 with the server's version or an error packet (MySQL internals, "Connection Phase").
 */
export function readMysqlGreeting(bytes: Buffer): ProbeAnswer | undefined {
  if (bytes.length < 5) return undefined;
  const length = bytes.readUIntLE(0, 3);
  const first = bytes.readUInt8(4);
  if (bytes.readUInt8(3) !== 0 || length < 3 || length > 4096 || (first !== 0x0a && first !== 0xff)) {
    return notReady("wrong-server", "it does not greet as MySQL does");
  }
  if (bytes.length < 4 + length) return undefined;
  const packet = bytes.subarray(4, 4 + length);
  if (first === 0xff) return classifyMysqlError(packet.readUInt16LE(1), packet.toString("utf8", 3));
  const end = packet.indexOf(0, 1);
  return end === -1
    ? notReady("wrong-server", "it does not greet as MySQL does")
    : ready(`MySQL ${oneLine(packet.toString("latin1", 1, end))}`);
}

function classifyMysqlError(code: number, message: string): NotReady {
  const detail = `${code} ${oneLine(message)}`;
  if (deniedCodes.has(code)) return notReady("denied", detail);
  return notReady(startingCodes.has(code) ? "starting" : "error", detail);
}

function classifyMysqlFailure(error: unknown): NotReady {
  const errno = (error as { errno?: unknown }).errno;
  const { code, message } = describeError(error);
  if (typeof errno === "number" && errno > 0) return classifyMysqlError(errno, message);
  if (code === "PROTOCOL_CONNECTION_LOST") return notReady("starting", "it hung up during the login");
  return classifySocketError(error as NodeJS.ErrnoException);
}

/** A connection logged in as the target's user, on a socket of the session. */
export async function openMysql(target: ProbeTarget, session: LoginSession) {
  const { createConnection } = await import("../drivers/mysql2.js");
  const connection = createConnection({
    stream: session.open(target.host, target.port),
    user: target.user ?? "root",
    password: target.password ?? "",
    ...(target.database === undefined ? {} : { database: target.database }),
  });
  session.onClose(() => connection.then((opened) => opened.destroy()));
  const opened = await connection;
  opened.on("error", () => {});
  return opened;
}

/**
 * The temporary server that the image starts while it initialises has no TCP port, so a login over TCP as the
 * application's user into the application's database proves that initialisation is over.
 */
export const mysqlProbe: ServerProbe = {
  knock: (target, timeoutMs) =>
    converse({ host: target.host, port: target.port, timeoutMs, read: readMysqlGreeting }),
  login: (target, timeoutMs) =>
    attemptLogin({
      timeoutMs,
      classify: classifyMysqlFailure,
      login: async (session) => {
        const connection = await openMysql(target, session);
        await connection.query("SELECT 1");
        return `logged in as ${target.user ?? "root"}`;
      },
    }),
  prepare: () => import("../drivers/mysql2.js"),
  classify: classifyMysqlFailure,
};
