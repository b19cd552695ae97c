import { type AddressInfo, createServer, type Socket } from "node:net";
import { Connection } from "./connection.js";
import { type Log, limitLog } from "./limit-log.js";

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly serve: (frame: Buffer, client: Client) => Promise<readonly Buffer[] | undefined>;
  readonly log: Log;
}

export interface Client {
  /** As Kafka shows it: "/127.0.0.1". */
  readonly host: string;
  /** Aborted when the connection has ended. */
  readonly signal: AbortSignal;
  /** Answers that clients have not taken yet, of all connections together. */
  readonly unsentBytes: () => number;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const connectionLimit = 1000;
/** Messages that have begun, of all connections together: one that would go beyond ends. */
const bufferLimitBytes = 256 * 1024 * 1024;
/** connections.max.idle.ms of Apache Kafka. */
const idleTimeoutMs = 600_000;
const stallTimeoutMs = 30_000;

/** @throws what the operating system says, EADDRINUSE for one */
export async function listen({ host, port, serve, log }: ListenOptions): Promise<Listener> {
  const connections = new Set<Connection>();
  const warn = limitLog(log, "warn");

  function accept(socket: Socket): void {
    if (connections.size >= connectionLimit) {
      warn("too many", `kafka: a connection was refused: ${connectionLimit} are open`);
      socket.destroy();
      return;
    }
    const clientHost = `/${socket.remoteAddress ?? "unknown"}`;
    const connection = new Connection({
      socket,
      idleTimeoutMs,
      stallTimeoutMs,
      serve: (frame, signal) =>
        serve(frame, { host: clientHost, signal, unsentBytes: () => total("unsentBytes") }),
      onClosed: (reason) => {
        connections.delete(connection);
        if (reason !== undefined) warn(...describe(reason));
      },
    });
    connections.add(connection);
    socket.on("data", () => {
      if (
        connection.bufferedBytes > bufferLimitBytes / connectionLimit &&
        total("bufferedBytes") > bufferLimitBytes
      ) {
        connection.close(new Error("the messages that have begun take too much memory"));
      }
    });
  }

  function total(key: "bufferedBytes" | "unsentBytes"): number {
    let bytes = 0;
    for (const connection of connections) bytes += connection[key];
    return bytes;
  }

  const server = createServer(accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // Too many open files, for one: the server goes on accepting afterwards.
  server.on("error", (error) => warn("accept", `kafka: ${error.message}`));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.close();
      }),
  };
}

/** The kind, by which lines are limited, and the line. */
function describe(reason: unknown): [string, string] {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  return [error.name, `kafka: closed a connection: ${error.message}`];
}
