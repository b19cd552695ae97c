import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import type { ServerKind } from "../../compose/model.js";
import type { ProbeTarget } from "../probe.js";

/** What a faulty server does with each connection. */
export type Script = (socket: Socket) => void;

export interface ScriptedServer {
  readonly port: number;
  /** Connections that the client has not given up yet. */
  openConnections(): number;
  close(): Promise<void>;
}

export async function startScriptedServer(script: Script, port = 0): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    script(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    openConnections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export const scripts = {
  /** Reads and never answers, like a port forwarder in front of nothing. */
  silent: (socket: Socket) => void socket.resume(),
  garbage: (socket: Socket) =>
    void socket.resume().write(Buffer.from("\x15\x99 what do you want?\r\n\0\0\xff", "latin1")),
  hangsUp: (socket: Socket) => void socket.resume().end(),
  resets: (socket: Socket) => void socket.once("data", () => socket.resetAndDestroy()),
  resetsAtOnce: (socket: Socket) => void socket.resetAndDestroy(),
  /** Three bytes that could begin anything, then nothing. */
  half: (socket: Socket) => void socket.resume().write(Buffer.from([0x4a, 0, 0])),
  floods: (socket: Socket) => {
    const chunk = Buffer.alloc(64 * 1024, 0);
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.resume().on("drain", pump);
    pump();
  },
} satisfies Record<string, Script>;

export function targetOf(kind: ServerKind, port: number, more: Partial<ProbeTarget> = {}): ProbeTarget {
  return {
    service: `a-${kind}`,
    extension: { kind, port },
    host: "127.0.0.1",
    port,
    user: "tester",
    password: "not-a-secret",
    database: "test",
    ...more,
  };
}
