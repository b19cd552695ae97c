import { request } from "node:http";
import type { ProbeTarget } from "../probe.js";
import type { LoginSession } from "./login-session.js";

export interface HttpQuestion {
  readonly target: ProbeTarget;
  readonly session: LoginSession;
  readonly path: string;
  readonly method?: "GET" | "POST" | "PUT";
  /** Basic authentication. */
  readonly login?: { readonly user: string; readonly password: string };
  readonly json?: unknown;
  /** In the place of json: fields as a page's form sends them. */
  readonly form?: string;
  /** Default 64 KiB; a longer answer is an error. */
  readonly limitBytes?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** Where it sends its reader; "" where it does not. */
  readonly location: string;
}

const maxBodyLength = 64 * 1024;

/** One request on a socket of the session, not kept alive. Rejects with the socket's or the parser's error. */
export function askHttp(question: HttpQuestion): Promise<HttpAnswer> {
  const { target, session, login } = question;
  const payload = question.json === undefined ? question.form : JSON.stringify(question.json);
  const type = question.json === undefined ? "application/x-www-form-urlencoded" : "application/json";
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => session.open(target.host, target.port),
      host: target.host,
      port: target.port,
      path: question.path,
      method: question.method ?? "GET",
      headers: {
        Connection: "close",
        ...(payload === undefined
          ? {}
          : { "Content-Type": type, "Content-Length": Buffer.byteLength(payload) }),
      },
      ...(login === undefined ? {} : { auth: `${login.user}:${login.password}` }),
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > (question.limitBytes ?? maxBodyLength))
          response.destroy(new Error("the answer does not end"));
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location ?? "" }),
      );
    });
    outgoing.end(payload);
  });
}

/** Of the pages behind a login only Grafana keeps its password in a volume: its health page tells it by this. */
export function isGrafanaHealth(body: string): boolean {
  return /"database"\s*:\s*"ok"/.test(body);
}
