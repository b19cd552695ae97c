import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { endowDemoInvestor, logInDemoInvestor } from "./demo-investor.js";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A gateway whose wallet is away. */
async function openGateway(): Promise<string> {
  const server = createServer((request, response) => {
    const status =
      request.url === "/api/v1/auth/register" ? 409 : request.url?.includes("/auth/") ? 200 : 503;
    const body = status === 200 ? { token: "t", userId: "u" } : { code: "STORE_UNAVAILABLE", title: "Away." };
    request.resume().once("end", () => response.writeHead(status).end(JSON.stringify(body)));
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the demo investor while the wallet is away", () => {
  it("logs in, and is not endowed", async () => {
    const gateway = await openGateway();
    const brokerage = { project: "p", password: "not-a-secret", gateway, urlOf: () => gateway };
    const demo = await logInDemoInvestor(brokerage);
    expect(demo).toMatchObject({ userId: "u" });
    await expect(endowDemoInvestor(brokerage, demo)).rejects.toMatchObject({
      code: "brokerage.store-unavailable",
      exitCode: 1,
    });
  });
});
