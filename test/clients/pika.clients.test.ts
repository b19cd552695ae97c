import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AmqpServer } from "../contract/amqp/lab.js";
import { startEmbedded } from "../contract/amqp/start-embedded.js";
import { describeProgram, python, runProgram } from "./programs.js";

describeProgram("python3-pika", () => {
  let server: AmqpServer;

  beforeAll(async () => {
    server = await startEmbedded();
  });

  afterAll(() => server?.close());

  async function runScript(name: string, prefix: string): Promise<unknown> {
    const { host, port, user, password } = server;
    const url = `amqp://${user}:${password}@${host}:${port}/%2F`;
    return JSON.parse(await runProgram(python, [resolve(import.meta.dirname, "python", name), url, prefix]));
  }

  it("BlockingConnection: confirms, returns, prefetch, dead letters, calls over a reply queue, streams", async () => {
    const stream = Array.from({ length: 20 }, (_, index) => [index, index]);
    expect(await runScript("pika_blocking.py", "blocking")).toEqual({
      confirms: 100,
      mandatory: ["NO_ROUTE"],
      full: "nacked",
      prefetch: { inOrder: true, headers: { number: 7, text: "é", list: [1, "two"] } },
      deadLetter: { body: "bad", reason: "rejected", count: 1, keys: ["blocking.rejected"] },
      rpc: [["c1", "QUESTION"]],
      stream: [stream, stream.slice(15)],
      missing: 404,
    });
  });

  it("SelectConnection: 1,000 messages confirmed and consumed at once, a cancelled consumer, a clean end", async () => {
    expect(await runScript("pika_select.py", "select")).toEqual({
      confirmed: 1000,
      refused: 0,
      received: 1000,
      bytes: 1_000_000,
      cancelled: true,
      closed: 200,
    });
  });
});
