import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openTunnel, type Tunnel } from "../../cli/replace/tunnel.js";
import { type Relay, runRelay } from "./run-relay.js";

const token = "not-a-secret";
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(answer: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, answer);
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  return (server.address() as { port: number }).port;
}

async function startRelay(): Promise<Relay> {
  const relay = await runRelay({ servicePort: 0, tunnelPort: 0, token, patienceMs: 500 });
  closers.push(relay.close);
  return relay;
}

function tunnelTo(relay: Relay, targetPort: number, given = token): Tunnel {
  const tunnel = openTunnel({ host: "127.0.0.1", port: relay.tunnelPort, token: given, targetPort });
  closers.push(tunnel.close);
  return tunnel;
}

/** All that comes until the other side ends; unlike an iteration it leaves this side open. */
function text(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    socket.once("end", () => resolve(said)).once("error", reject);
  });
}

/** What a caller gets for what it says; an error where the connection is reset. */
function call(port: number, say: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  closers.push(() => socket.destroy());
  socket.end(say);
  return text(socket);
}

describe("the relay and its tunnel", () => {
  it("hand each caller to the process on the host, also more at once than connections are idle", async () => {
    const target = await serve((socket) => {
      void text(socket).then((said) => socket.end(`heard ${said}`));
    });
    const relay = await startRelay();
    tunnelTo(relay, target);
    const said = Array.from({ length: 50 }, (_, index) => `${index}:`.padEnd(20_000, "x"));
    const answers = await Promise.all(said.map((words) => call(relay.servicePort, words)));
    expect(answers).toEqual(said.map((words) => `heard ${words}`));
  });

  it("end the caller's connection where nothing listens, and go on", async () => {
    const relay = await startRelay();
    const target = await serve((socket) => socket.end("here"));
    const closedPort = await serve(() => {});
    closers.pop()?.();
    const away = tunnelTo(relay, closedPort);
    expect(await call(relay.servicePort, "").catch((error: { code: string }) => error.code)).toBe(
      "ECONNRESET",
    );
    away.close();
    tunnelTo(relay, target);
    await expect.poll(() => call(relay.servicePort, "").catch(() => "")).toBe("here");
  });

  it("find each other where a proxy takes the tunnel's connections before the relay is there", async () => {
    let relay: Relay | undefined;
    const proxy = await serve((socket) => {
      if (relay === undefined) return void socket.end();
      const onward = connect({ host: "127.0.0.1", port: relay.tunnelPort, allowHalfOpen: true });
      closers.push(() => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    const tunnel = openTunnel({
      host: "127.0.0.1",
      port: proxy,
      token,
      targetPort: await serve((socket) => socket.end("here")),
    });
    closers.push(tunnel.close);
    relay = await startRelay();
    const { servicePort } = relay;
    await expect.poll(() => call(servicePort, "").catch(() => ""), { timeout: 10_000 }).toBe("here");
  });

  it("take no tunnel without the token", async () => {
    const relay = await startRelay();
    const stranger = connect({ host: "127.0.0.1", port: relay.tunnelPort });
    closers.push(() => stranger.destroy());
    stranger.write("something else\n");
    expect(await text(stranger).catch(() => "")).toBe("");
    const alone = call(relay.servicePort, "").catch((error: { code: string }) => error.code);
    expect(await alone).toBe("ECONNRESET");
  });
});
