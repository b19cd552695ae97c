import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { compareApi } from "../negotiate.js";

/**
 * A scripted Docker Engine on a unix socket, for exact timings and faults that a real one cannot be made to show
 * on demand. It knows no containers: every answer is what the test scripted.
 */
export interface FakeEngine {
  readonly socketPath: string;
  /** Value for DOCKER_HOST. */
  readonly url: string;
  /** Every request so far, in the order of arrival. */
  readonly calls: readonly FakeCall[];
  /** Replaces or adds a route from now on. */
  on(route: string, answer: FakeRoute): void;
  /** Sends an event to all that are subscribed now; fills in what is left out. */
  emit(event: FakeEvent): void;
  /** How many /events streams are open. */
  subscribers(): number;
  /** Ends all open /events streams, as an engine does that restarts. */
  endEvents(): void;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

interface FakeCall {
  readonly method: string;
  /** Without version prefix and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON, undefined where there is none. */
  readonly body: unknown;
  readonly timeMs: number;
}

type FakeAnswer =
  | { readonly json: unknown; readonly status?: number }
  | { readonly text: string; readonly status?: number }
  /** One JSON value a line; a string is written as it is, without newline. */
  | { readonly lines: Iterable<unknown> | AsyncIterable<unknown>; readonly status?: number }
  | { readonly bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array> }
  /** No answer, ever. */
  | { readonly hang: true }
  /** The connection is cut without an answer. */
  | { readonly cut: true };

export type FakeRoute = FakeAnswer | ((call: FakeCall) => FakeAnswer | Promise<FakeAnswer>);

interface FakeEvent {
  readonly type?: string;
  readonly action: string;
  readonly id: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly timeMs?: number;
}

export interface FakeEngineOptions {
  readonly apiVersion?: string;
  readonly minApiVersion?: string;
  readonly version?: string;
  /** Keys as "GET /containers/json"; a segment ":name" matches anything. */
  readonly routes?: Readonly<Record<string, FakeRoute>>;
}

export async function startFakeEngine(options: FakeEngineOptions = {}): Promise<FakeEngine> {
  const { apiVersion = "1.51", minApiVersion = "1.24", version = "28.5.2" } = options;
  const dir = await mkdtemp(join(tmpdir(), "fake-engine-"));
  const socketPath = join(dir, "docker.sock");
  const calls: FakeCall[] = [];
  const subscribers = new Set<ServerResponse>();
  const routes = new Map<string, FakeRoute>(
    Object.entries({ ...defaultRoutes(version, apiVersion, minApiVersion), ...options.routes }),
  );

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://engine");
    const [, asked, path = url.pathname] = /^\/v(\d+\.\d+)(\/.*)$/.exec(url.pathname) ?? [];
    const method = request.method ?? "GET";
    const body = parseBody(await buffer(request));
    const call = {
      method,
      path,
      query: url.searchParams,
      headers: request.headers,
      body,
      timeMs: Date.now(),
    };
    calls.push(call);
    const refusal = asked && refuseVersion(asked, apiVersion, minApiVersion);
    const route = refusal || findRoute(routes, `${method} ${path}`);
    if (route) return await send(response, typeof route === "function" ? await route(call) : route);
    if (path !== "/events") return await send(response, { status: 404, json: { message: "page not found" } });
    response.writeHead(200, { "Content-Type": "application/json" }).flushHeaders();
    subscribers.add(response);
    response.on("close", () => subscribers.delete(response));
  }

  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    url: `unix://${socketPath}`,
    calls,
    on: (route, answer) => routes.set(route, answer),
    emit(event) {
      for (const subscriber of subscribers) subscriber.write(`${JSON.stringify(eventLine(event))}\n`);
    },
    subscribers: () => subscribers.size,
    endEvents() {
      for (const subscriber of subscribers) subscriber.end();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function defaultRoutes(
  version: string,
  apiVersion: string,
  minApiVersion: string,
): Record<string, FakeRoute> {
  return {
    "GET /_ping": { text: "OK" },
    "GET /version": {
      json: {
        Version: version,
        ApiVersion: apiVersion,
        MinAPIVersion: minApiVersion,
        Os: "linux",
        Arch: "amd64",
      },
    },
    "GET /info": {
      json: { OperatingSystem: "Fake Linux", MemTotal: 8 * 1024 ** 3, NCPU: 4, SecurityOptions: [] },
    },
    "GET /containers/json": { json: [] },
    "GET /networks": { json: [] },
    "GET /volumes": { json: { Volumes: [] } },
  };
}

/** In the engine's own words; the older refusal is plain text although every other error is JSON. */
function refuseVersion(asked: string, newest: string, oldest: string): FakeAnswer | undefined {
  if (compareApi(asked, newest) > 0) {
    const message = `client version ${asked} is too new. Maximum supported API version is ${newest}`;
    return { status: 400, json: { message } };
  }
  if (compareApi(asked, oldest) >= 0) return undefined;
  const words = `client version ${asked} is too old. Minimum supported API version is ${oldest}, please upgrade your client to a newer version`;
  return { status: 400, text: words };
}

function findRoute(routes: ReadonlyMap<string, FakeRoute>, wanted: string): FakeRoute | undefined {
  const exact = routes.get(wanted);
  if (exact) return exact;
  const segments = wanted.split("/");
  for (const [key, route] of routes) {
    const pattern = key.split("/");
    if (pattern.length !== segments.length) continue;
    if (pattern.every((part, index) => part.startsWith(":") || part === segments[index])) return route;
  }
  return undefined;
}

async function send(response: ServerResponse, answer: FakeAnswer): Promise<void> {
  if ("hang" in answer) return;
  if ("cut" in answer) {
    response.destroy();
    return;
  }
  const status = "status" in answer ? (answer.status ?? 200) : 200;
  const type = "text" in answer ? "text/plain" : "application/json";
  response.writeHead(status, { "Content-Type": type });
  response.flushHeaders();
  if ("bytes" in answer) for await (const bytes of answer.bytes) response.write(bytes);
  if ("lines" in answer) {
    for await (const line of answer.lines) {
      response.write(typeof line === "string" ? line : `${JSON.stringify(line)}\n`);
    }
  }
  response.end("json" in answer ? JSON.stringify(answer.json) : "text" in answer ? answer.text : undefined);
}

function eventLine(event: FakeEvent): object {
  const timeMs = event.timeMs ?? Date.now();
  return {
    Type: event.type ?? "container",
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes ?? {} },
    time: Math.floor(timeMs / 1000),
    timeNano: timeMs * 1_000_000,
  };
}

function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return bytes;
  }
}
