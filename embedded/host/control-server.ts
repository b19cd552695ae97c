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
    request.resume();
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
  if (method === "GET" && url === "/status") return send(response, 200, control.status());
  if (method === "POST" && url === "/stop") return answerStop(response, control);
  const [, name = "", action] = /^\/services\/([^/]+)\/(start|stop|check)$/.exec(url) ?? [];
  if (method !== "POST" || action === undefined) return send(response, 404, { message: "no such page" });
  const status = await control.services.act(decodeURIComponent(name), action as ServiceAction);
  if (status === undefined) return send(response, 404, { message: `no service ${name}` });
  return send(response, 200, status);
}

async function answerStop(response: ServerResponse, control: Control): Promise<void> {
  response.writeHead(202, { "content-type": "text/plain", connection: "close" });
  response.flushHeaders();
  await control.stop();
  response.end("stopped\n", () => control.ended());
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
