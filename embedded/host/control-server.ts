import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { RuntimeStatus } from "../../contracts/embedded-control.js";
import type { ServiceAction, Services } from "./services.js";

export interface Control {
  readonly services: Services;
  status(): RuntimeStatus;
  /** Closes everything but this server. */
  stop(): Promise<void>;
  /** The answer to POST /stop has been sent. */
  ended(): void;
}

/** Listens on the socket; whoever owns the data folder may remove one that an earlier process left. */
export async function serveControl(socketPath: string, control: Control): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    answer(request, response, control).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, control: Control): Promise<void> {
  const { method = "", url = "" } = request;
  const [, broker = "", path] = /^\/services\/([^/]+)(\/api\/.+)$/.exec(url) ?? [];
  if (path !== undefined) return manage(request, response, { control, broker, path });
  request.resume();
  if (method === "GET" && url === "/status") return send(response, 200, control.status());
  if (method === "POST" && url === "/stop") return answerStop(response, control);
  const [, name = "", action] = /^\/services\/([^/]+)\/(start|stop|check)$/.exec(url) ?? [];
  if (method !== "POST" || action === undefined) return send(response, 404, { message: "no such page" });
  const status = await control.services.act(decodeURIComponent(name), action as ServiceAction);
  if (status === undefined) return send(response, 404, { message: `no service ${name}` });
  return send(response, 200, status);
}

interface ManagementRequest {
  readonly control: Control;
  readonly broker: string;
  readonly path: string;
}

async function manage(
  request: IncomingMessage,
  response: ServerResponse,
  { control, broker, path }: ManagementRequest,
): Promise<void> {
  const text = (await request.toArray()).join("");
  const question = { method: request.method ?? "", path, body: text === "" ? undefined : JSON.parse(text) };
  const answered = control.services.manage(decodeURIComponent(broker), question);
  if (answered === undefined) return send(response, 404, { message: `no broker ${broker}` });
  return send(response, answered.status, answered.body);
}

async function answerStop(response: ServerResponse, control: Control): Promise<void> {
  response.writeHead(202, { "content-type": "text/plain", connection: "close" });
  response.flushHeaders();
  await control.stop();
  response.end("stopped\n", () => control.ended());
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
