import type { Agent } from "node:http";
import { type Duplex, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { inspect } from "node:util";
import type Docker from "dockerode";
import { EngineError } from "./engine-error.js";
import type { TarSource } from "./images.js";
import { normaliseEngineError } from "./normalise-engine-error.js";

export interface EngineRequest {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Without version prefix: "/containers/json". */
  readonly path: string;
  /** Objects become JSON text, arrays repeated keys, undefined nothing. */
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: object;
  /** A tar sent as the body. */
  readonly tar?: TarSource;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until an answer must be complete; Infinity for calls that wait by their nature. */
  readonly timeoutMs?: number;
}

interface Call extends EngineRequest {
  readonly hijack?: boolean;
}

const readWhole = (answer: Readable): Promise<Buffer> => buffer(answer);

const success = { 101: true, 200: true, 201: true, 202: true, 204: true, 304: true };
const defaultTimeoutMs = 120_000;

/** Sends Engine API calls over dockerode's connection; every failure leaves here as EngineError. */
export class Transport {
  readonly #docker: Docker;
  readonly #agent: Agent;

  constructor(docker: Docker, agent: Agent) {
    this.#docker = docker;
    this.#agent = opaque(withLastingConnections(agent));
  }

  /** From now on every path carries this version; before, the engine reads paths as its own newest API. */
  useApiVersion(apiVersion: string): void {
    Object.assign(this.#docker.modem, { version: `v${apiVersion}` });
  }

  /** The decoded JSON answer. */
  async json<T>(request: EngineRequest): Promise<T> {
    const answer = await this.#send(request, readWhole);
    try {
      return JSON.parse(answer.toString("utf8")) as T;
    } catch (cause) {
      const message = `${request.path} was answered with something else than JSON: ${excerpt(answer)}`;
      throw new EngineError({ kind: "other", message, cause });
    }
  }

  /** For answers whose text does not matter (204, "OK"). */
  async run(request: EngineRequest): Promise<void> {
    await this.#send(request, readWhole);
  }

  /** The answer's body as it arrives; resolves with the headers. */
  async stream(request: EngineRequest): Promise<Readable> {
    return this.#send({ timeoutMs: Number.POSITIVE_INFINITY, ...request }, async (answer) => answer);
  }

  /** A connection taken over after the upgrade, both ways (exec, attach). */
  async hijack(request: EngineRequest): Promise<Duplex> {
    return this.#send({ ...request, hijack: true }, async (answer) => answer as Duplex);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send<T>(request: Call, take: (answer: Readable) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const timer = Number.isFinite(timeoutMs) ? setTimeout(() => limit.abort(), timeoutMs) : undefined;
    const signal = request.signal ? AbortSignal.any([limit.signal, request.signal]) : limit.signal;
    try {
      return await this.#dialWithRetry({ ...request, signal }, take);
    } catch (error) {
      if (!limit.signal.aborted) throw normaliseEngineError(error);
      throw new EngineError({
        kind: "connection",
        message: `the engine has not answered ${request.path} within ${timeoutMs / 1000} s`,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** A kept-alive connection may have died with the engine's last restart; asking again is safe for a GET. */
  async #dialWithRetry<T>(request: Call, take: (answer: Readable) => Promise<T>): Promise<T> {
    try {
      return await take(await this.#dial(request));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const stale = code === "ECONNRESET" || code === "EPIPE";
      if (!stale || request.signal?.aborted || (request.method ?? "GET") !== "GET") throw error;
      return await take(await this.#dial(request));
    }
  }

  /**
   * Always as a stream: where docker-modem reads an answer itself, a signal that is aborted meanwhile ends the process
   * with an error that nobody can catch.
   */
  #dial(request: Call): Promise<Readable> {
    return new Promise((resolve, reject) => {
      this.#docker.modem.dial(
        {
          path: `${escapePath(request.path)}?`,
          method: request.method ?? "GET",
          options: { _query: withoutUndefined(request.query ?? {}), _body: request.body ?? {} },
          ...(request.tar && { file: tarBody(request.tar) }),
          ...(request.headers && { headers: opaque({ ...request.headers }) }),
          ...(request.signal && { abortSignal: request.signal }),
          statusCodes: success,
          isStream: true,
          ...(request.hijack && { hijack: true }),
        },
        (error: unknown, answer: unknown) => {
          if (error) reject(error);
          // For the time before somebody reads: a reader gets the error all the same.
          else resolve((answer as Readable).on("error", () => {}));
        },
      );
    });
  }
}

interface Connects {
  createConnection(options: object, done?: unknown): Duplex;
}

/**
 * Node ends a connection with the signal of the request that opened it, also later, when it is kept for others: a
 * request ends with its own signal only. And where an aborted request ends its connection just as the answer is
 * complete, nobody listens to the connection's error any more, which would end the process.
 */
function withLastingConnections(agent: Agent): Agent {
  const connects = agent as unknown as Connects;
  const connect = connects.createConnection.bind(agent);
  connects.createConnection = (options, done) =>
    connect({ ...options, signal: undefined }, done).on("error", () => {});
  return agent;
}

/**
 * docker-modem writes every request's options out for its debug log, whether that is on or not. Through the agent
 * that is each open connection in full depth (9 ms a call), through the headers a registry's password.
 */
function opaque<T extends object>(part: T): T {
  return Object.defineProperty(part, inspect.custom, { value: () => "…" });
}

function tarBody(tar: TarSource): Buffer | Readable {
  return tar instanceof Uint8Array ? Buffer.from(tar) : Readable.from(tar, { objectMode: false });
}

/** A name with a blank or a question mark must reach the engine, which then says what is wrong with it. */
function escapePath(path: string): string {
  return encodeURI(path).replace(/[?#]/g, encodeURIComponent);
}

function withoutUndefined(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

function excerpt(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 120).toString("utf8"));
}
