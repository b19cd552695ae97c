import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { runTraced } from "../trace.js";
import { createClient, type HttpClient, ServiceUnavailable } from "./client.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function start(answer: RequestListener, timeoutMs = 2_000): Promise<HttpClient & { server: Server }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, service: "broker-wallet", timeoutMs });
  cleanups.push(() => {
    client.close();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { ...client, server };
}

const echo: RequestListener = (request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(request.headers));
};

/** Ends the connection at the second request that comes over it, without an answer. */
function endKeptConnections(seen: string[]): RequestListener {
  const used = new WeakSet<Socket>();
  return (request, response) => {
    seen.push(String(request.method));
    if (used.has(request.socket)) return void request.socket.destroy();
    used.add(request.socket);
    echo(request, response);
  };
}

describe("a client", () => {
  it("hands on the request id and a child of the trace, over one connection", async () => {
    const sockets = new Set<Socket>();
    const { request, server } = await start(echo);
    server.on("connection", (socket) => sockets.add(socket));
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (let round = 0; round < 5; round += 1) {
      const { body } = await runTraced({ requestId: "mine", traceparent }, () =>
        request({ method: "GET", path: "/", token: "t" }),
      );
      expect(body).toMatchObject({ "x-request-id": "mine", authorization: "Bearer t" });
      expect((body as { traceparent: string }).traceparent).toMatch(
        /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad)/,
      );
    }
    expect(sockets.size).toBe(1);
  });

  it("takes no answer that would fill its memory", async () => {
    const { request } = await start((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify("x".repeat(4 * 1024 * 1024)));
    });
    await expect(request({ method: "GET", path: "/" })).rejects.toThrow("an answer beyond 4194304 bytes");
  });

  it.each(["GET", "PUT", "DELETE"] as const)(
    "repeats %s on a kept connection that was closed",
    async (method) => {
      const seen: string[] = [];
      const { request } = await start(endKeptConnections(seen));
      await request({ method: "GET", path: "/" });
      expect((await request({ method, path: "/" })).status).toBe(200);
      expect(seen).toEqual(["GET", method, method]);
    },
  );

  it("repeats no POST, except one with a key that makes it safe", async () => {
    const seen: string[] = [];
    const { request } = await start(endKeptConnections(seen));
    await request({ method: "GET", path: "/" });
    await expect(request({ method: "POST", path: "/" })).rejects.toBeInstanceOf(ServiceUnavailable);
    await request({ method: "GET", path: "/" });
    const headers = { "idempotency-key": "k" };
    expect((await request({ method: "POST", path: "/", headers })).status).toBe(200);
    expect(seen).toEqual(["GET", "POST", "GET", "POST", "POST"]);
  });

  it.each<[string, RequestListener]>([
    ["says nothing", () => {}],
    ["stops in the middle", (_request, response) => void response.writeHead(200).write("{")],
    ["hangs up", (request) => void request.socket.destroy()],
    [
      "sends no JSON where it says so",
      (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end("{"),
    ],
  ])("names a service that %s", async (_what, answer) => {
    const { request } = await start(answer, 200);
    const asked = request({ method: "GET", path: "/" });
    await expect(asked).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE", service: "broker-wallet" });
  });

  it("names a service that is not there", async () => {
    const client = createClient({ baseUrl: "http://127.0.0.1:1", service: "broker-wallet", timeoutMs: 500 });
    const asked = client.request({ method: "GET", path: "/" });
    await expect(asked).rejects.toThrow(/^broker-wallet does not answer: .*ECONNREFUSED/);
  });

  it("gives any status as an answer", async () => {
    const { request } = await start((_request, response) => void response.writeHead(503).end("away"));
    expect(await request({ method: "GET", path: "/" })).toEqual({ status: 503, body: undefined });
  });
});
