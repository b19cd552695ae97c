import type { ProbeAnswer, ProbeTarget } from "../probe.js";
import { attemptLogin, describeError, type LoginSession } from "./login-session.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, type NotReady, notReady, oneLine, ready } from "./wire.js";

/** too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now ("the database system is starting up"). */
const startingStates = new Set(["53300", "57P01", "57P02", "57P03"]);
/** invalid_authorization, invalid_password, invalid_catalog_name (no such database). */
const deniedStates = new Set(["28000", "28P01", "3D000"]);

/** A StartupMessage of protocol 3.0: only it, unlike an SSLRequest, is answered with "starting up". */
export function encodePostgresStartup(user: string, database: string): Buffer {
  const parameters = Buffer.from(`user\0${user}\0database\0${database}\0\0`, "utf8");
  const message = Buffer.alloc(8 + parameters.length);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(196_608, 4);
  parameters.copy(message, 8);
  return message;
}

/** The first message back: an authentication request, or an error with its SQLSTATE. */
export function readPostgresAnswer(bytes: Buffer): ProbeAnswer | undefined {
  if (bytes.length < 5) return undefined;
  const type = String.fromCharCode(bytes.readUInt8(0));
  const length = bytes.readInt32BE(1);
  if (!"REvN".includes(type) || length < 4 || length > 16_384) {
    return notReady("wrong-server", "it does not answer as PostgreSQL does");
  }
  if (type === "R") return ready("PostgreSQL asks for the login");
  if (type === "v" || type === "N") return ready("PostgreSQL answers");
  if (bytes.length < 1 + length) return undefined;
  const fields = new Map(
    bytes
      .toString("utf8", 5, 1 + length)
      .split("\0")
      .map((field) => [field.charAt(0), field.slice(1)]),
  );
  return classifyPostgresState(fields.get("C") ?? "", fields.get("M") ?? "");
}

function classifyPostgresState(state: string, message: string): NotReady {
  const detail = `${oneLine(state)} ${oneLine(message)}`.trim();
  if (deniedStates.has(state)) return notReady("denied", detail);
  return notReady(startingStates.has(state) ? "starting" : "error", detail);
}

function classifyPostgresFailure(error: unknown): NotReady {
  const { code, message } = describeError(error);
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith("E")) return classifyPostgresState(code, message);
  if (message.startsWith("Connection terminated")) return notReady("starting", "it hung up during the login");
  return classifySocketError(error as NodeJS.ErrnoException);
}

/** A connected client on a socket of the session. */
export async function openPostgres(target: ProbeTarget, session: LoginSession) {
  const { default: pg } = await import("pg");
  const { Socket } = await import("node:net");
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    user: target.user ?? "postgres",
    password: target.password ?? "",
    database: target.database ?? target.user ?? "postgres",
    // pg connects the socket itself.
    stream: () => session.keep(new Socket()),
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

export const postgresProbe: ServerProbe = {
  knock: (target, timeoutMs) =>
    converse({
      host: target.host,
      port: target.port,
      timeoutMs,
      send: encodePostgresStartup(target.user ?? "postgres", target.database ?? target.user ?? "postgres"),
      read: readPostgresAnswer,
    }),
  login: (target, timeoutMs) =>
    attemptLogin({
      timeoutMs,
      classify: classifyPostgresFailure,
      login: async (session) => {
        const client = await openPostgres(target, session);
        await client.query("SELECT 1");
        // A polite goodbye: cut off, the server would log a lost connection.
        await client.end();
        return `logged in as ${target.user ?? "postgres"}`;
      },
    }),
  prepare: () => import("pg"),
  classify: classifyPostgresFailure,
};
