import type { IncomingMessage } from "node:http";
import { serviceTokenHeader } from "../auth/services.js";
import { currentTrace, nextTraceparent } from "../trace.js";
import { createAgent, sendRequest } from "./exchange.js";

export interface ClientOptions {
  /** "http://broker-wallet:8085" */
  readonly baseUrl: string;
  /** Who is called, for messages: "broker-wallet". */
  readonly service: string;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** Sent as x-service-token. */
  readonly serviceToken?: string;
}

export interface ClientRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** "/api/v1/assets/PETR4" */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The user's JWT, handed on. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the client's. */
  readonly timeoutMs?: number;
}

export interface ClientAnswer {
  readonly status: number;
  /** Parsed where it is JSON, else undefined. Not validated. */
  readonly body: unknown;
}

/**
 * Nobody answered: refused, lost, timed out, or an answer that is no HTTP or JSON. What was asked may have been done.
 */
export class ServiceUnavailable extends Error {
  readonly code = "SERVICE_UNAVAILABLE";
  readonly service: string;

  constructor(service: string, cause: unknown) {
    super(`${service} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.service = service;
  }
}

/** One other service: connections are kept, request id and traceparent of the current trace are handed on. */
export interface HttpClient {
  /** Any status is an answer. @throws ServiceUnavailable and nothing else */
  request(request: ClientRequest): Promise<ClientAnswer>;
  close(): void;
}

export function createClient(options: ClientOptions): HttpClient {
  const agent = createAgent();
  const base = new URL(options.baseUrl);
  const exchange = async (request: ClientRequest): Promise<ClientAnswer> => {
    const { method, path, timeoutMs = options.timeoutMs } = request;
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers = makeHeaders(options, request, body);
    return readAnswer(await sendRequest({ agent, base, method, path, headers, body, timeoutMs }));
  };
  return {
    request: (request) =>
      exchange(request).catch((error) => {
        throw new ServiceUnavailable(options.service, error);
      }),
    close: () => agent.destroy(),
  };
}

const answerLimitBytes = 4 * 1024 * 1024;

async function readAnswer(response: IncomingMessage): Promise<ClientAnswer> {
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > answerLimitBytes) throw new Error(`an answer beyond ${answerLimitBytes} bytes`);
    chunks.push(chunk);
  }
  const isJson = /json/.test(response.headers["content-type"] ?? "") && size > 0;
  return { status, body: isJson ? JSON.parse(Buffer.concat(chunks).toString()) : undefined };
}

function makeHeaders(
  { serviceToken }: ClientOptions,
  { token, headers }: ClientRequest,
  body: string | undefined,
): Record<string, string> {
  const made: Record<string, string> = { ...headers, traceparent: nextTraceparent() };
  const trace = currentTrace();
  if (trace !== undefined) made["x-request-id"] = trace.requestId;
  if (token !== undefined) made.authorization = `Bearer ${token}`;
  if (serviceToken !== undefined) made[serviceTokenHeader] = serviceToken;
  if (body !== undefined) {
    made["content-type"] = "application/json";
    made["content-length"] = String(Buffer.byteLength(body));
  }
  return made;
}
