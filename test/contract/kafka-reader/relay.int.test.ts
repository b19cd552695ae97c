import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startTestBroker, type TestBroker } from "../../../embedded/kafka/testing/start-test-broker.js";
import { createKafka } from "../../../kit/kafka.js";
import { waitUntil } from "../kafka/world.js";
import { type Followed, follow } from "./follow.js";

const topic = "orders";
let broker: TestBroker;
let relay: Relay;
let followed: Followed;

beforeAll(async () => {
  broker = await startTestBroker([{ name: topic, partitions: 1 }]);
  relay = await startRelay(broker.port);
});

afterEach(() => followed.close());

afterAll(async () => {
  relay.cut();
  await broker.remove();
});

describe("a broker behind an address that it does not know", () => {
  it("is read there, and found again there", async () => {
    followed = await follow({ brokers: [`127.0.0.1:${relay.port}`], topics: [topic], start: "now" });
    await publish("first");
    await waitUntil(async () => followed.values().includes("first"));
    relay.cut();
    await waitUntil(async () => followed.problems.length === 1);
    await publish("meanwhile");
    await relay.listen();
    await waitUntil(async () => followed.values().includes("meanwhile"));
    expect(followed.values()).toEqual(["first", "meanwhile"]);
    expect(followed.gaps).toEqual([{ source: "kafka", tookMs: expect.any(Number), missed: 0 }]);
    expect(followed.gaps[0]?.tookMs).toBeGreaterThan(0);
  });

  it("that falls silent is noticed, and read on when it speaks again", async () => {
    followed = await follow({ brokers: [`127.0.0.1:${relay.port}`], topics: [topic], start: "now" });
    relay.freeze();
    await publish("unheard");
    await waitUntil(async () => followed.problems.length === 1);
    expect(followed.values()).toEqual([]);
    relay.cut();
    await relay.listen();
    await waitUntil(async () => followed.values().includes("unheard"));
    expect(followed.gaps).toHaveLength(1);
  });
});

async function publish(value: string): Promise<void> {
  const settings = { clientId: "test", brokers: [broker.address], timeoutMs: 5_000, retries: 0 };
  const producer = (await createKafka(settings)).producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();
}

interface Relay {
  readonly port: number;
  /** Ends every connection and takes no more. */
  cut(): void;
  /** Keeps connections and takes more, and passes nothing on. */
  freeze(): void;
  listen(): Promise<void>;
}

async function startRelay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let server: Server;
  const serve = (client: Socket) => {
    const upstream = connect({ host: "127.0.0.1", port: to });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("data", (bytes) => void (isFrozen || other.write(bytes)));
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  };
  const listen = async (port: number) => {
    isFrozen = false;
    server = createServer(serve).listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    cut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    freeze: () => {
      isFrozen = true;
    },
    listen: async () => void (await listen(port)),
  };
}
