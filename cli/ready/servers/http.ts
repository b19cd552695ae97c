import type { ProbeAnswer, ProbeTarget } from "../probe.js";
import { askHttp, isGrafanaHealth } from "./http-request.js";
import { attemptLogin, describeError } from "./login-session.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, type NotReady, notReady, oneLine, ready } from "./wire.js";

const statusLine = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r?\n/;

/** Where the health page is: a path as it stands, a full URL's path and query, the root where none is given. */
export function healthPath(healthUrl: string | undefined): string {
  if (healthUrl === undefined || healthUrl === "") return "/";
  try {
    const url = new URL(healthUrl, "http://127.0.0.1/");
    return `${url.pathname}${url.search}`;
  } catch {
    return "/";
  }
}

/** A request for the page, as bytes; "/health" */
export function encodeGet(target: ProbeTarget, path: string): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${target.host}:${target.port}`,
    "User-Agent: mybroker",
    "Accept: */*",
    "Connection: close",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** The status in the first line is all that is read. */
export function readHttpAnswer(bytes: Buffer): ProbeAnswer | undefined {
  const start = bytes.toString("latin1", 0, 512);
  if (!"HTTP/1.".startsWith(start.slice(0, 7))) return notReady("wrong-server", "it does not answer as HTTP");
  const match = statusLine.exec(start);
  if (match === null) {
    return start.length >= 512 ? notReady("wrong-server", "it does not answer as HTTP") : undefined;
  }
  return classifyStatus(Number(match[1]), match[2]);
}

/** 2xx and 3xx are well; 5xx is a server that is still coming up; 4xx is a page that is not there. */
function classifyStatus(status: number, reason = ""): ProbeAnswer {
  const detail = oneLine(`HTTP ${status} ${reason}`);
  if (status >= 200 && status < 400) return ready(detail);
  return notReady(status >= 500 || status === 429 ? "starting" : "error", detail);
}

function classifyHttpFailure(error: unknown): NotReady {
  const { code, message } = describeError(error);
  if (code.startsWith("HPE_")) return notReady("wrong-server", "it does not answer as HTTP");
  if (message === "socket hang up") return notReady("refused", "the connection was closed without an answer");
  return classifySocketError(error as NodeJS.ErrnoException);
}

/**
 * The health page, and for Grafana the login too. 401 is the only "no": a server without that API says nothing
 * about the login.
 */
export const httpProbe: ServerProbe = {
  knock: (target, timeoutMs) =>
    converse({
      host: target.host,
      port: target.port,
      timeoutMs,
      send: encodeGet(target, healthPath(target.extension.healthUrl)),
      read: readHttpAnswer,
    }),
  login: (target, timeoutMs) =>
    attemptLogin({
      timeoutMs,
      classify: classifyHttpFailure,
      login: async (session) => {
        const health = await askHttp({ target, session, path: healthPath(target.extension.healthUrl) });
        const answer = classifyStatus(health.status);
        if (!answer.ready || target.password === undefined || !isGrafanaHealth(health.body)) return answer;
        const login = { user: target.user ?? "admin", password: target.password };
        const { status } = await askHttp({ target, session, path: "/api/user", login });
        return status === 401
          ? notReady("denied", `HTTP 401 for the user ${login.user}`)
          : `logged in as ${login.user}`;
      },
    }),
  prepare: async () => {},
  classify: classifyHttpFailure,
};
