import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { SessionBody } from "../../contracts/rest.js";
import { placeOrder } from "./place-order.js";
import type { Session } from "./session.js";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const wish = { ticker: "PETR4", quantity: 100, side: "BUY" } as const;
const user: SessionBody = { token: "t", userId: "u", name: "n", email: "e@example.com", role: "USER" };

/** A gateway that answers one request after another so, and the keys that it was asked with. */
async function gateway(...answers: readonly Answer[]): Promise<{ session: Session; keys: unknown[] }> {
  const keys: unknown[] = [];
  const server = createServer((request, response) => {
    const answer = answers[keys.length];
    keys.push(request.headers["idempotency-key"]);
    request.resume().once("end", () => answer?.(request, response));
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const brokerage = { project: "p", password: "", gateway: url, urlOf: () => url };
  return { session: { brokerage, user, token: "t", suffix: "" }, keys };
}

function say(status: number, body: object): Answer {
  return (_, response) => response.writeHead(status).end(JSON.stringify(body));
}

const lose: Answer = (request) => request.socket.destroy();
const accepted = say(201, { orderId: "o" });

describe("placing an order", () => {
  it("asks once more, under the same key, where the answer is lost", async () => {
    const { session, keys } = await gateway(lose, accepted);
    expect(await placeOrder(session, wish)).toMatchObject({ orderId: "o" });
    expect(new Set(keys).size).toBe(1);
    expect(keys).toHaveLength(2);
  });

  it("waits for the first asking where that is still at work", async () => {
    const { session, keys } = await gateway(lose, say(409, { code: "IDEMPOTENCY_RUNNING" }), accepted);
    expect(await placeOrder(session, wish)).toMatchObject({ orderId: "o" });
    expect(keys).toHaveLength(3);
  });

  it("says that nobody knows where the second answer is lost too", async () => {
    const { session, keys } = await gateway(lose, lose);
    await expect(placeOrder(session, wish)).rejects.toMatchObject({ code: "order.unknown", exitCode: 3 });
    expect(keys).toHaveLength(2);
  });

  it("says why it is refused, and what helps", async () => {
    const { session } = await gateway(
      say(422, { code: "NO_FUNDS", title: "Not enough cash.", status: 422, requestId: "r" }),
    );
    await expect(placeOrder(session, wish)).rejects.toMatchObject({
      code: "order.no-funds",
      message: "The order was refused: Not enough cash (NO_FUNDS)",
      hint: expect.stringContaining("wallet deposit"),
      exitCode: 1,
    });
  });

  it("says that nothing listens, and asks only once", async () => {
    const { session } = await gateway();
    closers.pop()?.();
    await expect(placeOrder(session, wish)).rejects.toMatchObject({
      code: "brokerage.unreachable",
      exitCode: 3,
    });
  });
});
