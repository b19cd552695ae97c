import { type Agent, request as httpRequest } from "node:http";
import type { ProblemBody } from "../../contracts/rest.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

export interface RestRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Of the service, and the path with its query. */
  readonly url: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  /** Keeps connections, for who has many requests. */
  readonly agent?: Agent;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** No connection was made, so nothing was asked; or it was, and no answer came: `sent`. */
export class NoAnswer extends Error {
  readonly sent: boolean;
  readonly url: string;

  constructor(url: string, { sent, reason }: { sent: boolean; reason: string }) {
    super(reason);
    this.sent = sent;
    this.url = url;
  }
}

/** The services themselves give up sooner. */
const timeoutMs = 10_000;

/** One request. Any status is an answer. @throws NoAnswer */
export function ask({
  method,
  url,
  token,
  body,
  idempotencyKey,
  signal,
  agent,
}: RestRequest): Promise<RestAnswer> {
  const { hostname, port, pathname, search } = new URL(url);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    // Services answer to this machine's names only, also where a published port has another address.
    host: `127.0.0.1:${port}`,
    ...(payload === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
  return new Promise((resolve, reject) => {
    let connected = false;
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new NoAnswer(url, { sent: connected, reason: error.code ?? error.message }));
    const path = `${pathname}${search}`;
    const options = {
      hostname,
      port,
      method,
      path,
      headers,
      agent: agent ?? false,
      ...(signal ? { signal } : {}),
    };
    const asked = httpRequest(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.once("error", fail);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: parse(text) }));
    });
    asked.setNoDelay(true);
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    asked.once("socket", (socket) => {
      // One that is kept open and used again is connected already.
      connected = !socket.connecting;
      if (connected) return;
      socket.once("connect", () => {
        connected = true;
      });
    });
    asked.once("error", fail);
    asked.end(payload);
  });
}

/** The same for one who can do nothing else with a refusal than tell it. @throws MybrokerError */
export async function demand<Body>(request: RestRequest): Promise<Body> {
  const { status, body } = await ask(request).catch(explainSilence);
  if (status >= 200 && status < 300) return body as Body;
  throw refused(status, body, request.url);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws MybrokerError brokerage.unreachable, exit 3; anything else as it came */
export function explainSilence(error: unknown): never {
  if (!(error instanceof NoAnswer)) throw error;
  const { origin } = new URL(error.url);
  const why = error.message === "ECONNREFUSED" ? "nothing listens there" : error.message;
  throw new MybrokerError({
    code: "brokerage.unreachable",
    message: `The brokerage does not answer at ${origin}: ${why}`,
    hint: "{mybroker} up",
    exitCode: exitCodes.machine,
    details: { url: origin },
    cause: error,
  });
}

/** What helps, by the stable code of a problem. */
const hints: Readonly<Record<string, string>> = {
  AMOUNT_LIMIT: "repeat it with less",
  EMAIL_TAKEN: "who there is:  {mybroker} user list",
  NO_FUNDS: "what there is:  {mybroker} wallet show",
};
/** The same for what is not there, by its place in the URL. */
const missing: readonly (readonly [string, string])[] = [
  ["/api/v1/orders/", "the latest ones:  {mybroker} order list"],
  ["/book/", "one that there is:  {mybroker} book PETR4"],
];

/** What a problem says, with what helps against it. */
export function refused(status: number, body: unknown, url = ""): MybrokerError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<ProblemBody>;
  const code = problem.code ?? `HTTP_${status}`;
  const hint =
    status >= 500
      ? "see what runs:  {mybroker} ps"
      : status === 404
        ? missing.find(([place]) => url.includes(place))?.[1]
        : hints[code];
  const field = problem.field === undefined ? "" : ` (${problem.field})`;
  return new MybrokerError({
    code: `brokerage.${code.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`,
    message: `${problem.title ?? `The brokerage answered with HTTP ${status}`}${field}`,
    ...(hint === undefined ? {} : { hint }),
    exitCode: status === 502 || status === 504 ? exitCodes.machine : exitCodes.no,
    details: { status, ...problem },
  });
}
