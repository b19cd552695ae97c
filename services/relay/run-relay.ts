import { timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";

export interface RelaySettings {
  /** Where the other containers look for the service. */
  readonly servicePort: number;
  /** Where the tunnel's connections come in. */
  readonly tunnelPort: number;
  /**
   * The first line of every tunnel connection; without it a stranger on this machine could take the service's place.
   */
  readonly token: string;
  /** How long a caller waits for a tunnel connection. Default 5 s. */
  readonly patienceMs?: number;
}

export interface Relay {
  readonly servicePort: number;
  readonly tunnelPort: number;
  /** Resolves once no tunnel has been there for a while: whoever made it is gone. */
  readonly abandoned: Promise<void>;
  close(): void;
}

const tokenWithinMs = 5_000;
const abandonedAfterMs = 60_000;
const longestTokenBytes = 200;

/**
 * Stands under a service's name in the containers' network and hands each connection to a process on the host, which
 * listens on loopback only and so cannot be reached from here: that side keeps idle connections to `tunnelPort` open,
 * and a byte on one says that a caller is there.
 */
export async function runRelay(settings: RelaySettings): Promise<Relay> {
  const idle: Socket[] = [];
  const waiting: Socket[] = [];
  const open = new Set<Socket>();
  let lastSeenMs = Date.now();

  const join = (): void => {
    for (;;) {
      const tunnel = idle[0];
      const caller = waiting[0];
      if (tunnel === undefined || caller === undefined) return;
      idle.shift();
      waiting.shift();
      tunnel.write(Buffer.from([1]));
      connect(caller, tunnel);
    }
  };
  const services = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (caller) => {
    track(open, caller);
    waiting.push(caller);
    caller.once("close", () => remove(waiting, caller));
    caller.setTimeout(settings.patienceMs ?? 5_000, () => caller.resetAndDestroy());
    join();
  });
  const tunnels = createServer({ allowHalfOpen: true, noDelay: true }, (tunnel) => {
    track(open, tunnel);
    readToken(tunnel, settings.token, () => {
      lastSeenMs = Date.now();
      tunnel.setKeepAlive(true, 10_000);
      idle.push(tunnel);
      tunnel.once("close", () => remove(idle, tunnel));
      tunnel.once("end", () => idle.includes(tunnel) && tunnel.destroy());
      join();
    });
  });
  const abandoned = new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (idle.length > 0) lastSeenMs = Date.now();
      if (Date.now() - lastSeenMs < abandonedAfterMs) return;
      clearInterval(look);
      resolve();
    }, 5_000);
    look.unref();
  });
  return {
    servicePort: await listen(services, settings.servicePort),
    tunnelPort: await listen(tunnels, settings.tunnelPort),
    abandoned,
    close: () => {
      services.close();
      tunnels.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function connect(caller: Socket, tunnel: Socket): void {
  caller.setTimeout(0);
  caller.pipe(tunnel);
  tunnel.pipe(caller);
  caller.resume();
  // An ordinary end is handed on by the pipes, once what is on its way has arrived.
  caller.once("close", (failed) => failed && tunnel.destroy());
  tunnel.once("close", (failed) => failed && caller.resetAndDestroy());
}

function readToken(tunnel: Socket, token: string, accept: () => void): void {
  const wanted = Buffer.from(`${token}\n`);
  let got = Buffer.alloc(0);
  tunnel.setTimeout(tokenWithinMs, () => tunnel.destroy());
  const read = (chunk: Buffer): void => {
    got = Buffer.concat([got, chunk]);
    if (got.length > longestTokenBytes) return void tunnel.destroy();
    if (!got.includes(10)) return;
    // It flows on, so that its end is noticed while it is idle; nothing comes before a caller does.
    tunnel.off("data", read);
    tunnel.setTimeout(0);
    if (got.length === wanted.length && timingSafeEqual(got, wanted)) accept();
    else tunnel.destroy();
  };
  tunnel.on("data", read);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "0.0.0.0", port }, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function track(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  // Its close says all that is of use here.
  socket.on("error", () => {});
  socket.once("close", () => open.delete(socket));
}

function remove(list: Socket[], socket: Socket): void {
  const index = list.indexOf(socket);
  if (index >= 0) list.splice(index, 1);
}
