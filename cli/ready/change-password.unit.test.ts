import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { changePassword } from "./change-password.js";
import { scripts, startScriptedServer, targetOf } from "./testing/scripted-server.js";

let grafana: Server | undefined;

afterEach(
  () => new Promise<void>((resolve) => (grafana === undefined ? resolve() : grafana.close(() => resolve()))),
);

/** The three pages of Grafana's HTTP API that matter, for want of its image in the testbed. */
async function startGrafana(initialPassword: string) {
  const state = { password: initialPassword };
  const signedIn = (request: IncomingMessage): boolean =>
    request.headers.authorization === `Basic ${Buffer.from(`admin:${state.password}`).toString("base64")}`;
  grafana = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      if (request.url === "/api/health") return response.end('{"database": "ok", "version": "12.4.3"}');
      response.statusCode = signedIn(request) ? 200 : 401;
      if (response.statusCode === 200 && request.method === "PUT")
        state.password = JSON.parse(body).newPassword;
      return response.end("{}");
    });
  });
  await new Promise<void>((resolve) => grafana?.listen(0, "127.0.0.1", resolve));
  const { port } = grafana.address() as AddressInfo;
  const extension = { kind: "http", port: 3000, healthUrl: "/api/health" } as const;
  return { state, target: targetOf("http", port, { user: "admin", password: initialPassword, extension }) };
}

test("Grafana's password is changed through its API, and proved", async () => {
  const { state, target } = await startGrafana("test-secret-a");
  await changePassword(target, "test-secret-b");
  expect(state.password).toBe("test-secret-b");
});

test("a wrong present password changes nothing and is said without either password", async () => {
  const { state, target } = await startGrafana("test-secret-a");
  const attempt = changePassword({ ...target, password: "test-wrong" }, "test-secret-b");
  await expect(attempt).rejects.toMatchObject({
    code: "ready.password-unchanged",
    message: "The password of admin in a-http was not changed: HTTP 401",
  });
  expect(state.password).toBe("test-secret-a");
});

test("a server that hangs up is told as such", async () => {
  const server = await startScriptedServer(scripts.hangsUp);
  await expect(changePassword(targetOf("postgres", server.port), "test-secret-b")).rejects.toMatchObject({
    code: "ready.password-unchanged",
    details: { service: "a-postgres", user: "tester" },
  });
  await server.close();
});

test("kinds that read their password at each start have nothing to change", async () => {
  const server = await startScriptedServer(scripts.hangsUp);
  await expect(changePassword(targetOf("redis", server.port), "test-secret-b")).resolves.toBeUndefined();
  expect(server.openConnections()).toBe(0);
  await server.close();
});
