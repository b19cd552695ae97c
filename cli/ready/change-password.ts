import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { mask } from "../kernel/mask.js";
import type { ProbeAnswer, ProbeTarget } from "./probe.js";
import { askHttp } from "./servers/http-request.js";
import { attemptLogin, describeError, type LoginSession } from "./servers/login-session.js";
import { openMongo } from "./servers/mongodb.js";
import { openMysql } from "./servers/mysql.js";
import { openPostgres } from "./servers/postgres.js";
import { serverProbes } from "./servers/registry.js";
import { type NotReady, notReady, oneLine } from "./servers/wire.js";

const timeoutMs = 5000;

type Changer = (target: ProbeTarget, newPassword: string, session: LoginSession) => Promise<void>;

/**
 * Gives target.user a new password in a running server that keeps it in its volume, and proves it by a login. The
 * target logs in as that user (MySQL: also as root, whose every host is changed). Done already is done.
 *
 * @throws MybrokerError ready.password-unchanged, exit 1: the server still has the old one; no password is in it.
 */
export async function changePassword(target: ProbeTarget, newPassword: string): Promise<void> {
  const change = changers[target.extension.kind];
  if (change === undefined) return;
  const renewed = { ...target, password: newPassword };
  const server = serverProbes[target.extension.kind];
  const changed = await attemptLogin({
    timeoutMs,
    classify: (error) => describeRefusal(error, [target.password ?? "", newPassword]),
    login: async (session) => {
      await change(target, newPassword, session);
      return "changed";
    },
  });
  // An attempt that was cut off after the change is seen here as well.
  const proof = await server.login(renewed, timeoutMs);
  if (proof.ready) return;
  throw unchanged(target, changed.ready ? proof : changed);
}

const changers: Readonly<Partial<Record<ProbeTarget["extension"]["kind"], Changer>>> = {
  mysql: changeMysql,
  postgres: async (target, newPassword, session) => {
    const client = await openPostgres(target, session);
    const { escapeIdentifier, escapeLiteral } = client;
    await client.query(
      `ALTER ROLE ${escapeIdentifier(target.user ?? "postgres")} PASSWORD ${escapeLiteral(newPassword)}`,
    );
    await client.end();
  },
  mongodb: async (target, newPassword, session) => {
    const client = await openMongo(target, { session, timeoutMs });
    await client.db("admin").command({ updateUser: target.user ?? "root", pwd: newPassword });
  },
  http: changeGrafana,
};

async function changeMysql(target: ProbeTarget, newPassword: string, session: LoginSession): Promise<void> {
  const { database: _, ...account } = target;
  const connection = await openMysql(account, session);
  if (target.user !== "root") {
    await connection.query("ALTER USER CURRENT_USER() IDENTIFIED BY ?", [newPassword]);
    return;
  }
  // The image makes root twice, for the socket and for the network.
  const [rows] = await connection.query("SELECT Host AS host FROM mysql.user WHERE User = 'root'");
  const accounts = (rows as { host: string }[]).map(({ host }) => connection.format("'root'@?", [host]));
  const identified = accounts.map((each) => connection.format(`${each} IDENTIFIED BY ?`, [newPassword]));
  await connection.query(`ALTER USER ${identified.join(", ")}`);
}

/** Grafana's own page for a signed-in user; its answer to a wrong old password is 401. */
async function changeGrafana(target: ProbeTarget, newPassword: string, session: LoginSession): Promise<void> {
  const login = { user: target.user ?? "admin", password: target.password ?? "" };
  const { status } = await askHttp({
    target,
    session,
    path: "/api/user/password",
    method: "PUT",
    login,
    json: { oldPassword: login.password, newPassword },
  });
  if (status !== 200) throw new Error(`HTTP ${status}`);
}

function describeRefusal(error: unknown, secrets: readonly string[]): NotReady {
  let { message } = describeError(error);
  // A server may quote the statement that it refuses.
  for (const secret of secrets) if (secret !== "") message = message.replaceAll(secret, mask);
  return notReady("error", oneLine(message));
}

function unchanged(target: ProbeTarget, answer: ProbeAnswer): MybrokerError {
  const said = answer.ready ? "" : `: ${answer.detail}`;
  return new MybrokerError({
    code: "ready.password-unchanged",
    message: `The password of ${target.user ?? "the user"} in ${target.service} was not changed${said}`,
    hint: `{mybroker} ps ${target.service}    shows whether it is ready`,
    exitCode: exitCodes.no,
    details: { service: target.service, user: target.user ?? null },
  });
}
