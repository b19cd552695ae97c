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

/** Nobody answered: refused, lost, timed out, or an answer that is no HTTP or JSON. What was asked may have been done. */
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
  throw new Error(`not yet: ${options.service}`);
}
