import { connect, type Socket } from "node:net";

export interface TunnelSettings {
  /** Where the relay's tunnel port is published. */
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Of the process on this machine, on 127.0.0.1. */
  readonly targetPort: number;
}

export interface Tunnel {
  close(): void;
}

/** Enough for callers that come at once; each one that is taken is replaced. */
const idleConnections = 8;
const longestPauseMs = 2_000;

/**
 * The host's half of a relay (services/relay): keeps idle connections to it, and when a byte on one says that a caller
 * is there, connects to the process on 127.0.0.1 and joins the two. A process that does not listen closes the caller's
 * connection, as a port without a listener does.
 */
export function openTunnel(settings: TunnelSettings): Tunnel {
  const open = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;
  const keep = (pauseMs: number): void => {
    if (closed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      openIdle(settings, open, (worked) => keep(worked ? 0 : Math.min(longestPauseMs, pauseMs * 2 + 50)));
    }, pauseMs);
    timers.add(timer);
  };
  for (let count = 0; count < idleConnections; count += 1) keep(0);
  return {
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const socket of open) socket.destroy();
    },
  };
}

/** `next` is called once: when the connection is taken, or when it was lost. */
function openIdle(
  { host, port, token, targetPort }: TunnelSettings,
  open: Set<Socket>,
  next: (worked: boolean) => void,
): void {
  const tunnel = track(open, connect({ host, port, noDelay: true, allowHalfOpen: true }));
  let told = false;
  const tell = (worked: boolean): void => {
    if (!told) next(worked);
    told = true;
  };
  tunnel.write(`${token}\n`);
  tunnel.once("close", () => tell(false));
  // Ended before a caller came: by the engine's proxy, which takes connections before the relay does.
  tunnel.once("end", () => told || tunnel.destroy());
  tunnel.once("data", (first: Buffer) => {
    tell(true);
    // The first byte says that a caller is there; what follows is the caller's.
    if (first.length > 1) tunnel.unshift(first.subarray(1));
    const target = track(
      open,
      connect({ host: "127.0.0.1", port: targetPort, noDelay: true, allowHalfOpen: true }),
    );
    tunnel.pipe(target);
    target.pipe(tunnel);
    // An ordinary end is handed on by the pipes, once what is on its way has arrived.
    target.once("close", (failed) => failed && tunnel.resetAndDestroy());
    tunnel.once("close", (failed) => failed && target.destroy());
  });
}

function track(open: Set<Socket>, socket: Socket): Socket {
  open.add(socket);
  socket.on("error", () => {});
  socket.once("close", () => open.delete(socket));
  return socket;
}
