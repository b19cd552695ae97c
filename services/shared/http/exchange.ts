import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as openRequest } from "node:http";

export interface Exchange {
  readonly agent: Agent;
  readonly base: URL;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | Buffer | undefined;
  /** Until the end of the answer. */
  readonly timeoutMs: number;
}

/** For connections that are kept; no Nagle delay. */
export function createAgent(): Agent {
  return new Agent({ keepAlive: true, noDelay: true, maxSockets: 64, scheduling: "lifo" });
}

/**
 * Sends a request and resolves with the answer's head. When a kept connection turns out to be closed by the other side,
 * before any byte of an answer, what may be done twice is sent once more.
 * @throws Error of the connection, or for the time limit
 */
export async function sendRequest(exchange: Exchange): Promise<IncomingMessage> {
  const { method, headers } = exchange;
  try {
    return await sendOnce(exchange);
  } catch (error) {
    const isRepeatable = method !== "POST" || headers["idempotency-key"] !== undefined;
    if (!(error instanceof DeadConnection && isRepeatable)) throw error;
    return sendOnce(exchange);
  }
}

class DeadConnection extends Error {}

function sendOnce({
  agent,
  base,
  method,
  path,
  headers,
  body,
  timeoutMs,
}: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = base;
    const request = openRequest({
      agent,
      host: hostname.replace(/^\[|\]$/g, ""),
      port,
      method,
      path,
      headers,
    });
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.once("close", () => clearTimeout(timer));
    request.on("error", (error: Error & { code?: string }) => {
      const isDead = request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
      reject(isDead ? new DeadConnection(error.message) : error);
    });
    request.once("response", resolve);
    request.end(body);
  });
}
